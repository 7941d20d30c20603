"""`retia import csv`: a folder of images and a table of labels, whoever made them.

In:  a folder with images and `train.csv` (`path,label[,subject,eye]`; also `validation.csv` and
     `test.csv`), or any CSV, JSON, JSON Lines or Parquet table with a mapping file of its columns.
Out: one case an image, split by group.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from retia.errors import UserError, did_you_mean
from retia.records import Case
from retia.runs import Step, open_step
from retia.sources.imported import ImportConfig, Origin, write_imported
from retia.sources.label_maps import MAPS, LabelMap, choose_map
from retia.sources.mapping import (
    EMPTY,
    PLAIN,
    Columns,
    case_of,
    check_columns,
    inside,
    read_mapping,
)
from retia.sources.overlap import find_overlap, group_copies
from retia.sources.pictures import look_at
from retia.sources.splits import SPLITS, check_shares, draw, most_held_out, split_by_group
from retia.sources.tables import Row, or_skip, read_table, skip

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class CsvConfig(ImportConfig):
    """What `retia import csv` takes."""

    table: Path | None = None
    """The table; when left out, `train.csv` of the source, and `validation.csv` and `test.csv`
    where they are there. Paths in it are relative to the source."""
    mapping: Path | None = None
    """YAML file that says which column is which field of a case."""
    modality: str = "octa"
    """Vocabulary of the images."""
    scale: str = "auto"
    """What the column `label` means: `icdr` (0 to 4), `cohort` (Healthy, DM, Early NPDR, Late NPDR,
    PDR), `stage` (names), `none` (kept as a label), or `auto`: the scale that knows all labels."""
    split: Literal["group", "official"] = "group"
    """`group` draws a new split by group. `official` keeps that of the tables."""
    train: float = 0.7
    """Share of groups for training."""
    validation: float = 0.1
    """Share of groups for choosing; the rest is for testing."""


def import_csv(config: CsvConfig) -> dict[str, Any]:
    """Import a folder of images with a table of labels.

    Writes `metadata.jsonl`, `overlap.json` (what the splits share) and a dataset card. Images stay
    where they are. Images with the same content are one group.

    Returns:
        Counts of images, groups, stages, questions and images per split.

    Raises:
        UserError: If there is no table, a column is missing, or the labels are on no scale.
        ItemsFailedError: At the end, if rows or images were skipped.
    """
    inputs = {"source": config.source}
    inputs |= {k: p for k in ("table", "mapping") if (p := getattr(config, k)) is not None}
    with open_step("import csv", config, inputs) as step:
        if step.done:
            return step.summary
        check_shares(config.train, config.validation)
        cases = _one_an_image(step, _read(step, config))
        hashes, whole = {}, []
        for case in draw(cases, config.limit, config.seed):
            with or_skip(step, case.id):
                picture = look_at(config.source / case.file_name, case.id)
                hashes[case.file_name] = picture.sha256
                whole.append(case)
        cases, overlap = _split(whole, hashes, config)
        origin = _origin(config)
        write_imported(step, config.source, cases, origin, overlap)
        stages = Counter(c.stage or "unlabelled" for c in cases)
        step.summary |= {"stages": dict(sorted(stages.items()))}
    return step.summary


def _tables(config: CsvConfig) -> dict[Path, str | None]:
    """The tables, each with the split it is of."""
    if config.table is not None:
        return {config.table: None}
    tables: dict[Path, str | None] = {
        path: name for name in SPLITS if (path := config.source / f"{name}.csv").is_file()
    }
    if config.source / "train.csv" not in tables:
        raise UserError(
            f"{config.source} holds no train.csv. Expected one with `path,label[,subject,eye]`, or "
            "name the table with --table."
        )
    return tables


def _read(step: Step, config: CsvConfig) -> list[Case]:
    """Every row as a case."""
    tables = _tables(config)
    rows = {path: read_table(step, path) for path in tables}
    if not any(rows.values()):
        raise UserError(f"{next(iter(tables))} holds no rows. Expected one an image.")
    columns = PLAIN if config.mapping is None else read_mapping(config.mapping)
    scale = _scale(config, columns, [row for own in rows.values() for row in own])
    cases = []
    for path, own in rows.items():
        there = check_columns(columns, own, path, config.mapping is None) if own else columns
        base = {"modality": config.modality, "split": tables[path]}
        cases += _cases(step, own, there, base, scale)
    return cases


def _cases(
    step: Step, rows: Sequence[Row], columns: Columns, base: dict[str, Any], scale: LabelMap | None
) -> list[Case]:
    cases = []
    base = {key: value for key, value in base.items() if value is not None}
    for row in rows:
        with or_skip(step, row.where):
            case = case_of(row, columns, base, scale)
            if case.split is not None and case.split not in SPLITS:
                raise UserError(
                    f"{row.where}: split is {case.split!r}. Expected {', '.join(SPLITS)}."
                )
            cases.append(case)
    return cases


def _scale(config: CsvConfig, columns: Columns, rows: Sequence[Row]) -> LabelMap | None:
    if columns.label is None or config.scale == "none":
        return None
    if config.scale != "auto" and config.scale not in MAPS:
        known = ("auto", "none", *MAPS)
        raise UserError(
            f"scale is {config.scale!r}.{did_you_mean(config.scale, known)} Expected one of "
            f"{', '.join(known)}."
        )
    values = (inside(row.values, columns.label) for row in rows)
    labels = [str(value) for value in values if value not in EMPTY]
    if config.scale != "auto":
        return MAPS[config.scale]
    return choose_map(labels, str(config.source)) if labels else None


def _one_an_image(step: Step, cases: Sequence[Case]) -> list[Case]:
    """Join the questions of rows about one image; rows that contradict each other are skipped."""
    joined: dict[tuple[str | None, str], Case] = {}
    for case in cases:
        first = joined.setdefault((case.split, case.id), case)
        if first is case:
            continue
        if replace(case, questions=()) != replace(first, questions=()):
            skip(step, case.id, f"{case.file_name}: a second row says otherwise of this image.")
        elif not case.questions:
            skip(step, case.id, f"{case.file_name} stands in two rows.")
        else:
            both = tuple(dict.fromkeys((*first.questions, *case.questions)))
            joined[case.split, case.id] = replace(first, questions=both)
    return list(joined.values())


def _split(
    cases: Sequence[Case], hashes: dict[str, str], config: CsvConfig
) -> tuple[list[Case], dict[str, Any]]:
    """The cases with their splits, and what the splits share."""
    given = {} if len({c.split for c in cases}) < 2 else {"as_given": find_overlap(cases, hashes)}
    grouped = group_copies(cases, hashes)
    if config.split == "official":
        if any(c.split is None for c in cases):
            raise UserError(
                f"{config.source} has no official split of all its rows. Expected train.csv and "
                "test.csv, or a column for `split`; or leave --split official out."
            )
        held = most_held_out((c.group, str(c.split)) for c in grouped)
        kept = [c for c in grouped if c.split == held[c.group]]
        if len(kept) < len(grouped):
            log.warning(
                "%d images dropped: their group is in a more held-out split",
                len(grouped) - len(kept),
            )
    else:
        once = {c.id: c for c in reversed(grouped)}
        kept = [c for c in grouped if once[c.id] is c]
        kept = split_by_group(kept, config.train, config.validation, config.seed)
    return kept, given | {"as_written": find_overlap(kept, hashes)}


def _origin(config: CsvConfig) -> Origin:
    name = config.source.resolve().name
    return Origin(
        title=name,
        licence="As its owner says.",
        reference=f"a folder of images with a table of labels, `{name}`.",
        notes="Labels are those of the table; none was guessed. Images with the same content are "
        "one group.",
    )
