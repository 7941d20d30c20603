"""Random surgical frames and radiological images for tests, built by hand."""

import random

from retia.records import Case, Finding, Question, Region
from retia.taxonomy import read_procedure

PROCEDURE = read_procedure("cholecystectomy")


def random_frame(seed: int, number: int = 0) -> Case:
    """A frame with up to four instruments, some at rest, now and then with events or anatomy."""
    rng = random.Random(seed)
    triplets = sorted(PROCEDURE.triplets)
    findings = []
    for place in range(rng.randint(0, 4)):
        instrument, verb, target = rng.choice(triplets)
        x0, y0 = rng.uniform(0, 700), rng.uniform(0, 380)
        findings.append(
            Finding(
                id=f"f{place + 1}",
                kind=instrument,
                source="annotation",
                attributes={"verb": verb, "target": target} if rng.random() < 0.8 else {},
                box_px=(x0, y0, x0 + rng.uniform(5, 150), y0 + rng.uniform(5, 90))
                if rng.random() < 0.8
                else None,
            )
        )
    looked_for = tuple(PROCEDURE.instruments)
    if rng.random() < 0.2:
        looked_for += tuple(PROCEDURE.targets)
        seen = rng.sample(sorted(PROCEDURE.targets), 2)
        findings += [Finding(id=f"a-{t}", kind=t, source="annotation") for t in seen]
    labels = {"phase": rng.choice(list(PROCEDURE.phases))} if rng.random() < 0.9 else {}
    for event in PROCEDURE.events:
        if rng.random() < 0.3:
            labels[event] = rng.choice(["true", "false"])
    video = number // 10
    return Case(
        file_name=f"videos/V{video}/{number:06d}.jpg",
        id=f"V{video}-{number:06d}",
        group=f"V{video}",
        split="train" if video % 3 else "test",
        modality="cholecystectomy",
        time_s=float(number),
        labels=labels,
        findings=tuple(findings),
        looked_for=looked_for,
    )


def frame(*instruments: tuple[str, ...], phase: str | None = "preparation", **events: str) -> Case:
    """A frame with these `(instrument, verb, target)` or `(instrument,)`."""
    findings = tuple(
        Finding(
            id=f"f{n}",
            kind=kind,
            source="annotation",
            box_px=(10.0 * n, 20, 10.0 * n + 40, 60),
            attributes=dict(zip(("verb", "target"), action, strict=False)),
        )
        for n, (kind, *action) in enumerate(instruments, 1)
    )
    return Case(
        file_name="videos/V1/000001.jpg",
        id="V1-000001",
        group="V1",
        modality="cholecystectomy",
        labels=({"phase": phase} if phase else {}) | events,
        findings=findings,
        looked_for=tuple(PROCEDURE.instruments),
    )


SCAN = Case(
    file_name="images/scan.png",
    id="scan",
    group="scan",
    modality="radiology",
    split="train",
    labels={"organ": "head"},
    questions=(
        Question(
            text="Is this an axial image?", answer="Yes", kind="yes_no", topic="plane", id="1"
        ),
        Question(
            text="What modality is this?", answer="MRI - T2 weighted", topic="modality", id="2"
        ),
        Question(
            text="Is there a mass in the left lobe?",
            answer="Yes",
            kind="yes_no",
            topic="presence",
            id="3",
            region=Region(box_px=(10, 20, 30, 40)),
        ),
        Question(text="Where is the mass?", answer="Left lobe", topic="position", id="4"),
        Question(
            text="Are the ventricles enlarged?", answer="no", kind="yes_no", topic="size", id="5"
        ),
        Question(
            text="How many masses are seen?", answer="1", kind="number", topic="count", id="6"
        ),
        Question(
            text="Is this image normal?", answer="No", kind="yes_no", topic="abnormality", id="7"
        ),
    ),
)
