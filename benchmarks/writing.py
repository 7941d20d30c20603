"""CPU seconds and memory of writing samples from records.

`python -m benchmarks.writing [--eyes N] [--times K]`: eyes are drawn as records alone, without
images. Written are N of them and K times as many, each in a process of its own, with six samples an
eye; the second says whether memory stays flat, and what 100,000 samples cost.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from retia.anatomy import QUADRANTS
from retia.records import Case, Finding, Measure, Zone, write_cases
from retia.taxonomy import read_vocabulary, stage_of

KINDS = ("capillary_dropout", "microaneurysm", "neovascularization", "irma", "tortuosity")
PER_EYE = 6


def drawn_eye(number: int) -> Case:
    """An eye with up to four findings of each kind, some of none."""
    rng = random.Random(number)
    kinds = [k for k in KINDS if rng.random() < 0.5] if rng.random() > 0.3 else []
    findings = tuple(
        drawn_finding(kind, f"f{i}{n}", rng)
        for i, kind in enumerate(kinds)
        for n in range(rng.randint(1, 4))
    )
    stage, grade = stage_of(findings)
    area = Measure(name="faz_area_mm2", value=rng.uniform(0.15, 0.42), source="simulator")
    density = Measure(name="vessel_density", value=rng.uniform(0.2, 0.5), source="simulator")
    return Case(
        file_name=f"images/{number:06d}.png",
        id=f"{number:06d}",
        group=f"patient-{number // 2:06d}",
        split=("train", "train", "train", "test")[number // 2 % 4],
        modality="octa",
        mm_per_px=0.00987,
        laterality=rng.choice(("OD", "OS")),
        stage=stage,
        grade=grade,
        looked_for=(*KINDS, "faz_enlargement"),
        measures=(area, density),
        findings=findings,
    )


def drawn_finding(kind: str, id: str, rng: random.Random) -> Finding:
    """A finding somewhere in a field of 304 pixels."""
    x0, y0 = rng.uniform(0, 240), rng.uniform(0, 240)
    values = {"area_mm2": rng.uniform(0.02, 0.3), "density_ratio": rng.uniform(0.1, 0.9)}
    known = read_vocabulary().kind(kind)
    values = {k: v for k, v in values.items() if k in known.values}
    return Finding(
        id=id,
        kind=kind,
        source="simulator",
        severity=known.severity(values),
        box_px=(x0, y0, x0 + rng.uniform(6, 60), y0 + rng.uniform(6, 60)),
        zone=Zone(ring="parafovea", quadrant=rng.choice(QUADRANTS), clock=rng.randint(1, 12)),
        values=values,
        evidence=tuple(f"grown/segment/{rng.randrange(2000)}" for _ in range(4)),
    )


def write_drawn(eyes: int) -> dict[str, float]:
    """Draw so many eyes and write about them; seconds of the writing alone, and peak memory."""
    from retia.instructions import WriteConfig, write

    with tempfile.TemporaryDirectory() as folder:
        cases, out = Path(folder) / "cases", Path(folder) / "samples"
        write_cases(cases, (drawn_eye(n) for n in range(eyes)))
        start = time.process_time()
        each = {f"{name}_per_case": PER_EYE // 3 for name in ("stage1", "stage2", "grpo")}
        statistics = write(WriteConfig(cases=cases, out=out, **each))
        seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"samples": statistics["samples"], "cpu_s": round(seconds, 1), "peak_mib": round(peak)}


def main() -> None:
    """Print one line a size, and the cost of 100,000 samples."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--eyes", type=int, default=1000)
    parser.add_argument("--times", type=int, default=4)
    parser.add_argument("--alone", action="store_true", help="write once and print JSON")
    args, _ = parser.parse_known_args()
    if args.alone:
        print(json.dumps(write_drawn(args.eyes)))
        return
    for eyes in (args.eyes, args.eyes * args.times):
        command = [sys.executable, "-m", "benchmarks.writing", "--alone", "--eyes", str(eyes)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        row = json.loads(done.stdout.splitlines()[-1])
        cost = row["cpu_s"] * 100_000 / row["samples"]
        print(
            f"{eyes} eyes, {row['samples']} samples: {row['cpu_s']} CPU s, peak "
            f"{row['peak_mib']} MiB; 100,000 samples: {cost:.0f} CPU s"
        )


if __name__ == "__main__":
    main()
