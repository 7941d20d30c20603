"""`retia import octa-svr`: OCTA-100K-SVR, synthetic OCTA with lesion metadata and reasoning texts.

In:  a folder with `metadata.jsonl` (lesions, avascular zone), images, and text pairs in ShareGPT
     form, `pairs_diversified.jsonl` or `pairs.jsonl`. Positions there are `[x, y]` from 0 to 1 with
     x = row and y = column.
Out: one case an image: lesions as findings with box and place, the pairs as its questions.

Whether the texts are true is another step: `retia import check`.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from retia.errors import UserError
from retia.records import Case, Finding, Question
from retia.runs import Step, open_step
from retia.sources.imported import ImportConfig, Origin, read_json, write_imported
from retia.sources.overlap import find_overlap, group_copies
from retia.sources.pictures import Picture, clip_box, look_at
from retia.sources.splits import SPLITS, check_shares, draw, split_by_group
from retia.sources.tables import Row, or_skip, read_table
from retia.taxonomy import read_vocabulary

ORIGIN = Origin(
    title="OCTA-100K-SVR",
    licence="As its hosting page says.",
    reference="OCTA-100K-SVR: synthetic OCT angiography with vascular reasoning texts "
    "(arXiv 2512.11060), and folders of the same form.",
    notes="Lesions, their boxes and places follow from the metadata, not from the texts; boxes "
    "hold the circle that the metadata give. The texts are kept as questions and answers, as "
    "written: `retia import check` counts what the metadata contradict.",
)
PAIRS = ("pairs_diversified.jsonl", "pairs.jsonl")
LISTS = {
    "dropouts": "capillary_dropout",
    "microaneurysms": "microaneurysm",
    "neovascularization": "neovascularization",
}
"""Key of a list of lesions to kind."""
ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}


@dataclass(frozen=True, kw_only=True)
class OctaSvrConfig(ImportConfig):
    """What `retia import octa-svr` takes."""

    pairs: Path | None = None
    """File of text pairs; `pairs_diversified.jsonl`, or else `pairs.jsonl`, when left out."""
    field_mm: float = 3.0
    """Width of the field in mm."""
    train: float = 0.7
    """Share of groups for training."""
    validation: float = 0.1
    """Share of groups for choosing; the rest is for testing."""


def import_octa_svr(config: OctaSvrConfig) -> dict[str, Any]:
    """Import OCTA-100K-SVR: synthetic OCTA with lesion metadata and texts.

    Writes `metadata.jsonl`, `overlap.json` (what the splits share) and a dataset card. Images stay
    where they are.

    Returns:
        Counts of images, findings, texts and images per split.

    Raises:
        UserError: If metadata or pairs are missing, or nothing can be imported.
        ItemsFailedError: At the end, if lines, images or texts were skipped.
    """
    inputs = {"source": config.source} | ({"pairs": config.pairs} if config.pairs else {})
    with open_step("import octa-svr", config, inputs) as step:
        if step.done:
            return step.summary
        check_shares(config.train, config.validation)
        rows = read_table(step, config.source / "metadata.jsonl", ("id", "image"))
        texts = _texts(step, config, rows)
        cases, hashes = {}, {}
        for row in rows:
            with or_skip(step, row.where):
                case, picture = case_of(row, config)
                if case.id in cases:
                    raise UserError(f"{row.where}: id {case.id!r} stands there twice.")
                cases[case.id] = replace(case, questions=tuple(texts.get(case.file_name, ())))
                hashes[case.file_name] = picture.sha256
        drawn = group_copies(draw(list(cases.values()), config.limit, config.seed), hashes)
        if not all(case.split for case in drawn):
            drawn = split_by_group(drawn, config.train, config.validation, config.seed)
        overlap = {"as_written": find_overlap(drawn, hashes)}
        return write_imported(step, config.source, drawn, ORIGIN, overlap)


def case_of(row: Row, config: OctaSvrConfig) -> tuple[Case, Picture]:
    """One line of the metadata as a case, and its image.

    Raises:
        UserError: If a field is missing or of another type, or the image is missing or damaged.
    """
    values = row.values
    id, image = (_word(values, key, row.where) for key in ("id", "image"))
    picture = look_at(config.source / image, row.where)
    fovea = _pair(_part(values, "FAZ", row.where).get("center_norm"), "FAZ", row.where)
    told = dict(values)
    listed = values.get("dropout_ma_json")
    if isinstance(listed, str) and (config.source / listed).is_file():
        told |= read_json(config.source / listed)
    elif values.get("neovasc") is not None:
        told["neovascularization"] = [values["neovasc"]]
    looked_for = [kind for key, kind in LISTS.items() if key in told or key == "neovascularization"]
    findings: list[Finding] = []
    for key, kind in LISTS.items():
        lesions = told.get(key) or []
        if not isinstance(lesions, list):
            raise UserError(f"{row.where}: {key} is {lesions!r:.60}. Expected a list.")
        for lesion in lesions:
            where = f"{row.where}, {key}"
            found = _finding(lesion, kind, fovea, picture, config.field_mm, where)
            findings.append(replace(found, id=f"f{len(findings) + 1}"))
    winding = _part(_part(told, "summary", row.where, {}), "tortuosity", row.where, {})
    if isinstance(winding.get("present"), bool):
        looked_for.append("tortuosity")
        if winding["present"]:
            findings.append(
                Finding(id=f"f{len(findings) + 1}", kind="tortuosity", source="simulator")
            )
    case = Case(
        file_name=image,
        id=id,
        group=str(values.get("group") or id),
        split=_known(values, "split", SPLITS, row.where),
        modality="octa",
        mm_per_px=config.field_mm / picture.width_px,
        laterality=_known(values, "laterality", ("OD", "OS"), row.where),  # type: ignore[arg-type]
        stage=_known(values, "stage", tuple(read_vocabulary("octa").stages), row.where),
        grade=_known(values, "grade", ("mild", "moderate", "severe"), row.where),
        looked_for=tuple(looked_for),
        findings=tuple(findings),
    )
    return case, picture


def _finding(
    lesion: Any,
    kind: str,
    fovea: tuple[float, float],
    picture: Picture,
    field_mm: float,
    where: str,
) -> Finding:
    """A lesion with the box of its circle, and its place seen from the middle of the FAZ."""
    from retia.anatomy import locate

    lesion = lesion if isinstance(lesion, dict) else {}
    row, column = _pair(lesion.get("center_norm", lesion.get("center")), "center", where)
    size_mm = lesion.get("radius_mm")
    radius = lesion.get("radius_norm", lesion.get("radius"))
    if radius is None and isinstance(size_mm, (int, float)):
        radius = size_mm / field_mm
    if not isinstance(radius, (int, float)) or not radius > 0:
        raise UserError(f"{where}: radius is {radius!r:.40}. Expected a number above 0.")
    width, height = picture.width_px, picture.height_px
    box = clip_box(
        (column - radius) * width,
        (row - radius) * height,
        max(1.0, 2 * radius * width),
        max(1.0, 2 * radius * height),
        picture,
    )
    if box is None:
        raise UserError(f"{where}: the circle at {[row, column]} lies outside of the image.")
    return Finding(
        id="f",
        kind=kind,
        source="simulator",
        box_px=box,
        zone=locate((column, row), (fovea[1], fovea[0]), field_mm, None),
        values={"radius_um": 1000.0 * size_mm}
        if kind == "microaneurysm" and isinstance(size_mm, (int, float))
        else {},
    )


def _texts(step: Step, config: OctaSvrConfig, rows: list[Row]) -> dict[str, list[Question]]:
    """The questions and answers of the pairs, by image."""
    path = config.pairs or next(
        (p for name in PAIRS if (p := config.source / name).is_file()), config.source / PAIRS[0]
    )
    images = {str(row.values.get("image")) for row in rows}
    by_name = {PurePosixPath(image).name: image for image in images}
    texts: dict[str, list[Question]] = {}
    for row in read_table(step, path, ("conversations",)):
        with or_skip(step, row.where):
            image = _word(row.values, "image", row.where)
            image = image if image in images else by_name.get(PurePosixPath(image).name)
            if image is None:
                raise UserError(f"{row.where}: the metadata have no image {row.values['image']!r}.")
            texts.setdefault(image, []).extend(_questions(row))
    return texts


def _questions(row: Row) -> list[Question]:
    turns = row.values["conversations"]
    if not isinstance(turns, list) or not turns or len(turns) % 2:
        raise UserError(f"{row.where}: `conversations` is {turns!r:.60}. Expected pairs of turns.")
    said = []
    for place, turn in enumerate(turns):
        turn = turn if isinstance(turn, dict) else {}
        wanted = ("user", "assistant")[place % 2]
        if ROLES.get(str(turn.get("from", turn.get("role")))) != wanted:
            raise UserError(
                f"{row.where}, turn {place + 1}: it is from {turn.get('from')!r}. Expected "
                f"{'human' if wanted == 'user' else 'gpt'}."
            )
        text = turn.get("value", turn.get("content"))
        if not isinstance(text, str) or not text.replace("<image>", "").strip():
            raise UserError(f"{row.where}, turn {place + 1}: it is empty. Expected its words.")
        said.append(" ".join(text.replace("<image>", " ").split()))
    id = row.values.get("id")
    number = None if id is None else str(id)
    return [
        Question(text=ask, answer=reply, topic="reasoning", id=number)
        for ask, reply in zip(said[::2], said[1::2], strict=True)
    ]


def _word(values: dict[str, Any], key: str, where: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise UserError(f"{where}: `{key}` is {value!r:.60}. Expected a text.")
    return value


def _known(values: dict[str, Any], key: str, words: tuple[str, ...], where: str) -> str | None:
    value = values.get(key)
    if value is not None and value not in words:
        raise UserError(f"{where}: {key} is {value!r:.60}. Expected {', '.join(words)}.")
    return value


def _part(values: dict[str, Any], key: str, where: str, default: Any = None) -> dict[str, Any]:
    part = values.get(key, default)
    if not isinstance(part, dict):
        raise UserError(f"{where}: `{key}` is {part!r:.60}. Expected an object.")
    return part


def _pair(value: Any, key: str, where: str) -> tuple[float, float]:
    """`[row, column]`, from 0 to 1."""
    try:
        row, column = (float(v) for v in value)
    except (TypeError, ValueError):
        raise UserError(f"{where}: {key} is {value!r:.60}. Expected [row, column].") from None
    if not (math.isfinite(row) and math.isfinite(column)):
        raise UserError(f"{where}: {key} is {value!r:.60}. Expected two finite numbers.")
    return row, column
