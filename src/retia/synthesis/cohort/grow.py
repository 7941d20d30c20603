"""`retia grow`: a cohort of synthetic OCTA eyes with exact truth."""

from pathlib import Path
from typing import Any

from retia.runs import open_step
from retia.synthesis.cohort.plan import EyePlan, draw_traits, plan_eyes, profiles
from retia.synthesis.cohort.settings import SMALLEST_PX, GrowConfig, check_settings

OWNS = (
    "images",
    "vessels",
    "faz",
    "lesions",
    "graphs",
    "twins",
    "data",
    "metadata.jsonl",
    "contact_sheet.png",
    "README.md",
)
"""What a cohort's folder holds, besides the records of the run."""


def grow(config: GrowConfig) -> dict[str, Any]:
    """Grow a cohort of synthetic OCTA eyes.

    Writes `images/`, `vessels/`, `faz/` (PNG), `lesions/<id>/<finding>.png` (exact masks),
    `metadata.jsonl` (one case a line), `graphs/` (tables to draw every eye again),
    `contact_sheet.png` and a dataset card; with `twins` also `twins/`, a cohort of every eye
    without each of its lesions; with `pack` also `data/`, Parquet files for `datasets`.

    Returns:
        Number of eyes per stage.

    Raises:
        UserError: If a setting makes no sense, the folder holds another cohort, or the disk is
            full.
    """
    check_settings(config, profiles())
    with open_step("grow", config, owns=OWNS) as step:
        if step.done:
            return step.summary
        from retia.synthesis.cohort.assembly import assemble

        if config.workers > 1 or config.engine == "ray":
            _warm(config)
        plans = ((plan.id, plan) for plan in plan_eyes(config))
        step.do(grow_eye, plans, config.count, "growing")
        step.summary = assemble(step, config)
    return step.summary


def _warm(config: GrowConfig) -> None:
    """Compile everything once, before workers start: they load it from the cache on disk."""
    from retia.synthesis.disease import Disease
    from retia.synthesis.eye import make_eye

    ill = Disease(dropout=((0.4, 0.9),), microaneurysms=2, tufts=(0.4,), irma=(0.5,))
    # The learned renderer compiles nothing of its own: here it would only load PyTorch.
    appearance = "noise" if config.appearance == "learned" else config.appearance
    make_eye(0, ill, image_px=SMALLEST_PX, appearance=appearance).image()


def grow_eye(plan: EyePlan, out: Path) -> None:
    """Grow one eye into a folder: image, masks, tables, twins and its case."""
    from retia.atomic import atomic_file
    from retia.figures import write_png
    from retia.images.image import write_mask
    from retia.records.jsonl import to_json
    from retia.synthesis.cohort.table import tables_of, write_table
    from retia.synthesis.cohort.truth import case_of, findings_of
    from retia.synthesis.cohort.twins import write_twins
    from retia.synthesis.eye import make_eye

    traits, settings = draw_traits(plan), plan.settings
    eye = make_eye(
        plan.seed,
        traits.disease,
        traits.growth,
        settings.image_px,
        traits.tilt_rad,
        settings.fovea_shift_mm,
        settings.appearance,
        settings.faz_area_mm2,
    )
    findings = findings_of(eye, plan)
    image, vessels = eye.image(), eye.vessel_mask()
    faz = eye.faz.mask(eye.image_px, eye.mm_per_px)
    write_png(out / "images.png", image)
    write_mask(out / "vessels.png", vessels)
    write_mask(out / "faz.png", faz)
    for finding, lesion in zip(findings, eye.lesions, strict=True):
        (out / "lesions").mkdir(exist_ok=True)
        write_mask(out / "lesions" / f"{finding.id}.png", lesion.mask)
    for name, table in tables_of(eye, plan.id, plan.seed, [f.id for f in findings]).items():
        write_table(out / f"{name}.parquet", [table])
    if settings.twins:
        write_twins(eye, plan, findings, image, out / "twins")
    with atomic_file(out / "case.json") as part:
        part.write_text(to_json(case_of(eye, plan, findings, vessels, faz)))
