"""Burnt-in text that may give answers away: over videos, and over pictures of one label.

In:  pictures, one by one, each with its label.
Out: one row a set of pictures: where text stays, and whether it tells the label.
"""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from retia.claims.boxes import intersection
from retia.records import Case
from retia.sources.video.burnt_in import FEWEST_FRAMES, PixelBox, TextSearch

MOST_A_SET = 60
"""Pictures looked at in each set: more tell no more."""
TOO_FEW = f"fewer than {FEWEST_FRAMES} pictures of one size"


class _Set(NamedTuple):
    """What pictures must share so that text can stay where it is."""

    modality: str
    height_px: int
    width_px: int
    video: str
    """Empty for pictures that are of no video."""


@dataclass(frozen=True, kw_only=True)
class LetteringRow:
    """One set of pictures."""

    modality: str
    size_px: tuple[int, int]
    """Height and width."""
    video: str | None
    label: str | None
    """What all its pictures are of; None: pictures of any label."""
    pictures: int
    boxes_px: tuple[PixelBox, ...] = ()
    telling_px: tuple[PixelBox, ...] = ()
    """Of a set of one label: boxes where some other label has no text."""
    unmeasured: str | None = None

    @property
    def name(self) -> str:
        """The set, in words."""
        height, width = self.size_px
        parts = [self.modality, f"{width} x {height} px"]
        parts += [f"video {self.video}"] if self.video else []
        parts += [self.label] if self.label else []
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The row with the name of its set."""
        return {"set": self.name} | self.__dict__

    def sentence(self) -> str:
        """What was found."""
        if self.unmeasured:
            return f"{self.name}: burnt-in text was not looked for, {self.unmeasured}"
        if not self.boxes_px:
            return f"{self.name}: no burnt-in text"
        where = ", ".join(str(list(box)) for box in self.boxes_px)
        tells = " - and not with every other label: it may tell the label"
        return f"{self.name}: burnt-in text at {where}{tells if self.telling_px else ''}"


@dataclass
class Lettering:
    """Counts strokes, set by set and label by label."""

    searches: dict[_Set, dict[str, TextSearch]] = field(default_factory=dict)

    def look(self, case: Case, label: str, picture: np.ndarray) -> None:
        """Look at one picture.

        Args:
            case: Whose it is.
            label: What it is of, such as its stage; empty where unknown.
            picture: uint8, `(H, W)` or `(H, W, 3)`.
        """
        video = case.group if case.time_s is not None else ""
        own = self.searches.setdefault(
            _Set(case.modality, picture.shape[0], picture.shape[1], video), {}
        )
        # Frames of one video share the text of its recorder, whatever they show.
        search = own.setdefault("" if video else label, TextSearch())
        if search.frames < MOST_A_SET:
            search.look(picture if picture.ndim == 3 else picture[..., None])

    def rows(self) -> list[LetteringRow]:
        """One row a set, and one a label where a set has several."""
        return [row for key, labels in self.searches.items() for row in _rows(key, labels)]


def _rows(key: _Set, labels: dict[str, TextSearch]) -> list[LetteringRow]:
    together = TextSearch(
        frames=sum(s.frames for s in labels.values()),
        counts=np.sum([s.counts for s in labels.values()], axis=0),
    )
    rows = [_row(key, None, together)]
    if len(labels) < 2:
        return rows
    own = [_row(key, label, search) for label, search in labels.items() if label]
    searched = [row for row in own if row.unmeasured is None]
    return rows + [
        replace(
            row,
            telling_px=tuple(
                box
                for box in row.boxes_px
                if any(not _there(box, other) for other in searched if other is not row)
            ),
        )
        for row in own
    ]


def _row(key: _Set, label: str | None, search: TextSearch) -> LetteringRow:
    return LetteringRow(
        modality=key.modality,
        size_px=(key.height_px, key.width_px),
        video=key.video or None,
        label=label,
        pictures=search.frames,
        boxes_px=tuple(search.boxes()),
        unmeasured=TOO_FEW if search.frames < FEWEST_FRAMES else None,
    )


def _there(box: PixelBox, row: LetteringRow) -> bool:
    x0, y0, x1, y1 = map(float, box)
    return any(intersection((x0, y0, x1, y1), tuple(map(float, b))) for b in row.boxes_px)  # type: ignore[arg-type]
