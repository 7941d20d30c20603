"""`retia export`: samples, a cohort or a procedure in, files that other tools read out.

One file a dialect of samples (`dialects/`). Image paths are relative to the output folder; `--pack`
copies the images into it. Layouts of whole cohorts are written in `retia.synthesis`.
"""

import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from retia.errors import UserError
from retia.records import Sample, read_samples
from retia.runs import Step, StepConfig, open_step

log = logging.getLogger("retia")

Format = Literal[
    "trl",
    "llava",
    "sharegpt",
    "llama-factory",
    "ms-swift",
    "cfproxy",
    "octa-svr",
    "surgical-agents",
]
PAIRS = "pairs.jsonl"
LINES = ("trl", "ms-swift")
"""Formats of JSON Lines; those of conversations are JSON lists."""


@dataclass(frozen=True, kw_only=True)
class ExportConfig(StepConfig):
    """What `retia export` takes."""

    samples: Path | None = None
    """Folder of samples, as `retia write` writes it."""
    cases: Path | None = None
    """For `octa-svr`: a cohort, as `retia grow` or `retia render` writes it."""
    procedure: str | None = None
    """For `surgical-agents`: name of a surgical procedure, or path of its YAML file."""
    format: Format
    """Whose files. Of samples: TRL, LLaVA, ShareGPT, LLaMA-Factory (with description, training
    YAML and launch script), ms-swift, or `cfproxy`, the medical-VQA source's SFT and GRPO files.
    Of a cohort: the whole layout of OCTA-SVR with its pairs of text. Of a procedure: agents and
    prompts for the surgical agent framework."""
    stage: Literal["stage1", "stage2", "grpo"] | None = None
    """Only samples of this round of tuning; all when left out."""
    split: str | None = None
    """Only samples of this split; all, in one file each, when left out."""
    pack: bool = False
    """Copy the images beside the files, so that the folder can be moved."""
    base_model: str = "Qwen/Qwen2.5-VL-7B-Instruct"
    """For `llama-factory`: name or folder of the model that its training YAML tunes."""
    template: str = "qwen2_vl"
    """For `llama-factory`: its name of that model's chat template."""
    pan: float = 0.075
    """For `octa-svr`: the view pans by up to this share of its side; 0 shows the whole field."""


def export(config: ExportConfig) -> dict[str, Any]:
    """Write samples or a cohort as other tools read them.

    Writes of samples one file a split, and what the tool needs beside it; of a cohort what
    `retia.synthesis.octa_svr` says, and `pairs.jsonl`; of a procedure agents and prompts.

    Returns:
        Rows per file; of a cohort the number of samples; of a procedure the files.

    Raises:
        UserError: If no sample is left, an image is missing, a text holds `<image>`, which
            those tools would take for a picture, or a flag does not go with the format.
    """
    if config.format == "octa-svr":
        return _export_cohort(config)
    if config.format == "surgical-agents":
        return _export_agents(config)
    folder = config.samples
    if folder is None or config.cases is not None or config.procedure is not None:
        raise UserError(
            f"format {config.format} is made of samples: got --samples {folder}, --cases "
            f"{config.cases}, --procedure {config.procedure}. Expected --samples alone."
        )
    with open_step("export", config, {"samples": folder}) as step:
        from retia.instructions.dialects import check_sample
        from retia.instructions.dialects.files import write_rows, write_text

        if step.done:
            return step.summary
        samples = _chosen(folder, config)
        for sample in samples:
            check_sample(sample)
        places = _places(samples, folder, config.out, config.pack)
        moved = [replace(s, images=tuple(places[name] for name in s.images)) for s in samples]
        files, left_out = _rows(moved, config)
        texts = _texts(list(files), moved, config)
        # Everything is known to be right by now: nothing half-written is left behind.
        if config.pack:
            _copy_images(places, folder, config.out)
        for file, own in files.items():
            write_rows(step.out / file, own)
        for file, text in texts.items():
            write_text(step.out / file, text)
        rows = {file: len(own) for file, own in files.items()}
        step.summary = {"rows": rows} | ({"left_out": left_out} if left_out else {})
        log.info("export: %d rows for %s in %s", sum(rows.values()), config.format, step.out)
        if left_out:
            log.warning("export: %d samples have no place in %s", left_out, config.format)
    return step.summary


def _rows(
    samples: Sequence[Sample], config: ExportConfig
) -> tuple[dict[str, list[dict[str, Any]]], int]:
    """Rows per file, and how many samples have no place in any."""
    from retia.instructions import dialects

    if config.format == "cfproxy":
        files, left_out = dialects.cfproxy_files(samples)
        if not files:
            raise UserError(
                "no sample has a place in the medical-VQA source's files: they hold one question "
                "with a JSON answer each. Write samples of stage1 or grpo."
            )
        return files, left_out
    suffix = ".jsonl" if config.format in LINES else ".json"
    files = {f"{stem}{suffix}": [] for stem in _file_names(samples).values()}
    for sample in samples:
        match config.format:
            case "trl":
                row = dialects.trl_row(sample)
            case "ms-swift":
                row = dialects.swift_row(sample)
            case "llava":
                row = dialects.conversation_row(sample, "image")
            case _:
                row = dialects.conversation_row(sample, "images")
        files[f"{_stem(sample.split)}{suffix}"].append(row)
    return files, 0


