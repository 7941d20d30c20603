"""Splits that never cut through a group."""

from collections.abc import Sequence
from dataclasses import replace

from retia.records import Case
from retia.runs import item_seed

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def assign_splits(cases: Sequence[Case], seed: int) -> list[Case]:
    """Give cases without a split one, group by group, stage by stage.

    Cases that have a split keep it. Groups are drawn by a hash of their name, so adding a case
    moves no other. Within each stage (of the group's first case) the shares are met as closely as
    whole groups allow.

    Args:
        cases: Any cases.
        seed: Base seed of the draw.

    Returns:
        The cases in their order, each with a split.
    """
    if all(c.split for c in cases):
        return list(cases)
    stage_of_group: dict[str, str] = {}
    for case in cases:
        stage_of_group.setdefault(case.group, case.stage or "")
    split_of_group: dict[str, str] = {}
    for stage in sorted(set(stage_of_group.values())):
        groups = sorted(
            (g for g, s in stage_of_group.items() if s == stage),
            key=lambda group: (item_seed(seed, group), group),
        )
        for rank, group in enumerate(groups):
            split_of_group[group] = _split_at((rank + 0.5) / len(groups))
    return [replace(c, split=split_of_group[c.group]) for c in cases]


def _split_at(position: float) -> str:
    reached = 0.0
    for name, share in SHARES.items():
        reached += share
        if position < reached:
            return name
    return "test"
