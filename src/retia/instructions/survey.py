"""What must be known of all cases before one is written about; the cases themselves are not kept.

In:  folders of cases, read twice: once to check and to count, once to be written about.
Out: how many there are, what is usual in them, and the cases one by one, each with its plan.
"""

import bisect
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from retia.errors import UserError
from retia.instructions.balance import (
    Balance,
    known_changes,
    known_lesions,
    known_places,
    known_stages,
    plan_eye,
)
from retia.instructions.eyes.norms import Norms, is_usual, read_reference, with_percentiles
from retia.instructions.merge import merge_attributions
from retia.records import Case, read_cases
from retia.records.cohort import METADATA, check_cases
from retia.records.jsonl import iterate_records

TWINS = Path("twins") / METADATA
SHARES = {"lesions": 0.45, "places": 0.25, "stages": 0.3, "changes": 0.7}
"""Shares of the eyes that are given a planned question of each sort; at most two each."""

Plan = tuple[tuple[str, bool], ...]
"""Yes-or-no questions of a case: what is asked, and whether it is so."""


class Survey:
    """A first look at all cases."""

    def __init__(
        self, folders: Sequence[Path], out: Path, attributions: Path | None, reference: Path | None
    ) -> None:
        """Read all cases once.

        Args:
            folders: Of cases.
            out: Folder that paths will be relative to.
            attributions: Folder of `retia attribute` for the same images.
            reference: Folder of `retia graph reference`.

        Raises:
            UserError: If the cases or the reference cannot be read, ids stand twice, or nothing is
                known of any case.
        """
        self._folders, self._out = folders, out
        if reference is not None:
            read_reference(reference)  # says at once when it is none
        self._attributed = (
            {c.id: c for c in read_cases(attributions)} if attributions is not None else {}
        )
        self._twins = _twin_stages(folders)
        self.left_out = 0
        slim: list[Case] = []
        examples: dict[tuple[str, ...], Case] = {}
        densities: list[float] = []
        for case in self._ready_cases():
            slim.append(_slim(case))
            sources = sorted({f.source for f in case.findings})
            examples.setdefault((case.modality, *sources), case)
            density = case.measure("vessel_density")
            if density is not None and is_usual(case):
                bisect.insort(densities, density)
        where = ", ".join(map(str, folders))
        if not slim:
            raise UserError(
                f"no case of {where} has a stage, findings or `looked_for`, surgical labels, or "
                "questions. Add labels to metadata.jsonl, or pass --attributions of "
                "`retia attribute`."
            )
        check_cases(slim, where)
        self.cases = len(slim)
        self.examples = list(examples.values())
        """One case for every modality and set of sources."""
        self._norms = Norms(densities, reference)

    def planned(self, seed: int) -> Iterator[tuple[Case, Plan]]:
        """Every case with its plan, in order."""
        balances: dict[str, list[Balance]] = {}
        for case in self._ready_cases(first=False):
            if case.modality not in balances:
                balances[case.modality] = self._balances(case.modality, seed)
            known = with_percentiles(case, self._norms)
            yield known, tuple(plan_eye(balances[case.modality], known))

    def _balances(self, modality: str, seed: int) -> list[Balance]:
        from retia.instructions.surgical.facts import known_truths
        from retia.taxonomy import read_procedure, read_vocabulary

        vocabulary = read_vocabulary(modality)
        if vocabulary.phases:
            known = partial(known_truths, procedure=read_procedure(modality))
            return [Balance(seed, known, share=1.0)]
        if not vocabulary.stages:
            return []
        return [
            Balance(seed, partial(known_changes, self._twins), SHARES["changes"], "changes"),
            Balance(seed, known_lesions, SHARES["lesions"], "lesions"),
            Balance(seed, known_stages, SHARES["stages"], "stages"),
            Balance(seed, known_places, SHARES["places"], "places"),
        ]

    def _ready_cases(self, first: bool = True) -> Iterator[Case]:
        """The cases that can be written about, complete, with paths as seen from the output."""
        from retia.images.folder import reroot

        for folder in self._folders:
            for case in _iterate_cases(folder):
                ready = ready_case(merge_attributions(case, self._attributed))
                if ready is not None:
                    yield reroot(ready, folder, self._out)
                elif first:
                    self.left_out += 1


def _iterate_cases(folder: Path) -> Iterator[Case]:
    path = Path(folder) / METADATA
    if not path.is_file() or not path.stat().st_size:
        read_cases(folder)  # says what is wrong
    yield from iterate_records(path, Case)


def _slim(case: Case) -> Case:
    """Only what ids and splits are checked by."""
    return Case(
        file_name="", id=case.id, group=case.group, modality=case.modality, split=case.split
    )


def _twin_stages(folders: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Per case and finding the stage of the twin without that finding, where there are twins."""
    from retia.instructions.eyes.writer import with_stage

    stages: dict[str, dict[str, str]] = {}
    for folder in folders:
        path = Path(folder) / TWINS
        for twin in iterate_records(path, Case) if path.is_file() else ():
            stage = with_stage(twin).stage
            if twin.twin_of and twin.without and stage:
                stages.setdefault(twin.twin_of, {})[twin.without] = stage
    return stages


def ready_case(case: Case) -> Case | None:
    """The case as it is written about; None when nothing is known of it.

    Raises:
        UserError: If there is no vocabulary of its modality, or a label of a surgical frame is no
            word of its procedure.
    """
    from retia.instructions.eyes.writer import with_stage
    from retia.instructions.surgical.facts import with_evidence
    from retia.taxonomy import check_case, read_procedure, read_vocabulary

    vocabulary = read_vocabulary(case.modality)
    if vocabulary.phases:
        check_case(read_procedure(case.modality), case)
        known = case.labels or case.findings or case.looked_for
        return with_evidence(case) if known else None
    if vocabulary.stages:
        staged = with_stage(case)
        if told_of(staged):
            return staged
    return case if case.questions else None


def told_of(eye: Case) -> bool:
    """Whether something is known of an eye beyond the answers to questions that came with it."""
    return bool(eye.stage or eye.findings or eye.looked_for)