def _texts(files: list[str], samples: Sequence[Sample], config: ExportConfig) -> dict[str, str]:
    """What a tool needs beside the rows, by file name."""
    from retia.instructions.dialects import llama_factory_files

    if config.format != "llama-factory":
        return {}
    return llama_factory_files(files, samples, config.base_model, config.template)


def _export_agents(config: ExportConfig) -> dict[str, Any]:
    if config.procedure is None or config.samples is not None or config.cases is not None:
        raise UserError(
            f"format {config.format} is made of a procedure: got --procedure {config.procedure}, "
            f"--samples {config.samples}, --cases {config.cases}. Expected --procedure alone, "
            "such as cholecystectomy."
        )
    from retia.taxonomy import procedure_path, read_procedure

    procedure = read_procedure(config.procedure)
    with open_step("export", config, {"procedure": procedure_path(config.procedure)}) as step:
        if step.done:
            return step.summary
        from retia.instructions.dialects.files import write_text
        from retia.instructions.surgical.agents import surgical_agents_files

        files = surgical_agents_files(procedure)
        for file, text in files.items():
            write_text(step.out / file, text)
        step.summary = {"files": sorted(files)}
        log.info("export: %d files for %s in %s", len(files), config.format, step.out)
    return step.summary


def _export_cohort(config: ExportConfig) -> dict[str, Any]:
    cases, others = config.cases, (config.samples, config.stage, config.procedure)
    if cases is None or config.pack or any(other is not None for other in others):
        raise UserError(
            f"format {config.format} is made of a cohort: got --cases {cases}, --samples "
            f"{config.samples}, --stage {config.stage}, --procedure {config.procedure}, --pack "
            f"{config.pack}. Expected --cases, and --split or --pan if wanted."
        )
    from retia.synthesis.octa_svr import OWNS, check_cohort, export_cohort

    check_cohort(cases, config.split, config.pan)
    # The record of the run stands for graphs that may be too large to be hashed.
    inputs = {"cases": cases / "metadata.jsonl", "cohort": cases / "run.json"}
    inputs = {key: path for key, path in inputs.items() if path.is_file()}
    with open_step("export", config, inputs, owns=(*OWNS, PAIRS)) as step:
        if step.done:
            return step.summary

        step.summary = export_cohort(step, cases, config.split, config.pan)
        step.summary["pairs"] = _write_pairs(step, cases, config)
    return step.summary


def _write_pairs(step: Step, cohort: Path, config: ExportConfig) -> int:
    """Write the pairs of image and text; return how many.

    The text says where in the view things lie. Where the exported view pans, that view is another
    picture than the text speaks of, and the pair names the cohort's own image.
    """
    import json

    from retia.instructions.eyes.text_pairs import text_pairs
    from retia.records import Case
    from retia.records.jsonl import iterate_records

    count = 0
    with step.new_file(PAIRS) as part, part.open("w", encoding="utf-8") as file:
        for case in iterate_records(cohort / "metadata.jsonl", Case):
            panned = f"images/generator_{case.id}.png"
            if config.split not in (None, case.split) or not (step.out / panned).is_file():
                continue
            whole = Path(os.path.relpath(cohort / case.file_name, step.out)).as_posix()
            named = replace(case, file_name=whole if config.pan else panned)
            file.write(json.dumps(text_pairs(named, config.seed), ensure_ascii=False) + "\n")
            count += 1
    return count


def _chosen(folder: Path, config: ExportConfig) -> list[Sample]:
    samples = read_samples(folder)
    kept = [
        s
        for s in samples
        if config.stage in (None, s.stage) and config.split in (None, str(s.split))
    ]
    if not kept:
        stages = ", ".join(sorted({s.stage for s in samples})) or "none"
        splits = ", ".join(sorted({str(s.split) for s in samples})) or "none"
        raise UserError(
            f"{folder} holds no sample of stage {config.stage} and split {config.split}. "
            f"It holds stages {stages} and splits {splits}."
        )
    return kept


def _places(samples: Sequence[Sample], folder: Path, out: Path, pack: bool) -> dict[str, str]:
    """Per image where it will be, relative to the output folder.

    Raises:
        UserError: If an image is missing.
    """
    out = out.resolve()
    places: dict[str, str] = {}
    for sample in samples:
        for number, name in enumerate(sample.images):
            if name in places:
                continue
            source = (folder / name).resolve()
            if not source.is_file():
                raise UserError(
                    f"sample {sample.id}: its image {source} does not exist. Put it there, or "
                    "write the samples again."
                )
            if pack:
                # Named after the case, which has an id of its own; sources may share file names.
                suffix = f"-{number}" if number else ""
                places[name] = f"images/{sample.case}{suffix}{source.suffix.lower()}"
            else:
                places[name] = Path(os.path.relpath(source, out)).as_posix()
    return places


def _copy_images(places: dict[str, str], folder: Path, out: Path) -> None:
    (out / "images").mkdir(parents=True, exist_ok=True)
    for name, place in places.items():
        shutil.copyfile(folder / name, out / place)


def _file_names(samples: Sequence[Sample]) -> dict[str, str]:
    """Per split the stem of its file."""
    return {str(s.split): _stem(s.split) for s in samples}


def _stem(split: str | None) -> str:
    """`all` where samples have no split."""
    return "all" if split is None else split
