"""`retia render`: the images of a cohort drawn again from its saved graphs; nothing grows.

In:  a cohort with its `graphs/`.
Out: a cohort with other images; the cases keep all that does not depend on the image.

Noise follows from the eye's own seed, so the appearance and size of the cohort give its very bytes.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.errors import UserError
from retia.runs import Step, StepConfig, open_step

if TYPE_CHECKING:
    import numpy as np

    from retia.records import Case
    from retia.synthesis.cohort.table import StoredEye

LARGEST_PX = 2432
OWNS = (
    *("images", "vessels", "faz", "lesions", "graphs"),
    *("metadata.jsonl", "contact_sheet.png", "README.md"),
)
ON_SHEET = 12


@dataclass(frozen=True, kw_only=True)
class RenderConfig(StepConfig):
    """What `retia render` takes."""

    cohort: Path
    """Folder that `retia grow` wrote; may stand without its flag: `retia render runs/cohort`."""
    appearance: Literal["learned", "noise", "plain", "gan"] = "learned"
    """How vessels become an image: learned from rendered OCTA, a physical noise model, as they are,
    or by a GAN of your own. A GAN is not local: one lesion changes every pixel, so it draws no
    twins and `retia grow` does not take it."""
    image_px: int | None = None
    """Side of the images: that of the cohort or a multiple of it; the cohort's when left out."""
    renderer: Path | None = None
    """For `learned`: folder of `retia render train`; the shipped renderer when left out."""
    gan_config: Path | None = None
    """For `gan`: configuration (YAML) of an OCTA-autosegmentation GAN; `checkpoints/` beside it."""
    gan_epoch: str = "150"
    """For `gan`: which checkpoint, a number or `best`."""
    device: str = "cpu"
    """For `gan`: where it runs, such as `cuda:0`. Bytes are the same on one kind of device only."""


def render(config: RenderConfig) -> dict[str, Any]:
    """Draw the images of a cohort again from its saved graphs.

    Writes `images/`, `vessels/`, `faz/`, `lesions/`, `graphs/`, `metadata.jsonl`, a contact sheet
    and a dataset card: a cohort like the one it reads, without its twins.

    Returns:
        Number of eyes, appearance and size of the images.

    Raises:
        UserError: If the folder holds no graphs, the size is no multiple of the cohort's, or the
            renderer cannot be loaded.
    """
    inputs = _inputs(config)
    image_px = _check_size(config)
    with open_step("render", config, inputs, owns=OWNS) as step:
        if step.done:
            return step.summary
        eyes = sum(1 for _ in _lines(config.cohort))
        tasks = ((id, Redrawing(config, line)) for id, line in _lines(config.cohort))
        step.do(redraw_eye, tasks, eyes, "drawing")
        step.summary = _assemble(step, config, image_px)
    return step.summary


@dataclass(frozen=True)
class Redrawing:
    """One eye to draw: the settings and its line of `metadata.jsonl`."""

    config: RenderConfig
    line: str


def redraw_eye(task: Redrawing, out: Path) -> None:
    """Draw one eye into a folder: image, masks and its case.

    Raises:
        UserError: If its graph is missing, or a size is asked for that masks cannot be shown at.
    """
    from retia.figures import write_png
    from retia.images.image import read_mask, write_mask
    from retia.records import Case
    from retia.records.jsonl import from_plain, to_json
    from retia.synthesis.cohort.table import read_stored_eye
    from retia.synthesis.rasterizer import draw_mask

    config = task.config
    case: Case = from_plain(Case, json.loads(task.line), f"{config.cohort}/metadata.jsonl")
    eye = read_stored_eye(config.cohort, case.id)
    times = _times(config, eye)
    image_px, mm_per_px = eye.image_px * times, eye.mm_per_px / times
    write_png(out / "images.png", _image(config, eye, image_px, mm_per_px))
    vessels = draw_mask(*eye.drawn(), image_px, mm_per_px)
    write_mask(out / "vessels.png", vessels)
    faz = eye.faz.mask(image_px, mm_per_px)
    write_mask(out / "faz.png", faz)
    for finding in case.findings:
        if finding.mask is not None:
            (out / "lesions").mkdir(exist_ok=True)
            mask = read_mask(config.cohort / finding.mask)
            write_mask(out / "lesions" / Path(finding.mask).name, _enlarged(mask, times))
    (out / "case.json").write_text(to_json(_redrawn(case, times, mm_per_px, vessels, faz)))


def _image(config: RenderConfig, eye: "StoredEye", image_px: int, mm_per_px: float) -> "np.ndarray":
    vessels, blobs = eye.drawn()
    if config.appearance == "gan":
        from retia.synthesis.appearance.gan import draw_gan

        return draw_gan(vessels, blobs, eye.seed, image_px, mm_per_px, _gan(config))
    from retia.synthesis import appearance
    from retia.synthesis.eye import texture_of

    texture = texture_of(eye.seed, image_px, mm_per_px)
    return appearance.render(
        vessels, blobs, texture, image_px, mm_per_px, config.appearance, config.renderer
    )


