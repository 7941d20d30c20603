"""Is there a short cut? What can be answered without looking at what was asked about.

In:  a plan and its pictures.
Out: `Shortcuts`: what a classifier on nine statistics of the picture (mean grey, spread, how much
     is bright, ...) reaches, and where pictures carry burnt-in text.

The classifier is the one of the staging baselines (`staging/eyes.py`, `staging/methods.py`):
logistic regression, classes weighted alike, learned on the training split, whose groups are not
among the held-out ones. It never sees the question. Text is found as in films
(`sources/video/burnt_in.py`): thin strokes that stay where they are while the rest changes, over
the frames of a video, or over pictures of one size and one label. Text in a single picture, or at
another place in each, is not found.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.claims import normalised
from retia.errors import UserError
from retia.evaluation.plan.blind import gold_text
from retia.evaluation.plan.controls import label_of
from retia.evaluation.plan.items import Item, Plan, stage_items
from retia.evaluation.plan.lettering import Lettering, LetteringRow
from retia.records import Case
from retia.runs import item_seed, track
from retia.statistics import Interval, balanced_accuracy, bootstrap_interval, mean_interval
from retia.taxonomy import read_vocabulary

CLOSED = ("yes_no", "choice", "stage")
FEWEST = 20
"""Fewer training answers are not learned from."""
MOST = 1000
"""Training cases that are looked at, at most; drawn by the seed."""


@dataclass(frozen=True, kw_only=True)
class TrivialRow:
    """One question, as answered from nine numbers of its picture."""

    case: str
    group: str
    question: str
    truth: str
    said: str
    usual: str
    """The most frequent answer of the training."""


@dataclass(frozen=True, kw_only=True)
class Trivial:
    """What nine numbers of the picture reach for the stage, or for one kind of question."""

    rows: list[TrivialRow]
    trained: int
    """Answers learned from."""
    chance: float | None
    """Balanced accuracy of guessing: one over the number of true answers."""
    balanced: Interval | None
    accuracy: Interval | None
    majority: Interval | None
    """Accuracy of the most frequent answer of the training."""
    gap: Interval | None
    """Accuracy minus that of the majority, paired."""
    unmeasured: str | None = None
    """Why nothing was learned."""

    @property
    def found(self) -> bool | None:
        """Whether there is a short cut; None where that was not tested."""
        if self.balanced is None or self.balanced.low is None or self.chance is None:
            return None
        return self.balanced.low > self.chance


@dataclass(frozen=True, kw_only=True)
class Shortcuts:
    """What can be answered without looking at what was asked about."""

    trivial: dict[str, Trivial]
    """Per `octa: stage`, `radiology: presence`, ..."""
    lettering: list[LetteringRow]
    looked: int
    """Pictures that were looked at."""
    unreadable: dict[str, str]
    """Cases whose picture could not be read, with the reason; they count as of median looks."""

    def as_json(self) -> dict[str, Any]:
        """All numbers."""
        return {
            "nine_statistics": {
                name: {
                    "questions": len(own.rows),
                    "trained": own.trained,
                    "balanced_accuracy": own.balanced,
                    "chance": own.chance,
                    "accuracy": own.accuracy,
                    "majority": own.majority,
                    "minus_majority": own.gap,
                    "short_cut": own.found,
                    "not_measured": own.unmeasured,
                }
                for name, own in self.trivial.items()
            },
            "burnt_in_text": [row.as_json() for row in self.lettering],
            "pictures": self.looked,
            "unreadable": self.unreadable,
        }

    def lines(self) -> list[str]:
        """What was found, one sentence each."""
        lines = [trivial_sentence(name, own) for name, own in self.trivial.items()]
        lines += [row.sentence() for row in self.lettering if row.boxes_px]
        not_tested = Counter(row.unmeasured for row in self.lettering if row.unmeasured)
        lines += [
            f"burnt-in text was not looked for in {n} sets: {w}" for w, n in not_tested.items()
        ]
        searched = [row for row in self.lettering if row.unmeasured is None]
        if searched and not any(row.boxes_px for row in searched):
            lines.append(f"no burnt-in text was found in {len(searched)} sets of pictures")
        if self.unreadable:
            lines.append(f"{len(self.unreadable)} pictures could not be read")
        return lines


def find_shortcuts(
    plan: Plan,
    load: Callable[[Case], np.ndarray],
    settings: dict[str, Any],
    clusters: Mapping[str, str] | None = None,
) -> Shortcuts:
    """Learn from nine numbers of each picture, and look for burnt-in text.

    Args:
        plan: What is asked; its pool holds the training cases.
        load: Reads the picture of a case, uint8, `(H, W)` or `(H, W, 3)`.
        settings: Of the intervals; the seed also draws training cases where there are many.
        clusters: What the intervals resample, by case; its group when left out.
    """
    groups = {case.group for case in plan.cases}
    learned = [c for c in plan.pool if c.split == "train" and c.group not in groups]
    seed = int(settings.get("seed", 0))
    learned = sorted(learned, key=lambda c: item_seed(seed, f"{c.id}/shortcuts"))[:MOST]
    numbers: dict[str, np.ndarray] = {}
    unreadable: dict[str, str] = {}
    lettering = Lettering()
    for case in track([*plan.cases, *learned], "short cuts, looking at pictures"):
        try:
            picture = load(case)
        except UserError as error:
            unreadable[case.id] = str(error)
            continue
        numbers[case.id] = statistics_of(picture)
        lettering.look(case, label_of(case), picture)
    training = _by_target(_closed(plan.training, stage_items(_staged(learned))))
    kept = {case.id for case in learned}
    trivial = {
        name: _trivial(
            [i for i in training.get(name, []) if i.case.id in kept],
            items,
            numbers,
            clusters or {case.id: case.group for case in plan.cases},
            settings,
        )
        for name, items in _by_target(_closed(plan.questions, plan.stage)).items()
    }
    return Shortcuts(
        trivial=trivial, lettering=lettering.rows(), looked=len(numbers), unreadable=unreadable
    )


def statistics_of(picture: np.ndarray) -> np.ndarray:
    """The nine statistics of a picture, `staging.eyes.STATISTICS`; colours are left out."""
    import cv2

    from retia.staging.eyes import sum_up

    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    return sum_up(grey.astype(np.float32) / 255)[0]


def trivial_sentence(name: str, own: Trivial) -> str:
    """What nine numbers reach, in words."""
    what = name.replace("_", " ")
    if own.balanced is None:
        return f"{what}: not tested, {own.unmeasured}"
    reach = (
        f"nine numbers of the picture reach a balanced accuracy of {own.balanced}; chance "
        f"{own.chance:.3f}"
    )
    match own.found:
        case True:
            return f"{what}: {reach}: part of the answer can be had without its evidence"
        case False:
            return f"{what}: {reach}: no short cut was found"
        case None:
            return f"{what}: {reach}: too few groups to tell"


def _staged(cases: Sequence[Case]) -> list[Case]:
    return [c for c in cases if c.stage is not None and read_vocabulary(c.modality).stages]


def _closed(questions: Mapping[str, Sequence[Item]], stage: Sequence[Item]) -> list[Item]:
    return [*stage, *(i for own in questions.values() for i in own if i.gold.type in CLOSED)]


def _by_target(items: Sequence[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(f"{item.case.modality}: {item.question_kind}", []).append(item)
    return found


def _answers(items: Sequence[Item]) -> np.ndarray:
    return np.array([normalised(gold_text(item.gold)) for item in items])


def _trivial(
    training: Sequence[Item],
    asked: Sequence[Item],
    numbers: Mapping[str, np.ndarray],
    clusters: Mapping[str, str],
    settings: dict[str, Any],
) -> Trivial:
    from retia.staging.methods import regression

    training = [item for item in training if item.case.id in numbers]
    learned, truth = _answers(training), _answers(asked)
    nothing = Trivial(
        rows=[],
        trained=len(training),
        chance=None,
        balanced=None,
        accuracy=None,
        majority=None,
        gap=None,
        unmeasured="the training has a single answer",
    )
    if len(training) < FEWEST:
        few = f"{len(training)} training answers, at least {FEWEST} are needed"
        return Trivial(**{**nothing.__dict__, "unmeasured": few})
    if len(set(learned)) < 2:
        return nothing
    unknown = np.full(len(next(iter(numbers.values()))), np.nan)
    model = regression().fit(np.array([numbers[i.case.id] for i in training]), learned)
    said = model.predict(np.array([numbers.get(i.case.id, unknown) for i in asked]))
    usual = Counter(learned.tolist()).most_common(1)[0][0]
    groups = [clusters[item.case.id] for item in asked]
    right, often = (said == truth).astype(float), (truth == usual).astype(float)

    def mean(values: np.ndarray) -> Interval:
        return mean_interval(values, groups, **settings)

    return Trivial(
        rows=[
            TrivialRow(
                case=item.case.id,
                group=group,
                question=item.question,
                truth=str(true),
                said=str(guess),
                usual=usual,
            )
            for item, group, true, guess in zip(asked, groups, truth, said, strict=True)
        ],
        trained=len(training),
        chance=1 / len(set(truth)),
        balanced=bootstrap_interval(balanced_accuracy, [truth, said], groups, **settings),
        accuracy=mean(right),
        majority=mean(often),
        gap=mean(right - often),
    )
