"""DICOM files of en-face angiograms.

Only the tags of an allow-list are parsed; names, dates, numbers and comments of patients,
physicians and institutions never leave the file, and no message quotes what a file holds.
"""

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.errors import UserError
from retia.images.grey import MAX_MEGAPIXELS, SMALLEST_PX, check_size, from_deep, from_rgb
from retia.images.header import Eye, Header, believable_scale, check_file, pick_plane

if TYPE_CHECKING:
    from pydicom import Dataset

ALLOWED = (
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelSpacing",
    "ImageLaterality",
    "Laterality",
    "ManufacturerModelName",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
EYES: dict[str, Eye] = {"R": "OD", "L": "OS"}
MODEL_NAME = r"[\w .+/()-]{1,40}"
"""A name of a device; anything else in its place is left in the file."""
UNCOMPRESSED = "export it uncompressed (Explicit VR Little Endian)"


def read_dicom_header(path: Path, frame: int = 0) -> Header:
    """Read what a DICOM file says of its scan.

    Args:
        path: The file.
        frame: From 0; of an image with several frames, whose spacing and side are wanted.

    Raises:
        UserError: If pydicom is missing, or the file cannot be read or holds no image.
    """
    return _header(path, _open(path, pixels=False), frame)


def read_dicom(
    path: Path, number: int | None = None, max_megapixels: float = MAX_MEGAPIXELS
) -> tuple[np.ndarray, Header]:
    """Read one frame of a DICOM file as grey.

    Args:
        path: The file.
        number: Of the frame, from 1; needed where there are several.
        max_megapixels: Larger images are refused before they are decoded.

    Returns:
        uint8, shape `(H, W)`, and the header.

    Raises:
        UserError: If the file cannot be read or decoded, is coloured, or its frame is not chosen.
    """
    data = _open(path, pixels=True)
    count = int(data.get("NumberOfFrames") or 1)
    frame = pick_plane(str(path), count, number, "frame")
    header = _header(path, data, frame)
    check_size(str(path), header.size_px, max_megapixels, SMALLEST_PX)
    pixels, notes = _grey(path, data, _decode(path, data, frame))
    if count > 1:
        notes.append(f"frame {frame + 1} of {count}")
    return pixels, Header(**{**vars(header), "notes": (*header.notes, *notes)})


def _open(path: Path, pixels: bool) -> "Dataset":
    try:
        import pydicom
    except ImportError:
        raise UserError(
            'reading DICOM needs pydicom, which is not installed. Run `pip install "retia[dicom]"`.'
        ) from None
    check_file(path)
    try:
        with warnings.catch_warnings():
            # Its warnings quote values of the file.
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path, stop_before_pixels=not pixels, specific_tags=list(ALLOWED))
            size = int(data.Rows), int(data.Columns)
    except AttributeError:
        raise UserError(f"{path} is DICOM, but holds no image. Expected an angiogram.") from None
    except Exception as error:  # damaged files end in errors of any kind, and these quote the file
        raise UserError(
            f"{path} cannot be read as DICOM ({type(error).__name__}). "
            "Expected a whole DICOM file; export it again."
        ) from None
    if pixels and "PixelData" not in data:
        raise UserError(f"{path} is DICOM without pixels ({size[1]} x {size[0]}). Export it again.")
    return data


def _header(path: Path, data: "Dataset", frame: int) -> Header:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            groups = [*_group(data, "PerFrame", frame), *_group(data, "Shared", 0)]
            spacing = data.get("PixelSpacing") or _inner(groups, "PixelMeasures", "PixelSpacing")
            side = (
                data.get("ImageLaterality")
                or _inner(groups, "FrameAnatomy", "FrameLaterality")
                or data.get("Laterality")
            )
            size = int(data.Columns), int(data.Rows)
            down, across = (float(v) for v in spacing) if spacing else (None, None)
            device = str(data.get("ManufacturerModelName") or "").strip()
            device = device if re.fullmatch(MODEL_NAME, device) else ""
        except Exception as error:  # as above
            raise UserError(
                f"{path} has a damaged DICOM header ({type(error).__name__}). Export it again."
            ) from None
    scale, notes = None, ()
    if across is not None and down is not None:
        scale, notes = believable_scale(str(path), across, down)
    return Header(
        size_px=size,
        mm_per_px=scale,
        laterality=EYES.get(str(side or "").strip().upper()),
        device=device or None,
        notes=notes,
    )


def _group(data: "Dataset", kind: str, at: int) -> list[Any]:
    """The functional group of one frame, as a list of one, or of none."""
    return list(data.get(f"{kind}FunctionalGroupsSequence") or [])[at : at + 1]


def _inner(groups: list[Any], macro: str, name: str) -> Any:
    """The first value of this name in the functional groups."""
    for group in groups:
        for item in group.get(f"{macro}Sequence") or []:
            if item.get(name):
                return item.get(name)
    return None


def _decode(path: Path, data: "Dataset", frame: int) -> np.ndarray:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    syntax = data.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        raise UserError(f"{path} does not say how its pixels are coded; {UNCOMPRESSED}.")
    try:
        known = not syntax.is_compressed or get_decoder(syntax).is_available
    except (NotImplementedError, ValueError):
        known = False
    if not known:
        raise UserError(
            f"{path} is compressed as {syntax.name}, which cannot be decoded here; {UNCOMPRESSED}, "
            "or install a decoder that pydicom knows (pip install pylibjpeg)."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(pixel_array(data, index=frame))
    except Exception as error:  # damaged pixels end in errors of any kind
        raise UserError(
            f"{path} holds damaged pixels ({syntax.name}, {type(error).__name__}). "
            "Copy it again, or export it again."
        ) from None


def _grey(path: Path, data: "Dataset", pixels: np.ndarray) -> tuple[np.ndarray, list[str]]:
    photometric = str(data.get("PhotometricInterpretation") or "")
    if photometric == "PALETTE COLOR":
        raise UserError(
            f"{path} is coloured (PALETTE COLOR). OCTA images are grey; export the angiogram "
            "without a colour map."
        )
    if pixels.ndim == 3:
        if pixels.dtype != np.uint8:
            raise UserError(f"{path} is RGB of {pixels.dtype}. Expected 8 bit or grey.")
        return from_rgb(str(path), pixels), ["converted from grey in RGB"]
    notes: list[str] = []
    if pixels.dtype != np.uint8:
        pixels = from_deep(str(path), pixels)
        notes.append("converted from 16 bit")
    if photometric == "MONOCHROME1":
        notes.append("inverted (MONOCHROME1)")
        pixels = 255 - pixels
    return pixels, notes