def _check_size(config: RenderConfig) -> int:
    """Side of the images to draw; all eyes of a cohort have the same."""
    from retia.synthesis.cohort.table import read_stored_eye

    first = next(_lines(config.cohort), None)
    if first is None:
        raise UserError(f"{config.cohort}/metadata.jsonl is empty. Expected at least one case.")
    eye = read_stored_eye(config.cohort, first[0])
    return eye.image_px * _times(config, eye)


def _times(config: RenderConfig, eye: "StoredEye") -> int:
    """How many times larger the image is to be."""
    wanted = eye.image_px if config.image_px is None else config.image_px
    if wanted % eye.image_px or not eye.image_px <= wanted <= LARGEST_PX:
        known = ", ".join(str(eye.image_px * n) for n in (1, 2, 4))
        raise UserError(
            f"image_px is {wanted} and the cohort's images have {eye.image_px}. Expected a "
            f"multiple up to {LARGEST_PX}, such as {known}: only then the masks of its lesions "
            "stay exact. For other sizes grow the cohort with that image_px."
        )
    return wanted // eye.image_px


def _enlarged(mask: "np.ndarray", times: int) -> "np.ndarray":
    return mask.repeat(times, axis=0).repeat(times, axis=1)


def _redrawn(
    case: "Case", times: int, mm_per_px: float, vessels: "np.ndarray", faz: "np.ndarray"
) -> "Case":
    """The case of the new image: boxes enlarged, what is measured on masks measured again."""
    found = {
        "faz_area_mm2": round(float(faz.sum()) * mm_per_px**2, 6),
        "vessel_density": round(float(vessels.mean()), 6),
    }
    measures = tuple(replace(m, value=found.get(m.name, m.value)) for m in case.measures)
    findings = []
    for finding in case.findings:
        if finding.box_px is not None:
            x0, y0, x1, y1 = (float(times * edge) for edge in finding.box_px)
            finding = replace(finding, box_px=(x0, y0, x1, y1))
        findings.append(finding)
    return replace(case, mm_per_px=mm_per_px, measures=measures, findings=tuple(findings))


def _inputs(config: RenderConfig) -> dict[str, Path]:
    """The files that decide what is drawn; wrong flags are refused before anything is written."""
    cohort, gan = config.cohort, config.appearance == "gan"
    for name in ("metadata.jsonl", "graphs"):
        if not (cohort / name).exists():
            raise UserError(f"{cohort} holds no {name}. Expected a cohort written by `retia grow`.")
    if gan != (config.gan_config is not None):
        raise UserError(
            f"appearance is `{config.appearance}` and gan_config is {config.gan_config}. Expected "
            "both `gan` and the file of its configuration, or neither."
        )
    if config.renderer is not None and config.appearance != "learned":
        raise UserError(
            f"renderer is {config.renderer} and appearance `{config.appearance}`. Expected "
            "`learned` with a renderer."
        )
    inputs = {"cases": cohort / "metadata.jsonl"}
    if (cohort / "run.json").is_file():
        inputs["cohort"] = cohort / "run.json"  # it stands for graphs too large to be hashed
    if config.renderer is not None:
        inputs["renderer"] = config.renderer
    if config.gan_config is not None:
        from retia.runs.config import read_yaml
        from retia.synthesis.appearance.gan import checkpoint_path, load_gan

        load_gan(_gan(config))
        settings = read_yaml(config.gan_config)
        inputs["gan_config"] = config.gan_config
        inputs["gan_weights"] = checkpoint_path(config.gan_config, settings, config.gan_epoch)
    return inputs


def _gan(config: RenderConfig) -> Any:
    from retia.synthesis.appearance.gan import Gan

    assert config.gan_config is not None
    return Gan(config=config.gan_config, epoch=config.gan_epoch, device=config.device)


def _lines(cohort: Path) -> Iterator[tuple[str, str]]:
    """Id and line of every case; a million of them are never held at once."""
    from retia.records.jsonl import iterate_jsonl

    for number, plain in iterate_jsonl(cohort / "metadata.jsonl"):
        if not isinstance(plain, dict) or not isinstance(plain.get("id"), str):
            raise UserError(f"{cohort}/metadata.jsonl, line {number}: no id. Expected a case.")
        yield plain["id"], json.dumps(plain, ensure_ascii=False)


def _assemble(step: Step, config: RenderConfig, image_px: int) -> dict[str, Any]:
    """Move what was drawn into place; may be killed and done again."""
    from retia.records import Case
    from retia.records.jsonl import from_plain
    from retia.synthesis.cohort.card import write_sheet

    count, shown = 0, []
    with step.new_file("metadata.jsonl") as part, part.open("w", encoding="utf-8") as lines:
        for id, _ in _lines(config.cohort):
            folder = step.folder(id)
            if not folder.is_dir():
                continue
            for name in ("images", "vessels", "faz"):
                _move(folder / f"{name}.png", step.out / name / f"{id}.png")
            _move(folder / "lesions", step.out / "lesions" / id)
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


def _move(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)


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
