"""The stage rule: which findings make an eye healthy, NPDR or PDR.

A simplification of the International Clinical Diabetic Retinopathy scale (Wilkinson et al. 2003)
for what OCTA shows:

- `pdr`: any neovascularization.
- `healthy`: no finding at all.
- `npdr` otherwise. Its grade: `severe` with dropout in at least 3 quadrants or of at least
  1.0 mm² in all; `moderate` with any dropout of at least moderate severity or more than
  5 microaneurysms; else `mild`.
"""

from collections.abc import Iterable

from retia.records import Finding

STAGES = ("healthy", "npdr", "pdr")
GRADES = ("mild", "moderate", "severe")

SEVERE_AREA_MM2 = 1.0
SEVERE_QUADRANTS = 3
MODERATE_MICROANEURYSMS = 5


def stage_of(findings: Iterable[Finding]) -> tuple[str, str | None]:
    """Return (stage, grade) of an eye with these findings; the grade is None outside NPDR."""
    findings = list(findings)
    if not findings:
        return "healthy", None
    if any(f.kind == "neovascularization" for f in findings):
        return "pdr", None
    dropout = [f for f in findings if f.kind == "capillary_dropout"]
    area_mm2 = sum(f.values.get("area_mm2", 0.0) for f in dropout)
    quadrants = {f.zone.quadrant for f in dropout if f.zone}
    if area_mm2 >= SEVERE_AREA_MM2 or len(quadrants) >= SEVERE_QUADRANTS:
        return "npdr", "severe"
    aneurysms = sum(f.kind == "microaneurysm" for f in findings)
    graded = any(f.severity in ("moderate", "severe") for f in dropout)
    if graded or aneurysms > MODERATE_MICROANEURYSMS:
        return "npdr", "moderate"
    return "npdr", "mild"
