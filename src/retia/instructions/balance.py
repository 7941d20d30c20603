"""Yes-or-no questions of which as many are answered yes as no, for every kind and split."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from retia.instructions.eyes.facts import findings_of, located_kinds, place_of, quadrants_of
from retia.records import Case
from retia.runs import item_seed
from retia.taxonomy import read_vocabulary

SHARE = 0.6
"""Share of the eyes that are given a yes-or-no question: other question kinds need room too."""
MOST = 2
"""Most planned questions an eye."""
AT, IS, LESS = "@", "=", "#"
"""Mark what is asked: `capillary_dropout@parafovea`, `stage=pdr`, `change/irma#f3`."""

Known = Callable[[Case], Mapping[str, bool]]
"""What can be asked of a case, and whether it is so."""
Twins = Mapping[str, Mapping[str, str]]
"""Per case and finding, the stage of its twin without that finding."""


def known_lesions(case: Case) -> dict[str, bool]:
    """Lesions that can be asked for one by one, and whether they are there."""
    there = {f.kind for f in case.findings}
    asked = (*located_kinds(case.modality), "faz_enlargement")
    return {k: k in there for k in asked if k in there or k in case.looked_for}


def known_places(case: Case) -> dict[str, bool]:
    """Quadrants and rings that can be asked for capillary dropout, and whether it is there."""
    kind = "capillary_dropout"
    found = findings_of(case, kind)
    if kind not in case.looked_for or any(f.zone is None or not f.zone.quadrant for f in found):
        return {}
    here = {place_of(f) for f in found}
    return {f"{kind}{AT}{place}": place in here for place in quadrants_of(case.laterality)}


def known_stages(case: Case) -> dict[str, bool]:
    """Stages that can be asked for with their reason, and whether it is that one."""
    if case.stage is None or case.modality != "octa" or not case.looked_for:
        return {}
    return {f"stage{IS}{s}": s == case.stage for s in read_vocabulary(case.modality).stages}


def known_changes(twins: Twins, case: Case) -> dict[str, bool]:
    """Findings whose absence was simulated, and whether the stage is another without them."""
    own = twins.get(case.id, {})
    found = [f for f in case.findings if f.id in own and (not f.zone or f.zone.quadrant)]
    return {f"change/{f.kind}{LESS}{f.id}": own[f.id] != case.stage for f in found}


@dataclass
class Balance:
    """Plans questions case by case, in the order in which the cases come.

    Per kind and split, yes and no never differ by more than 1, and in doubt the rarer answer leads:
    knowing the question alone gives nothing away. What is always so, or never, is not asked, and
    cases that would tip the balance are given none.
    """

    seed: int
    known: Known = known_lesions
    share: float = SHARE
    """Share of the cases that are asked at all."""
    name: str = "presence"
    """Draws of balances of different names do not depend on each other."""
    lead: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    asked: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    seen: Counter[tuple[str | None, str, bool]] = field(default_factory=Counter)

    def plan(self, case: Case) -> list[tuple[str, bool]]:
        """What to ask of a case (nothing, or one question), and whether it is so."""
        rng = random.Random(item_seed(self.seed, f"{case.id}/{self.name}"))
        drawn = rng.random() < self.share
        options = []
        for key, there in self.known(case).items():
            own = (case.split, key.partition(LESS)[0])
            self.seen[*own, there] += 1
            if drawn and self._may_ask(own, there):
                imbalance = abs(self.lead[own] + (1 if there else -1))
                options.append((imbalance, self.asked[own], rng.random(), key, there))
        if not options:
            return []
        _, _, _, key, there = min(options)
        own = (case.split, key.partition(LESS)[0])
        self.lead[own] += 1 if there else -1
        self.asked[own] += 1
        return [(key, there)]

    def _may_ask(self, own: tuple[str | None, str], there: bool) -> bool:
        if self.lead[own]:
            return there != (self.lead[own] > 0)
        return self.seen[*own, there] <= self.seen[*own, not there]


def plan_eye(balances: Iterable[Balance], case: Case) -> list[tuple[str, bool]]:
    """What to ask of an eye by yes or no: at most `MOST` questions, of different balances."""
    planned: list[tuple[str, bool]] = []
    for balance in balances:
        if len(planned) < MOST:
            planned += balance.plan(case)
    return planned
