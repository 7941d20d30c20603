"""`retia compare`: two or more audits in, their paired differences out."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.evaluation.paired import Pair

log = logging.getLogger("retia")

LEAST = 2


@dataclass(frozen=True, kw_only=True)
class CompareConfig(StepConfig):
    """What `retia compare` takes."""

    audits: tuple[Path, ...]
    """Folders of `retia evaluate`, the reference first; may stand without the flag."""
    loose: bool = False
    """Compare audits of different samples too, on the items that both have."""
    resamples: int = 1000
    """Bootstrap resamples of each interval."""
    level: float = 0.95
    """Coverage of the intervals."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One audit that was read."""

    name: str
    folder: Path
    record: dict[str, Any]
    """Its `run.json`."""

    @property
    def samples(self) -> str | None:
        """Hash of the samples it was made on."""
        return self.record.get("inputs", {}).get("samples")


def compare(config: CompareConfig) -> dict[str, Any]:
    """Compare two or more audits on the same items, with paired tests.

    The first audit is the reference; every other one is held against it. Writes `comparison.json`
    and `comparison.html`.

    Returns:
        The headline numbers of each pair.

    Raises:
        UserError: If an audit cannot be read, fewer than two are given, they were made on
            different samples, or they share no item.
    """
    inputs = {f"audit_{number}": folder for number, folder in enumerate(config.audits, 1)}
    runs = read_runs(config)
    with open_step("compare", config, inputs) as step:
        if step.done:
            return step.summary
        from retia.evaluation.answers.table import read_answers
        from retia.evaluation.audit import plain
        from retia.evaluation.paired import compare_answers
        from retia.evaluation.report.compare_report import differences_of, write_comparison
        from retia.runs.step import write_json

        settings = {"resamples": config.resamples, "level": config.level, "seed": config.seed}
        first, *others = ((run.name, read_answers(run.folder / "answers.csv")) for run in runs)
        pairs = [compare_answers(first, other, settings) for other in others]
        _check_shared(pairs)
        settings_apart = differences_of({run.name: run.record for run in runs})
        step.summary = plain({pair.other: _headline(pair) for pair in pairs})
        write_json(
            step.out / "comparison.json",
            {
                "reference": first[0],
                "runs": {run.name: {"samples": run.samples} for run in runs},
                "settings_apart": settings_apart,
                "pairs": plain(pairs),
            },
        )
        write_comparison(pairs, settings_apart, step.out / "comparison.html")
    _tell(first[0], step.summary)
    log.info("compare: open %s", config.out / "comparison.html")
    return step.summary


def _headline(pair: "Pair") -> dict[str, Any]:
    return {
        "parts": {
            row.part: {
                "items": row.items,
                "groups": row.groups,
                "difference": row.difference,
                "balanced_difference": row.balanced_difference,
                "won": row.won,
                "lost": row.lost,
                "p": row.p,
            }
            for row in pair.overall
            if row.condition == "real"
        },
        "unpaired": {f"{own.why}, {own.condition} image": own.count for own in pair.unpaired},
    }


def read_runs(config: CompareConfig) -> list[Run]:
    """Read what each audit is, and whether all were made on the same samples.

    Raises:
        UserError: See `compare`.
    """
    from retia.errors import UserError

    folders = config.audits
    if len(folders) < LEAST:
        raise UserError(f"{len(folders)} audits were given. Expected 2 or more folders.")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UserError("an audit stands twice among those to compare. Expected different ones.")
    records = [_read_record(folder) for folder in folders]
    runs = [
        Run(name=name, folder=folder, record=record)
        for name, folder, record in zip(_names(folders), folders, records, strict=True)
    ]
    apart = [run for run in runs[1:] if run.samples is None or run.samples != runs[0].samples]
    if apart and not config.loose:
        raise UserError(
            f"{apart[0].folder} was made on other samples ({apart[0].samples}) than "
            f"{runs[0].folder} ({runs[0].samples}). Expected audits of the same folder; with "
            "--loose the items that both have are compared."
        )
    return runs


def _read_record(folder: Path) -> dict[str, Any]:
    import json

    from retia.errors import UserError

    path = folder / "run.json"
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a finished folder of `retia evaluate`.")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is no valid JSON ({error}).") from None
    if not isinstance(record, dict) or record.get("step") != "evaluate":
        step = record.get("step") if isinstance(record, dict) else None
        raise UserError(f"{folder} was written by {step!r}. Expected a folder of `retia evaluate`.")
    return record


def _names(folders: tuple[Path, ...]) -> list[str]:
    """The shortest last parts of the paths that tell all of them apart."""
    parts = [folder.resolve().parts for folder in folders]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(own[-depth:]) for own in parts]
        if len(set(names)) == len(names):
            return names
    raise ValueError(f"the same folder twice among {folders}")


def _check_shared(pairs: "list[Pair]") -> None:
    from retia.errors import UserError

    for pair in pairs:
        if not pair.overall:
            counts = "; ".join(f"{own.count} {own.why}" for own in pair.unpaired)
            raise UserError(
                f"{pair.other} and {pair.reference} share no item ({counts}). Expected audits of "
                "the same questions about the same cases."
            )


def _tell(reference: str, summary: dict[str, Any]) -> None:
    from retia.statistics import Interval

    for other, numbers in summary.items():
        for part, row in numbers["parts"].items():
            gap = Interval(**row["difference"])
            log.info(
                "%s minus %s, %s, %d items: %s; won %d, lost %d, McNemar p %.3g",
                *(other, reference, part, row["items"], gap, row["won"], row["lost"], row["p"]),
            )
        for why, count in numbers["unpaired"].items():
            log.warning("compare: %d items are not compared: %s", count, why)
