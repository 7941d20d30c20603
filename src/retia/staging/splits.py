"""Splits that never cut through a group."""

from collections.abc import Sequence
from dataclasses import replace

from retia.errors import UserError
from retia.records import Case
from retia.runs import item_seed
from retia.staging.labels import label_of

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def assign_splits(cases: Sequence[Case], seed: int, label: str = "stage") -> list[Case]:
    """Give cases without a split one, group by group, class by class.

    Cases that have a split keep it. Within each class the shares are met as closely as whole
    groups allow.

    Args:
        cases: Any cases.
        seed: Base seed of the draw.
        label: What the classes are of.

    Returns:
        The cases in their order, each with a split.
    """
    if all(c.split for c in cases):
        return list(cases)
    split_of_group: dict[str, str] = {}
    for groups in _drawn_groups(cases, seed, label):
        for rank, group in enumerate(groups):
            split_of_group[group] = _split_at((rank + 0.5) / len(groups))
    return [replace(c, split=split_of_group[c.group]) for c in cases]


def assign_folds(cases: Sequence[Case], folds: int, seed: int, label: str = "stage") -> list[int]:
    """Deal groups to folds, class by class, so that every fold has its share of each.

    Args:
        cases: Any cases.
        folds: How many, 2 or more.
        seed: Base seed of the draw.
        label: What the classes are of.

    Returns:
        The fold of each case, from 0; no group is in two.

    Raises:
        UserError: If there are fewer groups than folds, or fewer folds than two.
    """
    drawn = [g for groups in _drawn_groups(cases, seed, label) for g in groups]
    if not 2 <= folds <= len(drawn):
        raise UserError(
            f"folds is {folds}. Expected between 2 and the number of groups (patients or eyes), "
            f"which is {len(drawn)} here."
        )
    # One class after the other, each fold in turn: no two folds differ by more than one group.
    fold_of_group = {group: place % folds for place, group in enumerate(drawn)}
    return [fold_of_group[c.group] for c in cases]


def keep_share(cases: Sequence[Case], share: float, seed: int, label: str = "stage") -> list[bool]:
    """Say which cases stay when of every class about this share of its groups does, at least one.

    A larger share keeps all that a smaller one does.
    """
    kept: set[str] = set()
    for groups in _drawn_groups(cases, seed, label):
        kept |= set(groups[: max(1, round(share * len(groups)))])
    return [c.group in kept for c in cases]


def _drawn_groups(cases: Sequence[Case], seed: int, label: str) -> list[list[str]]:
    """Per class (of the group's first case) its groups, in an order drawn by their names.

    Adding a case changes the order of no others.
    """
    class_of_group: dict[str, str] = {}
    for case in cases:
        class_of_group.setdefault(case.group, label_of(case, label) or "")
    by_class: dict[str, list[str]] = {}
    for group, name in class_of_group.items():
        by_class.setdefault(name, []).append(group)
    return [
        sorted(by_class[name], key=lambda group: (item_seed(seed, group), group))
        for name in sorted(by_class)
    ]


def _split_at(position: float) -> str:
    reached = 0.0
    for name, share in SHARES.items():
        reached += share
        if position < reached:
            return name
    return "test"
