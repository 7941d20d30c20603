"""NIfTI files: one en-face plane of an angiogram, or a stack of such planes.

The first axis of the file runs to the right and the second one down, as tools that convert
pictures write them; turns and mirrors of its affine matrix are not applied, and a note says so.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np

from retia.errors import UserError
from retia.images.grey import MAX_MEGAPIXELS, SMALLEST_PX, check_size, from_deep, from_rgb
from retia.images.header import Header, believable_scale, check_file, pick_plane

IN_MM = {"mm": 1.0, "micron": 1e-3, "meter": 1e3}
ORIENTATION = "first axis read as right, second as down; the orientation of the file is not applied"


def read_nifti_header(path: Path) -> Header:
    """Read what a NIfTI file says of its scan: its size, and its scale where it names the unit.

    Raises:
        UserError: If nibabel is missing, or the file cannot be read or is no stack of planes.
    """
    return _header(path, _open(path))


def read_nifti(
    path: Path, number: int | None = None, max_megapixels: float = MAX_MEGAPIXELS
) -> tuple[np.ndarray, Header]:
    """Read one plane of a NIfTI file as grey.

    Args:
        path: The file.
        number: Of the plane along the third axis, from 1; needed where there are several.
        max_megapixels: Larger planes are refused before they are read.

    Returns:
        uint8, shape `(H, W)`, and the header.

    Raises:
        UserError: If the file cannot be read, is coloured, or its plane is not chosen.
    """
    volume = _open(path)
    header = _header(path, volume)
    check_size(str(path), header.size_px, max_megapixels, SMALLEST_PX)
    axes = _axes(path, volume)
    count = volume.shape[axes[2]] if len(axes) == 3 else 1
    plane = pick_plane(str(path), count, number, "plane")
    where: list[Any] = [0] * len(volume.shape)
    for axis in axes[:2]:
        where[axis] = slice(None)
    if len(axes) == 3:
        where[axes[2]] = plane
    try:
        values = np.asarray(volume.dataobj[tuple(where)]).T
    except Exception as error:  # a file that was cut off ends in errors of many kinds
        raise UserError(
            f"{path} is damaged ({type(error).__name__}). Expected a whole file; copy it again."
        ) from None
    pixels, notes = _grey(path, values)
    if count > 1:
        notes.append(f"plane {plane + 1} of {count}")
    return pixels, Header(**{**vars(header), "notes": (*header.notes, *notes)})


def _open(path: Path) -> Any:
    try:
        import nibabel
    except ImportError:
        raise UserError(
            'reading NIfTI needs nibabel, which is not installed. Run `pip install "retia[dicom]"`.'
        ) from None
    check_file(path)
    # What it tells of odd headers goes to the terminal by itself, a line for each field.
    logging.getLogger("nibabel.global").setLevel(logging.CRITICAL)
    try:
        return nibabel.load(path)  # type: ignore[attr-defined]
    except Exception as error:  # as above
        raise UserError(
            f"{path} cannot be read as NIfTI ({type(error).__name__}). "
            "Expected .nii or .nii.gz; copy it again."
        ) from None


def _axes(path: Path, volume: Any) -> list[int]:
    """Axes that are longer than 1: right, down, and where there are several planes, deep."""
    axes = [axis for axis, length in enumerate(volume.shape) if length > 1]
    if len(axes) not in (2, 3):
        shape = " x ".join(map(str, volume.shape))
        raise UserError(f"{path} is an array of {shape}. Expected a plane, or planes in a stack.")
    return axes


def _header(path: Path, volume: Any) -> Header:
    right, down, *_ = _axes(path, volume)
    size = volume.shape[right], volume.shape[down]
    try:
        unit, _ = volume.header.get_xyzt_units()
    except KeyError:  # a code that the format does not know
        unit = "unknown"
    if unit not in IN_MM:
        return Header(size_px=size, notes=(ORIENTATION, "its header names no unit of length"))
    across_mm, down_mm = (float(volume.header.get_zooms()[a]) * IN_MM[unit] for a in (right, down))
    scale, notes = believable_scale(str(path), across_mm, down_mm)
    return Header(size_px=size, mm_per_px=scale, notes=(ORIENTATION, *notes))


def _grey(path: Path, values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    if values.dtype.names:
        rgb = np.stack([values[name] for name in values.dtype.names[:3]], axis=-1)
        return from_rgb(str(path), rgb), ["converted from grey in RGB"]
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values), []
    return from_deep(str(path), values), [f"converted from {values.dtype}"]
