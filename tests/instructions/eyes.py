"""Random eyes for tests: findings drawn at will, stage by the rule."""

import random

from retia.anatomy import QUADRANTS, RINGS
from retia.instructions.eyes.facts import without_laterality
from retia.records import Case, Finding, Measure, Zone
from retia.taxonomy import read_vocabulary, stage_of

LOOKED_FOR = (
    "capillary_dropout",
    "microaneurysm",
    "neovascularization",
    "irma",
    "tortuosity",
    "faz_enlargement",
)


def random_eye(seed: int, number: int = 0) -> Case:
    """An eye with anything from no finding to many, now and then of unknown laterality."""
    rng = random.Random(seed)
    kinds = list(LOOKED_FOR) + rng.choice([[], ["faz_irregularity", "reduced_density"]])
    findings: list[Finding] = []
    if rng.random() > 0.3:
        for kind in kinds:
            if rng.random() < 0.45 or kind == "faz_enlargement":
                continue
            for _ in range(rng.randint(1, 12 if kind == "microaneurysm" else 4)):
                findings.append(_finding(kind, len(findings), rng))
    area = rng.uniform(0.43, 0.9) if findings and rng.random() < 0.5 else rng.uniform(0.1, 0.42)
    if area >= 0.43:
        findings.append(
            Finding(
                id=f"f{len(findings)}",
                kind="faz_enlargement",
                source="simulator",
                severity=read_vocabulary().kind("faz_enlargement").severity({"area_mm2": area}),
                zone=Zone(ring="fovea"),
                values={"area_mm2": area},
            )
        )
    stage, grade = stage_of(findings)
    case = Case(
        file_name=f"images/{number:04d}.png",
        id=f"{number:04d}",
        group=f"eye-{number:04d}",
        split="train" if number % 4 else "test",
        modality="octa",
        mm_per_px=0.00987,
        laterality=rng.choice(["OD", "OS"]),
        stage=stage,
        grade=grade,
        looked_for=tuple(kinds),
        measures=(Measure(name="faz_area_mm2", value=area, source="simulator", unit="mm²"),),
        findings=tuple(findings),
    )
    return without_laterality(case) if rng.random() < 0.15 else case


def _finding(kind: str, number: int, rng: random.Random) -> Finding:
    x0, y0 = rng.uniform(0, 240), rng.uniform(0, 240)
    values = {
        "capillary_dropout": {
            "area_mm2": rng.uniform(0.02, 0.6),
            "density_ratio": rng.uniform(0.0, 0.9),
        },
        "neovascularization": {"area_mm2": rng.uniform(0.01, 0.3)},
        "irma": {"area_mm2": rng.uniform(0.01, 0.1)},
    }.get(kind, {})
    return Finding(
        id=f"f{number}",
        kind=kind,
        source="simulator",
        severity=read_vocabulary().kind(kind).severity(values),
        box_px=(x0, y0, x0 + rng.uniform(3, 60), y0 + rng.uniform(3, 60)),
        zone=Zone(ring=rng.choice(list(RINGS)), quadrant=rng.choice(QUADRANTS), clock=3),
        values=values,
        importance=rng.choice([None, rng.random()]),
        evidence=rng.choice([(), (f"grown/region/{number}", f"grown/segment/{number}")]),
    )
