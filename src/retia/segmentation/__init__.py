"""Images to masks: vessels, large vessels, the foveal avascular zone (FAZ), lesions."""

from retia.segmentation.masks import Structures, fine_vessels, segment_image

__all__ = ["Structures", "fine_vessels", "segment_image"]
