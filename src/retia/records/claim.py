"""What a sentence says, in a form that can be checked."""

from typing import Literal

from retia.records.case import Zone
from retia.records.record import record

Verdict = Literal["supported", "contradicted", "unsupported", "missed"]


@record
class Claim:
    """One checkable statement.

    `polarity` False says that the thing is absent. `quantity` comes with a comparator
    (`=`, `<`, `<=`, `>`, `>=`, `~`) and a unit.
    """

    kind: str
    """A finding kind of the taxonomy, `stage`, or the name of a measure such as `faz_area_mm2`."""
    polarity: bool = True
    hedged: bool = False
    zone: Zone | None = None
    side: str | None = None
    """`left`, `right` or `bilateral`, where the modality speaks of sides of the body."""
    layer: str | None = None
    """Layer of the retina's vessels that is named: `superficial`, `intermediate` or `deep`."""
    severity: str | None = None
    quantity: float | None = None
    comparator: Literal["=", "<", "<=", ">", ">=", "~"] = "="
    unit: str | None = None
    stage: str | None = None
    span: tuple[int, int] | None = None
    """Characters of the text the claim was read from, half-open."""
