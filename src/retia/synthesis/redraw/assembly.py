"""From drawn eyes to a cohort: pictures are moved into place, graphs are taken along."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retia.atomic import move_once
from retia.errors import UserError
from retia.runs import Step
from retia.synthesis.redraw.settings import RenderConfig

ON_SHEET = 12
"""Eyes on the contact sheet."""


def lines_of(cohort: Path) -> Iterator[tuple[str, str]]:
    """Id and line of every case; a million of them are never held at once."""
    from retia.records.jsonl import iterate_jsonl

    for number, plain in iterate_jsonl(cohort / "metadata.jsonl"):
        if not isinstance(plain, dict) or not isinstance(plain.get("id"), str):
            raise UserError(f"{cohort}/metadata.jsonl, line {number}: no id. Expected a case.")
        yield plain["id"], json.dumps(plain, ensure_ascii=False)


def assemble(step: Step, config: RenderConfig, image_px: int) -> dict[str, Any]:
    """Move what was drawn into place; may be killed and done again."""
    from retia.records import Case
    from retia.records.jsonl import from_plain
    from retia.synthesis.cohort.card import write_sheet

    count, shown = 0, []
    with step.new_file("metadata.jsonl") as part, part.open("w", encoding="utf-8") as lines:
        for id, _ in lines_of(config.cohort):
            folder = step.folder(id)
            if not folder.is_dir():
                continue
            for name in ("images", "vessels", "faz"):
                move_once(folder / f"{name}.png", step.out / name / f"{id}.png")
            move_once(folder / "lesions", step.out / "lesions" / id)
            line = (folder / "case.json").read_text(encoding="utf-8")
            lines.write(line + "\n")
            count += 1
            if count <= ON_SHEET:
                shown.append(from_plain(Case, json.loads(line), id))
    _write_graphs(step, config)
    write_sheet(step, shown)
    with step.new_file("README.md") as part:
        part.write_text(_card(config, count, image_px), encoding="utf-8")
    return {"eyes": count, "appearance": config.appearance, "image_px": image_px}


def _write_graphs(step: Step, config: RenderConfig) -> None:
    """The graphs of the cohort: the same files, but for size and scale of the images."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from retia.synthesis.cohort.table import FOLDER, write_table

    for path in sorted((config.cohort / FOLDER).glob("*.parquet")):
        with step.new_file(f"{FOLDER}/{path.name}") as part:
            part.unlink(missing_ok=True)
            if config.image_px is None or not path.name.startswith("eyes-"):
                _link(path, part)
                continue
            table = pq.read_table(path)
            old_px = table["image_px"].to_pylist()
            old_mm = table["mm_per_px"].to_pylist()
            new = {
                "image_px": [config.image_px] * len(old_px),
                "mm_per_px": [
                    mm / (config.image_px // px) for mm, px in zip(old_mm, old_px, strict=True)
                ],
            }
            for name, values in new.items():
                column = pa.array(values, table.schema.field(name).type)
                table = table.set_column(table.schema.get_field_index(name), name, column)
            write_table(part, [table])


def _link(source: Path, target: Path) -> None:
    """The same file under another name where the disk can do that, else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _card(config: RenderConfig, count: int, image_px: int) -> str:
    from retia.disclaimer import DISCLAIMER

    why = "."
    if config.appearance == "gan":
        why = ": this renderer looks at whole images, so one lesion changes every pixel."
    return f"""---
license: mit
pretty_name: Grown OCTA eyes, drawn again
tags: [medical, ophthalmology, OCTA, synthetic]
configs:
  - config_name: default
    data_files: [{{split: all, path: metadata.jsonl}}]
---
# Grown OCTA eyes, drawn again

{DISCLAIMER}

{count} synthetic eyes of {image_px} px, drawn by `retia render` with the appearance
`{config.appearance}` from the graphs of a cohort that `retia grow` wrote. Vessels, lesions, stages
and splits are those of that cohort. Vessel and FAZ masks were drawn at this size, lesion masks
enlarged pixel by pixel. There are no twins here{why}
"""
