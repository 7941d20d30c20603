"""Plans for a list of cases at once."""

from collections.abc import Sequence

from retia.instructions.balance import SHARE, Balance, Known, known_lesions
from retia.records import Case


def plan_presence(
    cases: Sequence[Case], seed: int, known: Known = known_lesions, share: float = SHARE
) -> dict[str, list[tuple[str, bool]]]:
    """Per case id, pairs of what is asked and whether it is so; cases are planned in order."""
    balance = Balance(seed, known, share)
    return {case.id: balance.plan(case) for case in cases}
