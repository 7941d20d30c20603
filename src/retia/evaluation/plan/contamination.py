"""Was it learned by heart? Images and questions of the test that are in the training, too.

In:  the cases of a folder of samples, what is asked about the held-out ones, further folders.
Out: a `Contamination`: one row an image and one a question, with what each was found in.

An image is the same when its decoded pixels are, and nearly the same when its fine detail
correlates (`fingerprints.py`); pictures without any, such as black ones, are compared by their
pixels alone. Questions are compared by their words: case, marks and articles do not count. All
other splits than the held-out one count as training, validation too: it chose when to stop.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retia.claims import normalised
from retia.errors import UserError
from retia.evaluation.plan.blind import gold_text
from retia.evaluation.plan.fingerprints import Fingerprint, look_alikes, read_fingerprints
from retia.evaluation.plan.items import Item, Plan, question_items
from retia.records import Case, Sample, read_cases, read_samples
from retia.records.cohort import METADATA
from retia.records.sample import SAMPLES
from retia.statistics import Interval, bootstrap_interval, ratio_interval

SHOWN = 5
"""Ids that are named, at most; all are counted."""
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
SEEN = {
    "image": "Its image is in the training",
    "question": "Its question is in the training",
    "answer": "Its question is in the training, with the same answer",
    "pair": "Its image is in the training, with the same question",
}
"""Ways in which an item may be known already."""


@dataclass(frozen=True, kw_only=True)
class ImageRow:
    """One image of the test."""

    case: str
    same: tuple[str, ...] = ()
    """Training pictures of the same pixels."""
    near: tuple[str, ...] = ()
    """Further ones that look alike."""
    unmeasured: str | None = None
    """Why it could not be compared, or by its pixels only."""

    @property
    def seen(self) -> bool:
        """Whether the training holds it."""
        return bool(self.same or self.near)


@dataclass(frozen=True, kw_only=True)
class AskedRow:
    """One question about a held-out case, and in which ways of `SEEN` it is known."""

    case: str
    question: str
    seen: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Contamination:
    """What the test shares with the training."""

    images: list[ImageRow]
    asked: list[AskedRow]
    """All questions but that for the stage."""
    staged: list[AskedRow]
    """The question for the stage: the same for everybody, so that only its image can be known."""
    trained_images: int
    trained_questions: int
    unreadable: tuple[str, ...]
    """Training pictures that could not be read, with the reason."""

    def summary(self) -> dict[str, Any]:
        """Counts, and the first few ids of each."""
        same = [row for row in self.images if row.same]
        near = [row for row in self.images if row.near and not row.same]
        by_way = {way: [row for row in self.asked if way in row.seen] for way in SEEN}
        return {
            "test_images": len(self.images),
            "training_images": self.trained_images,
            "same_images": len(same),
            "near_images": len(near),
            "same_image_examples": [(row.case, row.same[0]) for row in same[:SHOWN]],
            "near_image_examples": [(row.case, row.near[0]) for row in near[:SHOWN]],
            "images_not_compared": self.unmeasured(),
            "training_images_unreadable": len(self.unreadable),
            "unreadable_examples": list(self.unreadable[:SHOWN]),
            "test_questions": len(self.asked),
            "training_questions": self.trained_questions,
            "questions": {
                way: {
                    "count": len(rows),
                    "share": len(rows) / len(self.asked) if self.asked else None,
                    "examples": [(row.case, row.question) for row in rows[:SHOWN]],
                }
                for way, rows in by_way.items()
            },
        }

    def unmeasured(self) -> dict[str, int]:
        """Why images could not be compared, or by their pixels only, with how many."""
        return dict(Counter(row.unmeasured for row in self.images if row.unmeasured is not None))

    def lines(self) -> list[str]:
        """The counts for people."""
        counts = self.summary()
        lines = [
            f"of {len(self.images)} test images {counts['same_images']} are in the training "
            f"({self.trained_images} images), {counts['near_images']} nearly"
        ]
        lines += [f"  {why}: {n} test images" for why, n in self.unmeasured().items()]
        if self.unreadable:
            lines.append(f"  could not be read: {len(self.unreadable)} training images")
        for way, own in counts["questions"].items() if self.asked else ():
            lines.append(f"  {SEEN[way]}: {own['count']} of {len(self.asked)} questions")
        return lines


def find_contamination(
    plan: Plan, samples: Sequence[Sample], folder: Path, against: Sequence[Path] = ()
) -> Contamination:
    """Look for the held-out images and questions in the training.

    Args:
        plan: What is asked about which cases; the cases of other splits in its pool are
            training.
        samples: Of all splits of the folder.
        folder: What the images of the cases lie in.
        against: Further folders that may have been trained on: of cases, of samples, or of
            pictures.

    Raises:
        UserError: If a further folder holds neither.
    """
    splits = {case.split for case in plan.cases}
    training = [case for case in plan.pool if case.split not in splits]
    known, unreadable = read_fingerprints((case.id, folder / case.file_name) for case in training)
    questions = list(_asked(samples, training))
    for other in against:
        cases, pictures = _read_folder(other)
        pictures = pictures or [(f"{other}/{case.id}", other / case.file_name) for case in cases]
        more, failed = read_fingerprints(pictures)
        known, unreadable = known + more, unreadable | failed
        questions += _asked_in(other, cases)
    tested, failed = read_fingerprints((case.id, folder / case.file_name) for case in plan.cases)
    rows = {row.case: row for row in _image_rows(tested, known)}
    rows |= {id: ImageRow(case=id, unmeasured="its image cannot be read") for id in failed}
    items = [item for own in plan.questions.values() for item in own]
    return Contamination(
        images=[rows[case.id] for case in plan.cases],
        asked=_asked_rows(items, rows, questions),
        staged=_asked_rows(plan.stage, rows, []),
        trained_images=len(known),
        trained_questions=len(questions),
        unreadable=tuple(f"{name}: {why}" for name, why in unreadable.items()),
    )


def accuracy_by_contamination(
    found: Contamination,
    scored: Mapping[tuple[str, str], float],
    clusters: Mapping[str, str],
    settings: dict[str, Any],
) -> dict[str, dict[str, Interval]]:
    """Accuracy on what is in the training, and on what is new.

    Args:
        found: Of `find_contamination`.
        scored: By case and question: 1 where the answer is right, else 0.
        clusters: What the intervals resample, by case.
        settings: Of the intervals.

    Returns:
        Per way of `SEEN` the accuracy on `seen` and on `new` questions, and `gap`, the former
        minus the latter; questions without a score are left out. Empty without any score.
    """
    asked = [*found.asked, *found.staged]
    rows = [row for row in asked if (row.case, row.question) in scored]
    right = np.array([scored[row.case, row.question] for row in rows], dtype=float)
    groups = [clusters[row.case] for row in rows]

    def gap(right: np.ndarray, seen: np.ndarray) -> float:
        if seen.all() or not seen.any():
            return float("nan")
        return float(right[seen].mean() - right[~seen].mean())

    numbers: dict[str, dict[str, Interval]] = {}
    for way in SEEN if rows else ():
        seen = np.array([way in row.seen for row in rows])
        parts = {"seen": seen, "new": ~seen}
        numbers[way] = {
            name: ratio_interval(
                right[part],
                np.ones(part.sum()),
                [g for g, kept in zip(groups, part.tolist(), strict=True) if kept],
                **settings,
            )
            for name, part in parts.items()
        }
        numbers[way]["gap"] = bootstrap_interval(gap, [right, seen], groups, **settings)
    return numbers


def _image_rows(tested: Sequence[Fingerprint], known: Sequence[Fingerprint]) -> list[ImageRow]:
    by_pixels: dict[str, list[str]] = {}
    for one in known:
        by_pixels.setdefault(one.pixels, []).append(one.name)
    rows = []
    for own, alike in zip(tested, look_alikes(tested, known), strict=True):
        same = by_pixels.get(own.pixels, [])
        near = [one.name for one in alike if one.pixels != own.pixels]
        plain = "too plain to look alike: compared by its pixels only"
        rows.append(
            ImageRow(
                case=own.name,
                same=tuple(same),
                near=tuple(near),
                unmeasured=plain if own.detail is None else None,
            )
        )
    return rows


_Asked = tuple[str, str, str]
"""Name of the picture, words of the question, words of the answer."""


def _asked(samples: Sequence[Sample], cases: Sequence[Case], prefix: str = "") -> Iterator[_Asked]:
    for item in question_items(samples, cases):
        yield f"{prefix}{item.case.id}", normalised(item.question), _answer(item)


def _answer(item: Item) -> str:
    return normalised(gold_text(item.gold))


def _asked_in(folder: Path, cases: Sequence[Case]) -> Iterator[_Asked]:
    """Questions of another folder: of its samples, or else of its cases."""
    if (folder / SAMPLES).is_file():
        yield from _asked(read_samples(folder), cases, f"{folder}/")
        return
    for case in cases:
        for question in case.questions:
            yield f"{folder}/{case.id}", normalised(question.text), normalised(question.answer)


def _read_folder(folder: Path) -> tuple[list[Case], list[tuple[str, Path]]]:
    """The cases of a folder, or its pictures where it holds none.

    Raises:
        UserError: If it holds neither.
    """
    if (folder / METADATA).is_file():
        return read_cases(folder), []
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES)
    if not files:
        raise UserError(
            f"{folder} holds neither {METADATA} nor a picture. Expected a folder that may have "
            "been trained on: cases, samples, or pictures."
        )
    return [], [(str(path), path) for path in files]


def _asked_rows(
    items: Sequence[Item], images: Mapping[str, ImageRow], questions: Sequence[_Asked]
) -> list[AskedRow]:
    words = {question for _, question, _ in questions}
    answered = {(question, answer) for _, question, answer in questions}
    about = {(name, question) for name, question, _ in questions}
    rows = []
    for item in items:
        question, image = normalised(item.question), images[item.case.id]
        ways = {
            "image": image.seen,
            "question": question in words,
            "answer": (question, _answer(item)) in answered,
            "pair": any((name, question) in about for name in (*image.same, *image.near)),
        }
        seen = frozenset(way for way, known in ways.items() if known)
        rows.append(AskedRow(case=item.case.id, question=item.question, seen=seen))
    return rows
