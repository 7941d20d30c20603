"""Files to images: a checked grey array with its scale and laterality."""

from retia.images.folder import files_in, read_image_folder, reroot
from retia.images.image import ScanImage, read_image, read_mask
from retia.images.picture import read_picture

__all__ = [
    "ScanImage",
    "files_in",
    "read_image",
    "read_image_folder",
    "read_mask",
    "read_picture",
    "reroot",
]
