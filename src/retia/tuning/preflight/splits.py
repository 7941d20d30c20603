"""Whether what is learnt from and what is measured on are there, and kept apart."""

from collections.abc import Sequence

from retia.records import Sample
from retia.taxonomy import read_vocabulary
from retia.tuning.preflight.problems import Problem, named
from retia.tuning.preflight.structure import has_vocabulary

SPLITS = ("train", "validation", "val", "test")
ENOUGH_FRAMES, GOOD_FRAMES = 20_000, 50_000
"""Training frames of a procedure: for basic understanding, and better (fine-tuning guide of the
MONAI surgical agent framework)."""


def check_splits(samples: Sequence[Sample]) -> list[Problem]:
    """Groups that lie in two splits, and splits that nobody would train on."""
    splits: dict[str, set[str | None]] = {}
    for sample in samples:
        splits.setdefault(sample.group, set()).add(sample.split)
    cut = [group for group, found in splits.items() if len(found) > 1]
    unknown = [s.id for s in samples if s.split is not None and s.split not in SPLITS]
    return [
        *named("splits", "groups (patient, eye or video) lie in more than one split", cut),
        *named("splits", f"no known split; expected {', '.join(SPLITS)} or none", unknown),
    ]


def check_parts(samples: Sequence[Sample]) -> list[Problem]:
    """Splits that are missing, and too few frames of an operation."""
    there = {_part(s.split) for s in samples}
    problems = []
    if "train" not in there:
        text = "there is no training sample"
        problems.append(Problem(check="splits", text=text, samples=(_names(there),)))
    for part, use in (("validation", "to stop early"), ("test", "to measure on")):
        if part not in there:
            text = f"there is no {part} sample {use}"
            problems.append(
                Problem(check="splits", text=text, samples=(_names(there),), fatal=False)
            )
    return problems + _frames(samples)


def _part(split: str | None) -> str:
    """The name of a split as training uses it: none is for training, `val` is short."""
    return {None: "train", "val": "validation"}.get(split, str(split))


def _names(parts: set[str]) -> str:
    return "found " + " and ".join(sorted(parts))


def _frames(samples: Sequence[Sample]) -> list[Problem]:
    frames: dict[str, set[str]] = {}
    for sample in samples:
        if has_vocabulary(sample.modality) and read_vocabulary(sample.modality).phases:
            own = frames.setdefault(sample.modality, set())
            if _part(sample.split) == "train":
                own.update(sample.images)
    advice = f"{ENOUGH_FRAMES} are advised for basic understanding, {GOOD_FRAMES} are better"
    few = [f"{m}: {len(own)}" for m, own in frames.items() if len(own) < GOOD_FRAMES]
    return named("frames", f"fewer training frames than advised: {advice}", few, fatal=False)
