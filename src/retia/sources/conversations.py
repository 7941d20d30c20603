"""`retia import samples`: conversations of other tools as samples.

In:  a JSON list or JSON Lines, and the images it names.
Out: `samples.jsonl`. A row that is not understood is left out, named and counted; nothing is
     guessed.

Rows may be LLaVA's or ShareGPT's (`conversations` of `{from, value}`), of TRL or ms-swift
(`messages` of `{role, content}`), or the medical-VQA source's (`instruction, output, image`, or
`question, answer, image`). `human` and `user` ask; `gpt` and `assistant` answer. What
`retia export` writes into `meta` is read back.
"""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from retia.errors import UserError
from retia.records import Gold, Message, Part, Sample, write_samples
from retia.records.jsonl import from_plain
from retia.runs import Step, StepConfig, open_step
from retia.sources.turns import IMAGE, question_and_answer, turns_of

log = logging.getLogger("retia")

STAGES = ("stage1", "stage2", "grpo")
IMAGE_KEYS = ("image", "images", "image_path", "img_name", "image_name")


@dataclass(frozen=True, kw_only=True)
class SamplesConfig(StepConfig):
    """What `retia import samples` takes."""

    source: Path
    """The file: a JSON list, or JSON Lines."""
    images: Path | None = None
    """Folder that the file's image paths are relative to; the file's own when left out."""
    modality: str | None = None
    """Name of the vocabulary, such as `radiology`, of rows that do not tell theirs in `meta`."""
    split: str | None = None
    """Split of rows that do not tell theirs; none when left out."""
    stage: Literal["stage1", "stage2", "grpo"] = "stage2"
    """Round of tuning of rows that do not tell theirs."""


def import_samples(config: SamplesConfig) -> dict[str, Any]:
    """Import conversations of other tools (LLaVA, ShareGPT, TRL, question rows) as samples.

    Writes `samples.jsonl`; image paths are made relative to its folder, images stay where they
    are. `failures.jsonl` names every row that was left out, with its reason.

    Returns:
        Counts of samples and of rows left out.

    Raises:
        UserError: If the file cannot be read, or no row of it is understood.
        ItemsFailedError: At the end, if some rows were left out.
    """
    with open_step("import samples", config, {"source": config.source}) as step:
        if step.done:
            return step.summary
        if config.modality is not None:
            from retia.taxonomy import read_vocabulary

            read_vocabulary(config.modality)
        samples = list(_read(step, config))
        if not samples:
            reason = step.failures[0]["error"] if step.failures else "it is empty"
            raise UserError(f"{config.source}: no row can be read as a sample. First: {reason}")
        write_samples(step.out, samples)
        step.summary = {"samples": len(samples), "left_out": len(step.failures)}
        log.info("import samples: %d rows, %d left out", len(samples), len(step.failures))
    return step.summary


