"""What two splits share: images by their content, questions by their words.

An image that is in training and in testing makes every figure of the test look better than it is;
a question that is in both can be answered from memory, without looking.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from retia.records import Case
from retia.sources.splits import SPLITS

log = logging.getLogger("retia")

SHOWN = 20
"""Shared images that are named, at most; all are counted."""


def group_copies(cases: Sequence[Case], hashes: dict[str, str]) -> list[Case]:
    """Join the groups of images with the same bytes, so that no split comes between them.

    Args:
        cases: Each with its group.
        hashes: Content hash by `file_name`.
    """
    first: dict[str, str] = {}
    same = [(first.setdefault(hashes[c.file_name], c.group), c.group) for c in cases]
    return join_groups(cases, same)


def join_groups(cases: Sequence[Case], same: Iterable[tuple[str, str]]) -> list[Case]:
    """Make one group of every two that are named as the same; it has the name of the first.

    Args:
        cases: Each with its group.
        same: Pairs of groups, the one that comes first before the other.
    """
    joined: dict[str, str] = {}

    def of(group: str) -> str:
        while group in joined:
            group = joined[group]
        return group

    for one, other in same:
        if of(one) != of(other):
            joined[of(other)] = of(one)
    return [replace(case, group=of(case.group)) for case in cases]


def find_overlap(cases: Iterable[Case], hashes: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Count what each two splits share.

    Args:
        cases: With their splits; one image may stand in several.
        hashes: Content hash by `file_name`.

    Returns:
        Per pair such as `train/test`: `images` (distinct contents in both), `same_images` (names,
        at most 20), `questions` (distinct questions in both, whatever their images), `answered`
        (distinct pairs of question and answer in both), and `seen_before`: the share of the second
        split's questions whose words the first has too.
    """
    by_split = {name: [c for c in cases if c.split == name] for name in SPLITS}
    present = [name for name in SPLITS if by_split[name]]
    return {
        f"{one}/{other}": _shared(by_split[one], by_split[other], hashes)
        for one, other in combinations(present, 2)
    }


def _shared(one: list[Case], other: list[Case], hashes: dict[str, str]) -> dict[str, Any]:
    names = [{hashes[c.file_name]: c.file_name for c in part} for part in (one, other)]
    images = sorted(set(names[0]) & set(names[1]), key=lambda h: names[0][h])
    asked = [_asked(part) for part in (one, other)]
    answered = [set(a) for a in asked]
    questions = [{q for q, _ in a} for a in asked]
    seen = [q in questions[0] for q, _ in asked[1]]
    return {
        "images": len(images),
        "same_images": [[names[0][h], names[1][h]] for h in images[:SHOWN]],
        "questions": len(questions[0] & questions[1]),
        "answered": len(answered[0] & answered[1]),
        "seen_before": round(sum(seen) / len(seen), 4) if seen else 0.0,
    }


def _asked(cases: list[Case]) -> list[tuple[str, str]]:
    return [(fold(q.text), fold(q.answer)) for c in cases for q in c.questions]


def fold(text: str) -> str:
    """Words of a question as they are compared: lower case, single blanks, no mark at the end."""
    return " ".join(text.lower().split()).rstrip(" ?.!")


def log_overlap(overlap: dict[str, dict[str, Any]], what: str) -> None:
    """Tell what the splits share; loudly where it is images."""
    for pair, shared in overlap.items():
        level = logging.WARNING if shared["images"] else logging.INFO
        log.log(
            level,
            "%s, %s: %d images shared, %d questions shared (%.0f %% of the second's)",
            what,
            pair,
            shared["images"],
            shared["questions"],
            100 * shared["seen_before"],
        )
