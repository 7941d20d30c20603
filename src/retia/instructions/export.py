"""`retia export`: samples or a cohort in, files that other tools read out.

One function a dialect of samples (`dialects.py`). Image paths are relative to the output folder;
`--pack` copies the images into it. Layouts of whole cohorts are written in `retia.synthesis`.
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
from retia.runs import StepConfig, open_step

log = logging.getLogger("retia")

Format = Literal["trl", "llava", "sharegpt", "llama-factory", "octa-svr"]
OF_CASES = ("octa-svr",)
"""Formats that are made of a cohort; the others are made of samples."""


@dataclass(frozen=True, kw_only=True)
class ExportConfig(StepConfig):
    """What `retia export` takes."""

    samples: Path | None = None
    """Folder of samples, as `retia write` writes it."""
    cases: Path | None = None
    """For `octa-svr`: a cohort, as `retia grow` or `retia render` writes it."""
    format: Format
    """Whose files: TRL, LLaVA, ShareGPT, LLaMA-Factory (ShareGPT with `dataset_info.json`), or of a
    cohort the whole layout of OCTA-SVR."""
    stage: Literal["stage1", "stage2", "grpo"] | None = None
    """Only samples of this round of tuning; all when left out."""
    split: str | None = None
    """Only samples of this split; all, in one file each, when left out."""
    pack: bool = False
    """Copy the images beside the files, so that the folder can be moved."""
    pan: float = 0.075
    """For `octa-svr`: the view pans by up to this share of its side; 0 shows the whole field."""


def export(config: ExportConfig) -> dict[str, Any]:
    """Write samples or a cohort as other tools read them.

    Writes of samples one file a split, and `dataset_info.json` for LLaMA-Factory; of a cohort
    what `retia.synthesis.octa_svr` says.

    Returns:
        Rows per file; of a cohort the number of samples.

    Raises:
        UserError: If no sample is left, an image is missing, a text holds `<image>`, which
            those tools would take for a picture, or a flag does not go with the format.
    """
    if config.format in OF_CASES:
        return _export_cohort(config)
    folder = config.samples
    if folder is None or config.cases is not None:
        raise UserError(
            f"format {config.format} is made of samples: got --samples {folder}, --cases "
            f"{config.cases}. Expected --samples alone."
        )
    with open_step("export", config, {"samples": folder}) as step:
        from retia.instructions.dialects import FILE_SUFFIX, dataset_info, to_row, write_rows
        from retia.runs.step import write_json

        if step.done:
            return _earlier(step.out)
        samples = _chosen(folder, config)
        places = _places(samples, folder, config.out, config.pack)
        moved = [replace(s, images=tuple(places[name] for name in s.images)) for s in samples]
        files = {
            f"{name}{FILE_SUFFIX[config.format]}": [
                to_row(s, config.format) for s in moved if str(s.split) == split
            ]
            for split, name in _file_names(moved).items()
        }
        # Everything is known to be right by now: nothing half-written is left behind.
        if config.pack:
            _copy_images(places, folder, config.out)
        for file, own in files.items():
            write_rows(step.out / file, own)
        rows = {file: len(own) for file, own in files.items()}
        if config.format == "llama-factory":
            write_json(step.out / "dataset_info.json", dataset_info(list(files)))
        step.summary = {"rows": rows}
        log.info("export: %d rows for %s in %s", sum(rows.values()), config.format, step.out)
    return {"rows": rows}


def _export_cohort(config: ExportConfig) -> dict[str, Any]:
    cases = config.cases
    if cases is None or config.samples is not None or config.stage is not None or config.pack:
        raise UserError(
            f"format {config.format} is made of a cohort: got --cases {cases}, --samples "
            f"{config.samples}, --stage {config.stage}, --pack {config.pack}. Expected --cases, "
            "and --split or --pan if wanted."
        )
    from retia.synthesis.octa_svr import OWNS, check_cohort, export_cohort

    check_cohort(cases, config.split, config.pan)
    # The record of the run stands for graphs that may be too large to be hashed.
    inputs = {"cases": cases / "metadata.jsonl", "cohort": cases / "run.json"}
    inputs = {key: path for key, path in inputs.items() if path.is_file()}
    with open_step("export", config, inputs, owns=OWNS) as step:
        if step.done:
            return step.summary

        step.summary = export_cohort(step, cases, config.split, config.pan)
    return step.summary


def _earlier(out: Path) -> dict[str, Any]:
    import json

    return json.loads((out / "run.json").read_text(encoding="utf-8"))["summary"]


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
    """Per split the stem of its file; `all` where samples have no split."""
    splits = list(dict.fromkeys(str(s.split) for s in samples))
    return {split: "all" if split == "None" else split for split in splits}
