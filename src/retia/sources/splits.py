"""Splits that never cut through a group, whoever makes them.

In:  cases, each with its group (image, patient or video).
Out: the same cases with `train`, `validation` or `test`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from retia.errors import UserError, did_you_mean
from retia.records import Case
from retia.runs import item_seed

SPLITS = ("train", "validation", "test")
"""From the least to the most held out."""


def check_shares(train: float, validation: float) -> None:
    """Refuse shares that are no shares.

    Raises:
        UserError: If one is below 0, or both together are above 1.
    """
    if not (train >= 0 and validation >= 0 and train + validation <= 1):  # refuses NaN too
        raise UserError(
            f"train is {train} and validation {validation}. Expected shares of the groups, not "
            "below 0 and not above 1 together; the rest is for testing."
        )


def split_by_group(cases: Sequence[Case], train: float, validation: float, seed: int) -> list[Case]:
    """Give every case a split, drawn by group.

    A split whose share is above 0 gets at least one group, as long as there are enough of them.

    Args:
        cases: In any order.
        train: Share of the groups.
        validation: Share of the groups; the rest is `test`.
        seed: Decides which group goes where; the order of the cases does not.
    """
    check_shares(train, validation)
    groups = sorted({c.group for c in cases}, key=lambda group: (item_seed(seed, group), group))
    sizes = _sizes(len(groups), (train, validation, max(0.0, 1 - train - validation)))
    names = [name for name, size in zip(SPLITS, sizes, strict=True) for _ in range(size)]
    split_of = dict(zip(groups, names, strict=True))
    return [replace(c, split=split_of[c.group]) for c in cases]


def _sizes(count: int, shares: tuple[float, float, float]) -> list[int]:
    """Whole numbers near `count * shares` that add up to `count`."""
    train, validation, test = range(3)
    sizes = [0, 0, 0]
    for index in (train, test, validation):  # in this order, where there are too few groups
        # Adding shares leaves behind 1e-16, which is no share.
        if shares[index] > 1e-9 and sum(sizes) < count:
            sizes[index] = 1
    while sum(sizes) < count:
        short = [round(count * share - size, 9) for share, size in zip(shares, sizes, strict=True)]
        sizes[short.index(max(short))] += 1
    return sizes


def split_videos(
    videos: Sequence[str], test: Sequence[str], validation: Sequence[str]
) -> dict[str, str]:
    """Say which video is in which split.

    Args:
        videos: All of them, in order.
        test: Named ones; the last video when empty.
        validation: Named ones; the last of the others when empty, if one is then left to train on.

    Raises:
        UserError: If a named video does not exist, is named for both, or none is left to train on.
    """
    for video in (*test, *validation):
        if video not in videos:
            raise UserError(
                f"there is no video {video!r}.{did_you_mean(video, videos)} "
                f"Known: {', '.join(videos)}."
            )
    if both := set(test) & set(validation):
        raise UserError(f"video {sorted(both)[0]} is named for test and for validation.")
    held = list(test) or [v for v in videos if v not in validation][-1:]
    others = [v for v in videos if v not in held]
    chosen = list(validation) or (others[-1:] if len(others) > 1 else [])
    if not set(others) - set(chosen):
        raise UserError(
            f"no video is left to train on: {', '.join(held)} for test, "
            f"{', '.join(chosen) or 'none'} for validation. Expected at least one more."
        )
    named = dict.fromkeys(held, "test") | dict.fromkeys(chosen, "validation")
    return {video: named.get(video, "train") for video in videos}


def most_held_out(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Per group the most held out of the splits it was given.

    Args:
        pairs: (group, split), a group as often as it likes.

    Returns:
        Group to split: what somebody tests on is never trained on.
    """
    split_of: dict[str, str] = {}
    for group, split in pairs:
        split_of[group] = max(split, split_of.get(group, split), key=SPLITS.index)
    return split_of


def draw(cases: Sequence[Case], limit: int | None, seed: int) -> list[Case]:
    """At most `limit` of the cases, drawn by the seed, in their order; all without a limit.

    Splits keep their shares, as near as whole numbers allow; a larger limit only adds cases.

    Raises:
        UserError: If the limit is below 1.
    """
    if limit is None:
        return list(cases)
    if limit < 1:
        raise UserError(f"limit is {limit}. Expected 1 or more.")
    by_split: dict[str | None, list[str]] = {}
    for case in cases:
        by_split.setdefault(case.split, []).append(case.id)
    places = []
    for ids in by_split.values():
        ids.sort(key=lambda id: (item_seed(seed, id), id))
        places += [((rank + 0.5) / len(ids), id) for rank, id in enumerate(ids)]
    kept = {id for _, id in sorted(places)[:limit]}
    return [c for c in cases if c.id in kept]
