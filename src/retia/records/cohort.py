"""A folder of cases: a Hugging Face ImageFolder with one case a line of `metadata.jsonl`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from retia.errors import UserError
from retia.records.case import Case
from retia.records.jsonl import read_records, write_records

METADATA = "metadata.jsonl"


def read_cases(folder: Path) -> list[Case]:
    """Read the cases of a folder.

    Raises:
        UserError: If the folder holds no `metadata.jsonl`, no case, a broken line, the same id
            twice, or one group in two splits.
    """
    path = Path(folder) / METADATA
    if not path.is_file():
        raise UserError(
            f"{folder} holds no {METADATA}. Expected a folder of cases, as `retia grow`, "
            "`retia import` or `retia attribute` write it."
        )
    cases: list[Case] = read_records(path, Case)
    if not cases:
        raise UserError(f"{path} is empty. Expected at least one case.")
    check_cases(cases, str(path))
    return cases


def check_cases(cases: Sequence[Case], where: str) -> None:
    """Refuse ids that are no file names or stand twice, and groups that lie in two splits.

    Raises:
        UserError: Naming the first such id or group.
    """
    for case in cases:
        # Ids become names of files: one that climbs out of its folder would write elsewhere.
        if not case.id or case.id.startswith(".") or set(case.id) & set("/\\"):
            raise UserError(
                f"{where}: id {case.id!r} cannot name a file. Ids hold no slash and do not begin "
                "with a dot."
            )
    id, times = Counter(c.id for c in cases).most_common(1)[0]
    if times > 1:
        raise UserError(
            f"{where}: id {id!r} stands {times} times. Every case needs an id of its own."
        )
    split_of: dict[str, str | None] = {}
    for case in cases:
        if split_of.setdefault(case.group, case.split) != case.split:
            raise UserError(
                f"{where}: group {case.group} is in {split_of[case.group]} and {case.split}. "
                "Splits must not cut through a group (patient, eye or video)."
            )


def write_cases(folder: Path, cases: Iterable[Case]) -> None:
    """Write `metadata.jsonl`, atomically."""
    write_records(Path(folder) / METADATA, cases)


def subset(cases: Iterable[Case], split: str | None) -> list[Case]:
    """Return the cases of one split (all when `split` is None).

    Raises:
        UserError: If no case is in that split.
    """
    found = list(cases)
    kept = [c for c in found if split is None or c.split == split]
    if not kept:
        known = sorted({str(c.split) for c in found})
        raise UserError(f"no case is in split {split!r}. The splits here are {', '.join(known)}.")
    return kept
