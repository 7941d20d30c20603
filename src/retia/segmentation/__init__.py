"""Images to masks: vessels and the foveal avascular zone (FAZ)."""

from retia.segmentation.masks import segment_image

__all__ = ["segment_image"]
