"""Files to images: a checked grey array with its scale and laterality."""

from retia.images.folder import read_image_folder, reroot
from retia.images.image import ScanImage, read_image, read_mask

__all__ = ["ScanImage", "read_image", "read_image_folder", "read_mask", "reroot"]
