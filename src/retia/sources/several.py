"""`retia import several`: more than one data set as one folder of cases.

In:  kinds of data sets, and a source for each.
Out: the cases of all of them. Images that two data sets share are one group, in one split.
"""

import dataclasses
import importlib
import logging
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from retia.errors import ItemsFailedError, UserError, did_you_mean
from retia.records import Case, read_cases
from retia.runs import StepConfig, open_step
from retia.sources.imported import Origin, write_imported
from retia.sources.overlap import find_overlap, group_copies
from retia.sources.splits import most_held_out
from retia.sources.stored import inputs_of
from retia.sources.tables import skip

log = logging.getLogger("retia")

KINDS = {
    "vqa-rad": "retia.sources.vqa_rad:import_vqa_rad",
    "slake": "retia.sources.slake:import_slake",
    "cholect50": "retia.sources.cholect50:import_cholect50",
    "octa500": "retia.sources.octa500:import_octa500",
    "idrid": "retia.sources.idrid:import_idrid",
    "octa-svr": "retia.sources.octa_svr:import_octa_svr",
    "csv": "retia.sources.tabular:import_csv",
}
"""Importers that can be joined; each has its own verb too."""


@dataclass(frozen=True, kw_only=True)
class SeveralConfig(StepConfig):
    """What `retia import several` takes."""

    kinds: tuple[str, ...]
    """Data sets, such as `vqa-rad slake`; the same one twice is allowed."""
    source: tuple[Path, ...]
    """Their folders, in the same order."""
    limit: int | None = None
    """Images at most of each, drawn by the seed; all when left out."""
    split: Literal["new", "official"] = "new"
    """`official` keeps the published split of the data sets that have one."""


def import_several(config: SeveralConfig) -> dict[str, Any]:
    """Import several data sets as one folder of cases.

    Each is imported into a folder of its own, `parts/<kind>`, and joined. Images with the same
    content are one group, whose split is the most held out of those it had.

    Writes `metadata.jsonl`, `overlap.json` (what the splits share) and a dataset card. Images stay
    where they are.

    Returns:
        Counts of all together, and the summary of each.

    Raises:
        UserError: If a kind is unknown, or their number is not that of the sources.
        ItemsFailedError: At the end, if an importer skipped items.
    """
    _check(config)
    inputs: dict[str, Path] = {}
    for number, source in enumerate(config.source):
        inputs |= {f"source-{number}": path for path in inputs_of(source).values()}
    with open_step("import several", config, inputs) as step:
        if step.done:
            return step.summary
        from retia.images import reroot

        cases: list[Case] = []
        summaries = {}
        for kind, source in zip(config.kinds, config.source, strict=True):
            name = kind if kind not in summaries else f"{kind}-{len(summaries) + 1}"
            folder = step.out / "parts" / name
            try:
                summaries[name] = _import_one(config, kind, source, folder)
            except ItemsFailedError as error:
                summaries[name] = {"skipped": str(error)}
                skip(step, name, str(error))
            for case in read_cases(folder):
                own = replace(case, id=f"{name}-{case.id}", group=f"{name}-{case.group}")
                cases.append(reroot(own, folder, step.out))
        hashes = {case.file_name: _hash(step.out / case.file_name) for case in cases}
        given = find_overlap(cases, hashes)
        joined = group_copies(cases, hashes)
        held = most_held_out((case.group, str(case.split)) for case in joined)
        joined = [replace(case, split=held[case.group]) for case in joined]
        overlap = {"as_given": given, "as_written": find_overlap(joined, hashes)}
        origin = Origin(
            title=" and ".join(dict.fromkeys(config.kinds)),
            licence="As the cards in `parts` say.",
            reference="see the cards in `parts`.",
            notes="Ids begin with the name of their data set. Images that two data sets share are "
            "one group.",
        )
        write_imported(step, step.out, joined, origin, overlap)
        step.summary |= {"parts": summaries}
    return step.summary


def _check(config: SeveralConfig) -> None:
    for kind in config.kinds:
        if kind not in KINDS:
            raise UserError(
                f"there is no import {kind!r}.{did_you_mean(kind, KINDS)} Known: "
                f"{', '.join(KINDS)}."
            )
    if not config.kinds or len(config.kinds) != len(config.source):
        raise UserError(
            f"{len(config.kinds)} kinds and {len(config.source)} sources. Expected as many "
            "sources as kinds, in the same order."
        )


def _import_one(config: SeveralConfig, kind: str, source: Path, folder: Path) -> dict[str, Any]:
    """Run one importer with the settings it shares with this step."""
    module, name = KINDS[kind].split(":")
    function: Callable[[Any], dict[str, Any]] = getattr(importlib.import_module(module), name)
    own = typing.get_type_hints(function)["config"]
    known = {f.name for f in dataclasses.fields(own)}
    settings: dict[str, Any] = {
        "source": source,
        "out": folder,
        "seed": config.seed,
        "limit": config.limit,
        "resume": config.resume,
    }
    if config.split == "official" and "split" in known:
        settings["split"] = "official"
    return function(own(**settings))


def _hash(path: Path) -> str:
    """Content hash of an image; one that is missing is a copy of no other."""
    import hashlib

    if not path.is_file():
        return str(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
