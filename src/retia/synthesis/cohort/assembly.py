"""From finished eyes to a cohort: pictures are moved into place, tables and cases are joined.

Everything here can be killed at any moment and done again: moving is renaming, a shard of tables
is written before the tables of its eyes are removed, and an eye's own folder stays until the whole
step is sealed. No more than one eye is held in memory.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from retia.atomic import move_once
from retia.records import Case
from retia.records.jsonl import from_plain
from retia.runs import Step
from retia.synthesis.cohort.card import write_card, write_sheet
from retia.synthesis.cohort.plan import plan_eyes
from retia.synthesis.cohort.settings import GrowConfig
from retia.synthesis.cohort.table import SHARD_EYES, TABLES, shard_path, write_table
from retia.synthesis.cohort.twins import PICTURES

ON_SHEET = 4
"""Eyes of each stage on the contact sheet."""


def assemble(step: Step, config: GrowConfig) -> dict[str, int]:
    """Make a cohort of the eyes that are done.

    Args:
        step: The running step; its eyes are done.
        config: Its settings.

    Returns:
        Number of eyes per stage.
    """
    stages: Counter[str] = Counter()
    splits: set[str] = set()
    shown: list[Case] = []
    twins = 0
    with (
        step.new_file("metadata.jsonl") as own,
        own.open("w", encoding="utf-8") as lines,
        (step.partial / "twins.jsonl").open("w", encoding="utf-8") as twin_lines,
    ):
        for shard, ids in enumerate(_shards(config)):
            done = [id for id in ids if step.folder(id).is_dir()]
            for id in done:
                _place(step.folder(id), step.out, id)
            _write_shard(step, shard, done, complete=len(done) == len(ids))
            for id in done:
                line = (step.folder(id) / "case.json").read_text(encoding="utf-8")
                lines.write(line + "\n")
                plain = json.loads(line)
                stages[plain["stage"]] += 1
                splits.add(plain["split"])
                if stages[plain["stage"]] <= ON_SHEET:
                    shown.append(from_plain(Case, plain, id))
                for case in _twin_lines(step.folder(id)):
                    twin_lines.write(case + "\n")
                    twins += 1
    if twins:
        with step.new_file("twins/metadata.jsonl") as part:
            (step.partial / "twins.jsonl").replace(part)
    if config.pack:
        from retia.synthesis.cohort.pack import pack

        pack(step, splits)
    summary = {stage: stages[stage] for stage in sorted(stages)}
    write_sheet(step, shown)
    write_card(step, config, summary, sorted(splits), twins)
    return summary


def _shards(config: GrowConfig) -> Iterator[list[str]]:
    """Ids of the cohort, a shard at a time."""
    ids = (plan.id for plan in plan_eyes(config))
    return iter(lambda: list(itertools.islice(ids, SHARD_EYES)), [])


def _place(folder: Path, out: Path, id: str) -> None:
    """Move the pictures of one eye to where they belong; some may be there already."""
    for name in ("images", "vessels", "faz"):
        move_once(folder / f"{name}.png", out / name / f"{id}.png")
    move_once(folder / "lesions", out / "lesions" / id)
    for twin in _twins(folder):
        for name in PICTURES:
            target = out / "twins" / name / f"{id}-without-{twin.name}.png"
            move_once(twin / f"{name}.png", target)


def _twins(folder: Path) -> list[Path]:
    """Folders of an eye's twins, in the order of the lesions they lack."""
    return sorted((folder / "twins").glob("f*"), key=lambda p: int(p.name[1:]))


def _twin_lines(folder: Path) -> Iterable[str]:
    return ((twin / "case.json").read_text(encoding="utf-8") for twin in _twins(folder))


def _write_shard(step: Step, shard: int, ids: list[str], complete: bool) -> None:
    """Join the tables of a shard's eyes, unless that is done; then remove them."""
    if not ids or not all((step.folder(id) / "segments.parquet").is_file() for id in ids):
        return
    for name in TABLES:
        tables = (_read(step.folder(id) / f"{name}.parquet") for id in ids)
        with step.new_file(shard_path(name, shard)) as part:
            write_table(part, tables)
    if complete:
        for id in ids:
            (step.folder(id) / "segments.parquet").unlink()


def _read(path: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(path)