def _read(step: Step, config: SamplesConfig) -> Iterator[Sample]:
    seen: set[str] = set()
    for number, row in _rows(config.source):
        where = f"row {number}"
        try:
            if isinstance(row, UserError):
                raise row
            sample = to_sample(row, str(number), config)
            if sample.id in seen:
                raise UserError(f"id {sample.id!r} stands in an earlier row. Expected its own.")
        except UserError as error:
            log.warning("%s left out: %s", where, error)
            step.failures.append({"id": where, "error": f"{where}: {error}"})
            continue
        seen.add(sample.id)
        yield sample


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    """Rows by number; a broken line is its error.

    Raises:
        UserError: If the file is missing, or is no text.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a JSON list or JSON Lines there.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no UTF-8 text ({error}). Expected JSON.") from None
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None  # not one value: one a line
    if isinstance(whole, list):
        yield from enumerate(whole, 1)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                yield number, UserError(f"no valid JSON ({error}).")


def to_sample(row: Any, number: str, config: SamplesConfig) -> Sample:
    """One row as a sample.

    Args:
        row: The parsed JSON value.
        number: Its id where it tells none.
        config: What rows do not tell of themselves.

    Raises:
        UserError: If it is not understood, or its image is missing.
    """
    if not isinstance(row, dict):
        raise UserError(f"{row!r:.60} is no conversation. Expected an object.")
    names = _image_names(row)
    turns = turns_of(row) if "conversations" in row or "messages" in row else None
    gold: Gold | None = None
    if turns is None:
        turns, gold = question_and_answer(row, len(names))
    places = sum(text.count(IMAGE) for _, text in turns)
    if places != len(names):
        raise UserError(f"{len(names)} images, but {IMAGE} stands {places} times.")
    told = row.get("meta")
    meta: dict[str, Any] = told if isinstance(told, dict) else {}
    messages = tuple(_message(role, text) for role, text in turns)
    modality = meta.get("modality") or config.modality
    if modality is None:
        raise UserError("no modality is told. Expected `meta.modality`, or pass --modality.")
    stage = meta.get("stage") or config.stage
    if stage not in STAGES:
        raise UserError(f"stage is {stage!r}. Expected {', '.join(STAGES)}.")
    split = meta.get("split") or row.get("split") or config.split
    id = str(row.get("id", number))
    case = str(meta.get("case") or (Path(names[0]).stem if names else id))
    return Sample(
        id=id,
        case=case,
        group=str(meta.get("group") or row.get("video_id") or case),
        images=tuple(_found(name, config) for name in names),
        messages=_with_gold(messages, meta, gold),
        stage=stage,
        split=None if split in (None, "None") else str(split),
        modality=str(modality),
        meta={"kind": str(meta["kind"])} if meta.get("kind") else {},
    )


def _image_names(row: dict[str, Any]) -> list[str]:
    key = next((key for key in IMAGE_KEYS if row.get(key)), None)
    if key is None:
        return []
    names = row[key] if isinstance(row[key], list) else [row[key]]
    for name in names:
        if not isinstance(name, str):
            raise UserError(f"`{key}` is {name!r:.60}. Expected the path of an image.")
    return names


def _found(name: str, config: SamplesConfig) -> str:
    """Path of an image as seen from the output folder."""
    path = (config.images or config.source.parent) / name
    # The source writes whole images as text where a path belongs: no name is that long.
    if len(name) > 1000 or not path.is_file():
        raise UserError(
            f"its image {str(path)[:200]} does not exist. Put it there, or pass --images."
        )
    return Path(os.path.relpath(path.resolve(), config.out.resolve())).as_posix()


def _message(role: Literal["system", "user", "assistant"], text: str) -> Message:
    pictures = (Part(type="image"),) * text.count(IMAGE)
    plain = text.replace(IMAGE, "").strip()
    return Message(role=role, content=(*pictures, Part(type="text", text=plain)))


def _with_gold(
    messages: tuple[Message, ...], meta: dict[str, Any], gold: Gold | None
) -> tuple[Message, ...]:
    """Messages with the gold answers and kinds that the row tells.

    Raises:
        UserError: If there are not as many as answers, or one is malformed.
    """
    answers = [m for m in messages if m.role == "assistant"]
    golds: list[Gold | None] = [gold] * len(answers)
    if meta.get("gold"):
        try:
            plain = json.loads(meta["gold"])
        except (TypeError, ValueError):
            raise UserError(f"`meta.gold` is {meta['gold']!r:.60}. Expected JSON.") from None
        golds = [from_plain(Gold, g, "`meta.gold`") if g else None for g in plain]
    kinds = meta.get("question_kinds") or [""] * len(answers)
    if len(golds) != len(answers) or len(kinds) != len(answers):
        raise UserError(
            f"`meta` tells {len(golds)} gold answers and {len(kinds)} kinds of {len(answers)} "
            "answers. Expected one each."
        )
    told = iter(zip(golds, kinds, strict=True))
    full = []
    for message in messages:
        if message.role == "assistant":
            right, kind = next(told)
            message = replace(message, gold=right, question_kind=kind or None)
        full.append(message)
    return tuple(full)
