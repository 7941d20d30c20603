"""`retia export`: samples in, files that other training tools read out.

One function a dialect (`dialects.py`). Image paths are relative to the output folder; `--pack`
copies the images into it.
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

Format = Literal["trl", "llava", "sharegpt", "llama-factory"]


@dataclass(frozen=True, kw_only=True)
class ExportConfig(StepConfig):
    """What `retia export` takes."""

    samples: Path
    """Folder of samples, as `retia write` writes it."""
    format: Format
    """Whose files: TRL, LLaVA, ShareGPT, or LLaMA-Factory (ShareGPT with `dataset_info.json`)."""
    stage: Literal["stage1", "stage2", "grpo"] | None = None
    """Only samples of this round of tuning; all when left out."""
    split: str | None = None
    """Only samples of this split; all, in one file each, when left out."""
    pack: bool = False
    """Copy the images beside the files, so that the folder can be moved."""


def export(config: ExportConfig) -> dict[str, Any]:
    """Write samples as other training tools read them.

    Writes one file a split, and `dataset_info.json` for LLaMA-Factory.

    Returns:
        Rows per file.

    Raises:
        UserError: If no sample is left, an image is missing, or a text holds `<image>`, which
            those tools would take for a picture.
    """
    with open_step("export", config, {"samples": config.samples}) as step:
        from retia.instructions.dialects import FILE_SUFFIX, dataset_info, to_row, write_rows
        from retia.runs.step import write_json

        if step.done:
            return _earlier(step.out)
        samples = _chosen(config)
        places = _places(samples, config)
        moved = [replace(s, images=tuple(places[name] for name in s.images)) for s in samples]
        files = {
            f"{name}{FILE_SUFFIX[config.format]}": [
                to_row(s, config.format) for s in moved if str(s.split) == split
            ]
            for split, name in _file_names(moved).items()
        }
        # Everything is known to be right by now: nothing half-written is left behind.
        if config.pack:
            _copy_images(places, config)
        for file, own in files.items():
            write_rows(step.out / file, own)
        rows = {file: len(own) for file, own in files.items()}
        if config.format == "llama-factory":
            write_json(step.out / "dataset_info.json", dataset_info(list(files)))
        step.summary = {"rows": rows}
        log.info("export: %d rows for %s in %s", sum(rows.values()), config.format, step.out)
    return {"rows": rows}


def _earlier(out: Path) -> dict[str, Any]:
    import json

    return json.loads((out / "run.json").read_text(encoding="utf-8"))["summary"]


def _chosen(config: ExportConfig) -> list[Sample]:
    samples = read_samples(config.samples)
    kept = [
        s
        for s in samples
        if config.stage in (None, s.stage) and config.split in (None, str(s.split))
    ]
    if not kept:
        stages = ", ".join(sorted({s.stage for s in samples})) or "none"
        splits = ", ".join(sorted({str(s.split) for s in samples})) or "none"
        raise UserError(
            f"{config.samples} holds no sample of stage {config.stage} and split {config.split}. "
            f"It holds stages {stages} and splits {splits}."
        )
    return kept


def _places(samples: Sequence[Sample], config: ExportConfig) -> dict[str, str]:
    """Per image where it will be, relative to the output folder.

    Raises:
        UserError: If an image is missing.
    """
    out = config.out.resolve()
    places: dict[str, str] = {}
    for sample in samples:
        for number, name in enumerate(sample.images):
            if name in places:
                continue
            source = (config.samples / name).resolve()
            if not source.is_file():
                raise UserError(
                    f"sample {sample.id}: its image {source} does not exist. Put it there, or "
                    "write the samples again."
                )
            if config.pack:
                # Named after the case, which has an id of its own; sources may share file names.
                suffix = f"-{number}" if number else ""
                places[name] = f"images/{sample.case}{suffix}{source.suffix.lower()}"
            else:
                places[name] = Path(os.path.relpath(source, out)).as_posix()
    return places


def _copy_images(places: dict[str, str], config: ExportConfig) -> None:
    (config.out / "images").mkdir(parents=True, exist_ok=True)
    for name, place in places.items():
        shutil.copyfile(config.samples / name, config.out / place)


def _file_names(samples: Sequence[Sample]) -> dict[str, str]:
    """Per split the stem of its file; `all` where samples have no split."""
    splits = list(dict.fromkeys(str(s.split) for s in samples))
    return {split: "all" if split == "None" else split for split in splits}
