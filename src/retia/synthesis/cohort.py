"""`retia grow`: a cohort of synthetic OCTA eyes with exact truth."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.records import Case
from retia.runs import StepConfig, item_seed, open_step

if TYPE_CHECKING:
    import polars as pl

    from retia.records import Finding
    from retia.synthesis.eye import Eye

LOOKED_FOR = ("capillary_dropout", "microaneurysm", "neovascularization", "faz_enlargement")
TABLE = "grown.parquet"
SMALLEST_PX = 96
"""In smaller images the smallest microaneurysms would hold no pixel."""


@dataclass(frozen=True, kw_only=True)
class GrowConfig(StepConfig):
    """What `retia grow` takes."""

    count: int = 100
    """Number of eyes. Two eyes make a patient; stages are balanced over patients."""
    image_px: int = 304
    """Side of the images."""
    train: float = 0.7
    """Share of patients for training."""
    validation: float = 0.1
    """Share of patients for choosing; the rest is for testing."""


@dataclass(frozen=True, kw_only=True)
class EyePlan:
    """What is decided of an eye before it is grown."""

    id: str
    group: str
    split: str
    stage: str
    laterality: str
    seed: int
    patient_seed: int
    image_px: int


def grow(config: GrowConfig) -> dict[str, Any]:
    """Grow a cohort of synthetic OCTA eyes.

    Writes `images/`, `vessels/`, `faz/` (PNG), `lesions/<id>/<finding>.png` (exact masks),
    `metadata.jsonl` (one case a line), `grown.parquet` (the vessel segments), `contact_sheet.png`
    and a dataset card.

    Returns:
        Number of eyes per stage.

    Raises:
        UserError: If `count`, `image_px` or the shares make no sense.
    """
    _check(config)
    with open_step("grow", config) as step:
        if step.done:
            return step.summary
        from retia.records import write_cases
        from retia.synthesis.eye import warm

        if config.workers > 1:
            warm()  # compile once, before the workers start; they load the cache
        plans = plan_cohort(config)
        done = step.map(grow_eye, {p.id: p for p in plans}, "growing")
        _clear_eyes(step.out)
        cases, tables = [], []
        for id, folder in done.items():
            cases.append(_move(folder, step.out, id))
            tables.append(folder / TABLE)
        write_cases(step.out, cases)
        _write_table(step.out, tables)
        _write_sheet(step.out, cases)
        stages = [str(c.stage) for c in cases]
        step.summary = {stage: stages.count(stage) for stage in sorted(set(stages))}
        _write_card(step.out, config, step.summary, sorted({str(c.split) for c in cases}))
    return step.summary


def _check(config: GrowConfig) -> None:
    if config.count < 1:
        raise UserError(f"count is {config.count}. Expected at least 1 eye.")
    if not SMALLEST_PX <= config.image_px <= 2048:
        raise UserError(f"image_px is {config.image_px}. Expected {SMALLEST_PX} to 2048.")
    shares = (config.train, config.validation)
    if not (all(s >= 0 for s in shares) and sum(shares) <= 1):  # so that NaN is refused too
        raise UserError(
            f"train is {config.train} and validation {config.validation}. Expected shares of "
            "patients, not below 0 and not above 1 together."
        )


def plan_cohort(config: GrowConfig) -> list[EyePlan]:
    """Decide stage, split, side and seeds of every eye; a longer cohort begins like a shorter one.

    Stages go round over patients, and both eyes of a patient share the stage's target; the exact
    stage of an eye is that of its lesions. Splits go round within each stage in the same order for
    all, so that every split holds every stage as early as it can.
    """
    from retia.taxonomy import STAGES

    plans = []
    for number in range(config.count):
        patient, side = divmod(number, 2)
        group = f"patient-{patient:05d}"
        patient_seed = item_seed(config.seed, group)
        # Fractions of the golden ratio fill [0, 1) evenly, however many patients there are.
        position = (patient // len(STAGES) * 0.6180339887 + 0.85) % 1
        held = config.train + config.validation
        split = "train" if position < config.train else "validation"
        split = "test" if position >= held else split
        id = f"{number:06d}"
        plans.append(
            EyePlan(
                id=id,
                group=group,
                split=split,
                stage=STAGES[patient % len(STAGES)],
                laterality=("OD", "OS")[side],
                seed=item_seed(config.seed, id),
                patient_seed=patient_seed,
                image_px=config.image_px,
            )
        )
    return plans


def grow_eye(plan: EyePlan, out: Path) -> None:
    """Grow one eye into a folder: image, masks, table and its case."""
    import numpy as np

    from retia.atomic import atomic_file
    from retia.figures import write_png
    from retia.images.image import write_mask
    from retia.records.jsonl import to_json
    from retia.synthesis.disease import draw_disease
    from retia.synthesis.eye import make_eye
    from retia.synthesis.growth import GrowthConfig
    from retia.taxonomy import GRADES

    rng = np.random.default_rng([plan.seed, 1])
    grade = str(rng.choice(GRADES)) if plan.stage == "npdr" else None
    disease = draw_disease(rng, plan.stage, grade)
    patient = np.random.default_rng(plan.patient_seed)
    tilt_rad = float(patient.uniform(-0.3, 0.3))
    tilt_rad = tilt_rad if plan.laterality == "OD" else -tilt_rad
    growth = GrowthConfig(
        trunks=int(patient.integers(5, 9)),
        murray_exponent=float(patient.uniform(2.55, 3.0)),
        # Varies more than most lesions do: vessel density alone must not tell the stage.
        capillary_perfusion_mm=float(rng.uniform(0.031, 0.040)),
    )
    eye = make_eye(plan.seed, disease, growth, plan.image_px, tilt_rad)
    findings = tuple(_findings(eye, plan))
    write_png(out / "image.png", eye.image())
    vessels = eye.vessel_mask()
    faz = eye.faz.mask(eye.image_px, eye.mm_per_px)
    write_mask(out / "vessels.png", vessels)
    write_mask(out / "faz.png", faz)
    (out / "lesions").mkdir()
    for finding, lesion in zip(findings, eye.lesions, strict=True):
        write_mask(out / "lesions" / f"{finding.id}.png", lesion.mask)
    _segments(eye, plan.id).write_parquet(out / TABLE)
    with atomic_file(out / "case.json") as part:
        part.write_text(to_json(_case(eye, plan, findings, vessels, faz)))


def _findings(eye: "Eye", plan: EyePlan) -> "list[Finding]":
    import numpy as np

    from retia.anatomy import locate
    from retia.records import Finding
    from retia.taxonomy import read_vocabulary

    vocabulary = read_vocabulary("octa")
    fovea = (
        float(eye.faz.center_mm[0] / eye.mm_per_px),
        float(eye.faz.center_mm[1] / eye.mm_per_px),
    )
    findings = []
    for number, lesion in enumerate(eye.lesions, 1):
        rows, columns = np.nonzero(lesion.mask)
        x0, y0, x1, y1 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        middle = (float(columns.mean()), float(rows.mean()))
        is_faz = lesion.kind == "faz_enlargement"
        zone = None if is_faz else locate(middle, fovea, eye.mm_per_px, plan.laterality)
        values = {key: round(float(value), 6) for key, value in lesion.values.items()}
        severity = vocabulary.kind(lesion.kind).severity(values)
        findings.append(
            Finding(
                id=f"f{number}",
                kind=lesion.kind,
                source="simulator",
                severity=severity,
                box_px=(float(x0), float(y0), float(x1), float(y1)),
                mask=f"lesions/{plan.id}/f{number}.png",
                zone=zone,
                values=values,
                evidence=(
                    f"grown/region/f{number}",
                    *(f"grown/segment/{s}" for s in lesion.segments),
                ),
            )
        )
    return findings


def _case(
    eye: "Eye", plan: EyePlan, findings: "tuple[Finding, ...]", vessels: Any, faz: Any
) -> Case:
    from retia.records import Measure
    from retia.taxonomy import stage_of

    stage, grade = stage_of(findings)
    area_mm2 = float(faz.sum()) * eye.mm_per_px**2
    measures = (
        Measure(name="faz_area_mm2", value=round(area_mm2, 6), source="simulator", unit="mm²"),
        Measure(name="vessel_density", value=round(float(vessels.mean()), 6), source="simulator"),
    )
    return Case(
        file_name=f"images/{plan.id}.png",
        id=plan.id,
        group=plan.group,
        split=plan.split,
        modality="octa",
        mm_per_px=eye.mm_per_px,
        laterality="OD" if plan.laterality == "OD" else "OS",
        stage=stage,
        grade=grade,
        looked_for=LOOKED_FOR,
        measures=measures,
        findings=findings,
    )


def _segments(eye: "Eye", id: str) -> "pl.DataFrame":
    import numpy as np
    import polars as pl

    from retia.synthesis.pathology.lesion import removed_by

    v = eye.healthy
    side = eye.image_px * eye.mm_per_px
    seen = np.maximum(v.start_mm, v.end_mm).min(axis=1) > 0
    seen &= np.minimum(v.start_mm, v.end_mm).max(axis=1) < side
    return (
        pl.DataFrame(
            {
                "case": [id] * len(v),
                "id": np.arange(len(v), dtype=np.int32),
                "parent": v.parent,
                "joins": v.joins,
                "kind": v.kind,
                "lost": removed_by(eye.lesions, len(v)),
                "start_x_mm": v.start_mm[:, 0],
                "start_y_mm": v.start_mm[:, 1],
                "end_x_mm": v.end_mm[:, 0],
                "end_y_mm": v.end_mm[:, 1],
                "radius_mm": v.radius_mm,
            }
        )
        .with_columns(pl.col(pl.Float64).cast(pl.Float32))
        .filter(pl.Series(seen))
    )


def _clear_eyes(out: Path) -> None:
    """Remove the eyes of an earlier cohort, known by their six-digit names; nothing else."""
    import shutil

    for target in ("images", "vessels", "faz", "lesions"):
        for path in (out / target).glob("[0-9]" * 6 + "*"):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.suffix == ".png" and len(path.stem) == 6:
                path.unlink()


def _move(folder: Path, out: Path, id: str) -> Case:
    from retia.records.jsonl import from_plain

    for name, target in (("image", "images"), ("vessels", "vessels"), ("faz", "faz")):
        (out / target).mkdir(exist_ok=True)
        (out / target / f"{id}.png").write_bytes((folder / f"{name}.png").read_bytes())
    for mask in sorted((folder / "lesions").iterdir()):
        (out / "lesions" / id).mkdir(parents=True, exist_ok=True)
        (out / "lesions" / id / mask.name).write_bytes(mask.read_bytes())
    return from_plain(Case, json.loads((folder / "case.json").read_text()), str(folder))


def _write_table(out: Path, tables: list[Path]) -> None:
    import polars as pl

    from retia.atomic import atomic_file

    with atomic_file(out / TABLE) as part:
        pl.scan_parquet(tables).sink_parquet(part)


def _write_sheet(out: Path, cases: list[Case]) -> None:
    from retia.figures import contact_sheet, draw_findings, write_png
    from retia.images import read_image

    stages = ("healthy", "npdr", "pdr")
    shown = [c for stage in stages for c in [c for c in cases if c.stage == stage][:4]]
    pictures = [draw_findings(read_image(out / c.file_name).pixels, c.findings, 1) for c in shown]
    captions = [f"{c.id} {c.stage} {c.grade or ''} {c.laterality}" for c in shown]
    if shown:
        write_png(out / "contact_sheet.png", contact_sheet(pictures, captions))


def _write_card(out: Path, config: GrowConfig, stages: dict[str, int], splits: list[str]) -> None:
    from retia.atomic import atomic_file
    from retia.disclaimer import DISCLAIMER

    card = f"""---
license: mit
pretty_name: Grown OCTA eyes
tags: [medical, ophthalmology, OCTA, synthetic]
configs:
  - config_name: default
    data_files: [{{split: all, path: metadata.jsonl}}]
---
# Grown OCTA eyes

{DISCLAIMER}

{sum(stages.values())} synthetic eyes of 3 x 3 mm, {config.image_px} px, written by `retia grow`
with seed {config.seed}: {", ".join(f"{n} {stage}" for stage, n in stages.items())}.

`metadata.jsonl` holds one case a line; its `split` is one of {", ".join(splits)} and never cuts
through a patient (`group`). Masks: `vessels/`, `faz/`, `lesions/<id>/<finding>.png`; the grown
vessel segments before any lesion: `{TABLE}`, in mm from the upper left corner. Its `kind` is
0 artery, 1 vein, 2 capillary bridge; `joins` is the segment where a bridge arrives; `lost` marks
what the lesions took away; a `parent` outside the field has no row.
"""
    with atomic_file(out / "README.md") as part:
        part.write_text(card, encoding="utf-8")
