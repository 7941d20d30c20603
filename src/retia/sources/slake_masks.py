"""The masks of SLAKE: which pixel belongs to which organ or lesion.

In:  `mask.png` beside an image, whose first channel holds the number of a label (0: none), and
     `mask.txt` of the data set, whose lines name the numbers: `3:Liver`.
Out: findings with a mask of their own: those with a box in `detection.json` keep their box.

The masks of some radiographs are said to hold grey levels instead of labels: a mask with a number
that `mask.txt` does not name is not read at all, for none of its numbers can be trusted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from retia.errors import UserError
from retia.records import Finding
from retia.sources.pictures import Picture
from retia.sources.sides import kind_and_side, slug

MASK, NAMES = "mask.png", "mask.txt"
OWN = 0.5
"""Share of a label's pixels that lie in a box of the same thing: then both are one finding."""


@dataclass(frozen=True, kw_only=True)
class LabelMask:
    """One label of a mask."""

    name: str
    pixels: np.ndarray
    """bool, shape (height, width)."""


def read_names(path: Path) -> dict[int, str]:
    """The numbers of `mask.txt` with their names; empty where the file is missing.

    Raises:
        UserError: If a line is no number and name.
    """
    if not path.is_file():
        return {}
    names: dict[int, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        value, colon, name = line.partition(":")
        if not (colon and value.strip().isdigit() and name.strip()):
            raise UserError(f"{path}, line {number}: {line!r:.60}. Expected a line like `3:Liver`.")
        names[int(value)] = name.strip()
    return names


def read_labels(path: Path, names: dict[int, str], picture: Picture) -> list[LabelMask] | None:
    """The labels of a mask, by their number.

    Args:
        path: `mask.png`.
        names: From `read_names`.
        picture: Its image.

    Returns:
        None where it holds numbers without a name.

    Raises:
        UserError: If it is damaged, or not of the size of its image.
    """
    from retia.images.image import open_image

    with open_image(path.read_bytes(), str(path), smallest_px=1) as image:
        width, height = image.size
        values = np.asarray(image)
    if (width, height) != (picture.width_px, picture.height_px):
        raise UserError(
            f"{path} is {width} x {height} px. Expected {picture.width_px} x {picture.height_px}, "
            "as its image."
        )
    values = values if values.ndim == 2 else values[..., 0]
    held = [int(value) for value in np.unique(values) if value]
    if any(value not in names for value in held):
        return None
    return [LabelMask(name=names[value], pixels=values == value) for value in held]


def with_masks(
    findings: Sequence[Finding], labels: Sequence[LabelMask], folder: Path
) -> tuple[Finding, ...]:
    """Give findings their masks; a label without a box becomes a finding of its own.

    Args:
        findings: With boxes, in the data set's words.
        labels: Of the same image.
        folder: Where the masks are written, one a finding.
    """
    from retia.images.image import write_mask

    found = list(findings)
    for label in labels:
        place = _owner(found, label)
        if place is None:
            place = len(found)
            found.append(_finding(f"f{place + 1}", label))
        path = folder / f"{found[place].id}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_mask(path, label.pixels)
        found[place] = replace(found[place], mask=str(path.resolve()))
    return tuple(found)


def _owner(findings: Sequence[Finding], label: LabelMask) -> int | None:
    """The finding without a mask whose box holds most of a label of the same thing."""
    kind, side = kind_and_side(label.name)
    shares: dict[int, float] = {}
    for place, finding in enumerate(findings):
        own_kind, own_side = kind_and_side(finding.kind)
        same = own_kind == kind and (side is None or own_side in (None, side))
        if same and finding.mask is None and finding.box_px is not None:
            x0, y0, x1, y1 = map(round, finding.box_px)
            shares[place] = label.pixels[y0:y1, x0:x1].sum() / label.pixels.sum()
    best = max(shares, key=lambda place: shares[place], default=None)
    return best if best is not None and shares[best] >= OWN else None


def _finding(id: str, label: LabelMask) -> Finding:
    rows, columns = np.nonzero(label.pixels)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    x0, y0, x1, y1 = map(float, box)
    return Finding(id=id, kind=slug(label.name), source="mask", box_px=(x0, y0, x1, y1))
