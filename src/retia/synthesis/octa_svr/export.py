"""A cohort as OCTA-SVR lays its data set out.

In:  a cohort with its `graphs/`.
Out: `vessel_graphs/<id>/`, `images/`, `records_graphs.jsonl`, `metadata.jsonl`, `README.md`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.errors import UserError
from retia.records import Case
from retia.records.jsonl import from_plain, iterate_jsonl
from retia.runs import Step

if TYPE_CHECKING:
    from retia.synthesis.cohort.table import StoredEye

OWNS = ("vessel_graphs", "images", "records_graphs.jsonl", "metadata.jsonl", "README.md")
"""What the step writes in its folder."""

GRAPHS = "vessel_graphs"


@dataclass(frozen=True)
class EyeTask:
    """One eye to export: its cohort, its line of `metadata.jsonl`, the largest pan."""

    cohort: Path
    line: str
    pan: float


def check_cohort(cohort: Path, split: str | None, pan: float) -> None:
    """Refuse what cannot be exported, before anything is written.

    Raises:
        UserError: If the folder is no cohort with graphs, no eye is in the split, or the pan is
            too wide.
    """
    from retia.synthesis.octa_svr.frame import check_pan

    check_pan(pan)
    for name in ("metadata.jsonl", "graphs"):
        if not (cohort / name).exists():
            raise UserError(
                f"{cohort} holds no {name}. Expected a cohort of `retia grow` or `retia render`."
            )
    if next(_lines(cohort, split), None) is None:
        raise UserError(f"{cohort} holds no eye of split {split!r}. Expected one of its splits.")


def export_cohort(step: Step, cohort: Path, split: str | None, pan: float) -> dict[str, Any]:
    """Write a cohort in the layout of OCTA-SVR.

    Args:
        step: The running step.
        cohort: Folder that `retia grow` or `retia render` wrote.
        split: Only eyes of this split; all if None.
        pan: Largest pan of the view, in sides of the frame.

    Returns:
        Number of samples.
    """
    from retia.synthesis.octa_svr.card import card

    total = sum(1 for _ in _lines(cohort, split))
    lines = ((id, EyeTask(cohort.absolute(), line, pan)) for id, line in _lines(cohort, split))
    step.do(export_eye, lines, total, "exporting")
    ids = [id for id, _ in _lines(cohort, split) if step.folder(id).is_dir()]
    for name in ("records_graphs.jsonl", "metadata.jsonl"):
        with step.new_file(name) as part, part.open("w", encoding="utf-8") as file:
            for id in ids:
                file.write((step.folder(id) / name).read_text(encoding="utf-8"))
    for id in ids:
        for inner in (f"{GRAPHS}/{id}", f"images/M_{id}.png", f"images/generator_{id}.png"):
            source, target = step.folder(id) / inner, step.out / inner
            if source.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                source.rename(target)
    with step.new_file("README.md") as part:
        part.write_text(card(len(ids), pan), encoding="utf-8")
    return {"samples": len(ids)}


def export_eye(task: EyeTask, out: Path) -> None:
    """Write the files of one eye below a folder, where the data set has them."""
    import yaml

    from retia.figures import write_png
    from retia.images import read_image, read_mask
    from retia.synthesis.cohort.table import read_stored_eye
    from retia.synthesis.graph_csv import write_graph_csv
    from retia.synthesis.octa_svr.frame import draw_frame
    from retia.synthesis.octa_svr.pictures import draw_maps, draw_pathology
    from retia.synthesis.octa_svr.records import (
        graph_record,
        metadata_record,
        pathology_json,
        pathology_yaml,
        sample_config,
        shown_in,
    )

    case: Case = from_plain(Case, json.loads(task.line), f"{task.cohort}/metadata.jsonl")
    eye = read_stored_eye(task.cohort, case.id)
    rng = np.random.default_rng([eye.seed, 3])
    frame = draw_frame(rng, eye.image_px, eye.mm_per_px, task.pan)
    masks = {f.id: read_mask(task.cohort / f.mask) for f in case.findings if f.mask}
    sample = shown_in(frame, case, masks, eye.faz)
    folder = out / GRAPHS / case.id
    folder.mkdir(parents=True)
    write_graph_csv(folder / f"{case.id}.csv", eye.drawn()[0], _field_mm(eye))
    maps = draw_maps(eye)
    for name in ("art_ven_img_gray", "art_img_gray", "ven_img_gray"):
        write_png(folder / f"{name}.png", maps[name])
    overlay = frame.crop(maps["pathology_overlay_white"])
    write_png(folder / "art_ven_img_gray_panned.png", frame.crop(maps["art_ven_img_gray"]))
    write_png(folder / "pathology_overlay_white.png", overlay)
    write_png(folder / "pathology_vis.png", draw_pathology(overlay, sample))
    scan = read_image(task.cohort / case.file_name).pixels
    (out / "images").mkdir()
    write_png(out / "images" / f"M_{case.id}.png", overlay)
    write_png(out / "images" / f"generator_{case.id}.png", frame.crop(scan))
    pathology = pathology_json(sample)
    (folder / "dropout_ma.json").write_text(json.dumps(pathology))
    tables = {
        "pathology.yml": pathology_yaml(sample),
        "config.yml": sample_config(sample, eye.seed, _field_mm(eye)),
    }
    for name, table in tables.items():
        (folder / name).write_text(yaml.safe_dump(table, sort_keys=False))
    record = graph_record(sample, f"{GRAPHS}/{case.id}", pathology)
    (out / "records_graphs.jsonl").write_text(json.dumps(record) + "\n")
    (out / "metadata.jsonl").write_text(json.dumps(metadata_record(sample, record)) + "\n")


def _field_mm(eye: "StoredEye") -> float:
    return eye.image_px * eye.mm_per_px


def _lines(cohort: Path, split: str | None) -> Iterator[tuple[str, str]]:
    """Id and line of every case of a split."""
    for number, plain in iterate_jsonl(cohort / "metadata.jsonl"):
        if not isinstance(plain, dict) or not isinstance(plain.get("id"), str):
            raise UserError(f"{cohort}/metadata.jsonl, line {number}: no id. Expected a case.")
        if split in (None, plain.get("split")):
            yield plain["id"], json.dumps(plain, ensure_ascii=False)
