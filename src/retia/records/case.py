"""One image and all that is known of it.

In and out: one JSON object a line of `metadata.jsonl` (see `records/cohort.py`).
"""

from dataclasses import field
from typing import Literal

from retia.errors import UserError
from retia.records.record import record

Box = tuple[float, float, float, float]
"""Pixel box `[x0, y0, x1, y1]`, half-open, in the frame of the stored image."""

GoldType = Literal["yes_no", "choice", "set", "number", "text", "box", "stage"]
"""What kind of thing a right answer is; decides how an answer is held against it."""

Source = Literal["simulator", "attribution", "annotation", "mask", "model"]

LabelSource = Literal["manual", "model", "weak"]
"""Who labelled a frame: somebody who looked at it, a model, or a label of the whole clip."""


@record
class Zone:
    """Where something lies on the retina; words from `retia.anatomy`."""

    ring: str | None = None
    quadrant: str | None = None
    clock: int | None = None


@record
class Region:
    """A part of an image: a box, and the mask inside it where one is known."""

    box_px: Box
    mask: str | None = None
    """Path of the mask PNG, relative to the folder of the record."""


@record
class Measure:
    """A number about the image that is no finding, such as the FAZ area."""

    name: str
    value: float
    source: Source
    unit: str | None = None


@record
class Finding:
    """One thing seen in the image, with its place, its numbers and its evidence."""

    id: str
    kind: str
    """A kind of the taxonomy, such as `capillary_dropout`."""
    source: Source
    severity: str | None = None
    box_px: Box | None = None
    mask: str | None = None
    zone: Zone | None = None
    values: dict[str, float] = field(default_factory=dict)
    """Measured values; the keys are fixed per kind by the taxonomy."""
    attributes: dict[str, str] = field(default_factory=dict)
    """Of a surgical instrument: its `verb` and its `target`."""
    importance: float | None = None
    """Share of the staging model's evidence, in [0, 1], where attribution measured it."""
    evidence: tuple[str, ...] = ()
    """Ids of graph elements, such as `seen/area/412` or `grown/region/f1`."""

    def __post_init__(self) -> None:
        """Refuse a box that is empty or inside out.

        Raises:
            UserError: If the box holds no pixel.
        """
        if self.box_px is not None:
            x0, y0, x1, y1 = self.box_px
            if not (x1 > x0 and y1 > y0):
                raise UserError(
                    f"finding {self.id}: box_px is {list(self.box_px)}. "
                    "A box is [x0, y0, x1, y1] with x1 > x0 and y1 > y0."
                )

    @property
    def region(self) -> Region | None:
        """The finding's place in the image, or None when it has none."""
        return None if self.box_px is None else Region(box_px=self.box_px, mask=self.mask)


@record
class Question:
    """A question that came with an annotated data set."""

    text: str
    answer: str
    kind: GoldType = "text"
    topic: str | None = None
    """What it asks about, in the data set's words: `presence`, `organ`, `modality`."""
    id: str | None = None
    """Its number in the data set."""
    region: Region | None = None


@record
class Case:
    """One image and all that is known of it."""

    file_name: str
    """Path of the image, relative to the folder of `metadata.jsonl`."""
    id: str
    group: str
    """Patient, eye or surgical video. Splits never cut through a group."""
    modality: str
    """Name of the vocabulary its words come from: `octa`, `radiology`, or a surgical procedure
    such as `cholecystectomy`."""
    split: str | None = None
    mm_per_px: float | None = None
    laterality: Literal["OD", "OS"] | None = None
    stage: str | None = None
    grade: str | None = None
    looked_for: tuple[str, ...] = ()
    """Kinds somebody looked for: only these can be said to be absent."""
    measures: tuple[Measure, ...] = ()
    findings: tuple[Finding, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    """Other labels of the whole image: `phase` and events of a surgical frame, `organ`."""
    time_s: float | None = None
    questions: tuple[Question, ...] = ()
    slab: str | None = None
    device: str | None = None
    age: float | None = None
    sex: str | None = None
    twin_of: str | None = None
    without: str | None = None
    """Id of the finding this twin lacks."""
    label_sources: dict[str, LabelSource] = field(default_factory=dict)
    """Of a surgical frame: who labelled its `phase`, `tools`, `anatomy` or an event; where it is
    known."""
    label_confidences: dict[str, float] = field(default_factory=dict)
    """How sure they were, 0 to 1, under the same keys."""

    def __post_init__(self) -> None:
        """Refuse a scale that is no scale.

        Raises:
            UserError: If `mm_per_px` is not above 0.
        """
        if self.mm_per_px is not None and not self.mm_per_px > 0:
            raise UserError(
                f"case {self.id}: mm_per_px is {self.mm_per_px}. "
                "It is the side of one pixel in mm, above 0 (a 3 mm scan of 304 px has 0.00987)."
            )

    def measure(self, name: str) -> float | None:
        """Return the value of the named measure, or None."""
        return next((m.value for m in self.measures if m.name == name), None)

    def finding(self, id: str) -> Finding | None:
        """Return the finding with this id, or None."""
        return next((f for f in self.findings if f.id == id), None)
