"""Questions that came with images as samples."""
