"""The stage rule: which findings make an eye healthy, NPDR or PDR.

A simplification of the International Clinical Diabetic Retinopathy scale (Wilkinson et al. 2003)
for what OCTA shows; `docs/stage_rule.md` tells it with its reasons. The first line that holds:

- `pdr`: any neovascularization.
- `healthy`: no finding at all.
- `npdr` `severe`: dropout in at least 3 quadrants or of at least 1.0 mm² in all; or prominent
  IRMA, of moderate or severe size; or at least 3 channels of any size.
- `npdr` `moderate`: dropout of at least moderate severity, more than 5 microaneurysms, any IRMA,
  or a severely enlarged FAZ.
- `npdr` `mild`: anything else, be it one microaneurysm or one winding vessel.
"""

from collections.abc import Iterable

from retia.records import Finding

STAGES = ("healthy", "npdr", "pdr")
GRADES = ("mild", "moderate", "severe")

SEVERE_AREA_MM2 = 1.0
SEVERE_QUADRANTS = 3
SEVERE_IRMA = 3
MODERATE_MICROANEURYSMS = 5


def stage_of(findings: Iterable[Finding]) -> tuple[str, str | None]:
    """Return (stage, grade) of an eye with these findings; the grade is None outside NPDR."""
    findings = list(findings)
    if not findings:
        return "healthy", None
    if _of(findings, "neovascularization"):
        return "pdr", None
    dropout, irma = _of(findings, "capillary_dropout"), _of(findings, "irma")
    area_mm2 = sum(f.values.get("area_mm2", 0.0) for f in dropout)
    quadrants = {f.zone.quadrant for f in dropout if f.zone and f.zone.quadrant}
    prominent = _worse_than_mild(irma) or len(irma) >= SEVERE_IRMA
    if area_mm2 >= SEVERE_AREA_MM2 or len(quadrants) >= SEVERE_QUADRANTS or prominent:
        return "npdr", "severe"
    many = len(_of(findings, "microaneurysm")) > MODERATE_MICROANEURYSMS
    wide = any(f.severity == "severe" for f in _of(findings, "faz_enlargement"))
    if _worse_than_mild(dropout) or many or irma or wide:
        return "npdr", "moderate"
    return "npdr", "mild"


def _of(findings: list[Finding], kind: str) -> list[Finding]:
    return [f for f in findings if f.kind == kind]


def _worse_than_mild(findings: list[Finding]) -> bool:
    return any(f.severity in ("moderate", "severe") for f in findings)
