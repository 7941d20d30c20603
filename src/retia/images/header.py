"""What a file says of its scan besides the pixels, held against what the user says of it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retia.errors import UserError

Eye = Literal["OD", "OS"]
Kind = Literal["picture", "dicom", "nifti"]

PICTURES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")
DICOM = (".dcm", ".dicom")
NIFTI = (".nii", ".nii.gz")
SCANS = (*PICTURES, *DICOM, *NIFTI)
"""Endings of the files that `read_image` reads."""

TOLERANCE = 0.02
"""Scales that differ by more of the smaller one contradict each other."""
BELIEVABLE_MM_PER_PX = (0.0005, 0.1)
"""Scales of the retina; spacings of 1 mm or of a screen are what a tool wrote for want of one."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says of its scan; only what stands here is ever read, patient data never."""

    size_px: tuple[int, int]
    """Width, height."""
    mm_per_px: float | None = None
    laterality: Eye | None = None
    device: str | None = None
    notes: tuple[str, ...] = ()


def kind_of(path: Path) -> Kind:
    """How a file is to be read: by its ending, or by the mark that every DICOM file bears."""
    name = path.name.lower()
    if name.endswith(NIFTI):
        return "nifti"
    if name.endswith(DICOM):
        return "dicom"
    if path.is_file():
        with path.open("rb") as file:
            if file.read(132)[128:] == b"DICM":
                return "dicom"
    return "picture"


def stem_of(name: str) -> str:
    """A file's name without its ending; `.nii.gz` is one ending."""
    return name[: -len(".nii.gz")] if name.lower().endswith(".nii.gz") else Path(name).stem


def read_header(path: Path) -> Header:
    """Read what a file says of its scan, without decoding its pixels.

    The print resolution of PNG, TIFF, BMP and JPEG files is no scale of the retina and is left
    out.

    Raises:
        UserError: If the file is missing or cannot be read.
    """
    kind = kind_of(path)
    if kind == "dicom":
        from retia.images.dicom import read_dicom_header

        return read_dicom_header(path)
    if kind == "nifti":
        from retia.images.nifti import read_nifti_header

        return read_nifti_header(path)
    from retia.images.image import open_image

    with open_image(path, decode=False) as image:
        return Header(size_px=image.size)


def check_file(path: Path) -> None:
    """Refuse a file that is missing or empty.

    Raises:
        UserError: Saying which.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected an image file there.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty (0 bytes). Expected an image file; copy it again.")


def believable_scale(
    name: str, across_mm: float, down_mm: float
) -> tuple[float | None, tuple[str, ...]]:
    """The scale of pixels of this width and height, or None with a note where it cannot be true.

    Raises:
        UserError: If the pixels are not square.
    """
    low, high = BELIEVABLE_MM_PER_PX
    if not (low <= across_mm <= high and low <= down_mm <= high):
        note = f"its pixel spacing of {across_mm:.4g} mm is no scale of a retina and was left out"
        return None, (note,)
    if max(across_mm, down_mm) > (1 + TOLERANCE) * min(across_mm, down_mm):
        raise UserError(
            f"{name} has pixels of {across_mm:.4g} x {down_mm:.4g} mm. Expected square ones; "
            "export the angiogram with the same scale in both directions."
        )
    return across_mm, ()


def agreed_scale(name: str, known: dict[str, float | None]) -> float | None:
    """The scale that all sources agree on, in mm per pixel; None where none knows it.

    Args:
        name: Of the image, for messages.
        known: Scale by source, the most trusted first.

    Raises:
        UserError: If one is not above 0, or two contradict each other.
    """
    given = [(source, scale) for source, scale in known.items() if scale is not None]
    for source, scale in given:
        if not scale > 0:
            raise UserError(
                f"{name}: mm_per_px is {scale:g} by {source}. Expected the side of one pixel in "
                "mm, above 0 (a 3 mm scan of 304 px has 0.00987)."
            )
        first, trusted = given[0]
        if max(scale, trusted) > (1 + TOLERANCE) * min(scale, trusted):
            raise UserError(
                f"{name}: {first} says {trusted:.5g} mm per pixel, {source} says {scale:.5g}. "
                f"They may differ by {TOLERANCE:.0%}; leave the flag out, or correct the wrong one."
            )
    return given[0][1] if given else None


def agreed_eye(
    name: str, in_file: str | None, given: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """The eye of a scan, and a note where the file's name had a part in it.

    Args:
        name: Of the file; a stem that ends with `_OD` or `_OS` names the eye where nothing else
            does.
        in_file: What the file itself says.
        given: What the user or the metadata say.

    Raises:
        UserError: If the file and the user contradict each other.
    """
    if in_file is not None and given is not None and in_file != given:
        raise UserError(
            f"{name} shows {in_file} by its metadata, but {given} was given. "
            "Leave the laterality out, or correct the wrong one."
        )
    eye = in_file or given
    match = re.search(r"_(OD|OS)$", stem_of(Path(name).name), re.IGNORECASE)
    if match is None or in_file is not None:
        return eye, ()
    named = match[1].upper()
    if eye in (None, named):
        return named, (f"eye {named}, as the file name says",)
    return eye, (f"the file name says {named}, but {eye} was given",)


def pick_plane(name: str, count: int, number: int | None, what: str) -> int:
    """Which plane of a file to read, from 0.

    Args:
        name: Of the file, for messages.
        count: How many planes it holds.
        number: What the user says, from 1.
        what: What a plane is called in such files.

    Raises:
        UserError: If it is not said and there are several, or there is no such plane.
    """
    if number is None and count > 1:
        raise UserError(
            f"{name} holds {count} {what}s. Pass --slice 1 to {count} to say which one is the "
            "en-face angiogram."
        )
    if number is not None and not 1 <= number <= count:
        held = f"{count} {what}" + "s" * (count > 1)
        raise UserError(f"{name} holds {held}; --slice is {number}. Count from 1.")
    return (number or 1) - 1
