"""`retia import octa500`: en-face OCTA of OCTA-500 (Li et al. 2024), a projection, with diagnoses.

In:  a folder with `images/<id>.png` (the projection between ILM and OPL) and `labels.csv`
     (`id, sex, laterality, age, disease`), which may leave eyes out.
Out: one case an image. `labels` holds the `disease` in the data set's words and, for normal eyes
     and those with diabetic retinopathy, `dr`: `NORMAL` or `DR`. Other diseases have no `dr`: they
     are neither. The diagnosis is asked for as a question too.
"""

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retia.errors import UserError
from retia.records import Case, Question
from retia.runs import open_step
from retia.sources.imported import ImportConfig, Origin, write_imported

ORIGIN = Origin(
    title="OCTA-500",
    licence="Open access for research; the copies carry no licence file.",
    reference="M. Li et al.: OCTA-500: a retinal dataset for optical coherence tomography "
    "angiography study. Medical Image Analysis 93, 103092 (2024).",
    notes="One eye a subject: the id is the group. Eyes without a line in `labels.csv` are kept "
    "without labels. Label `dr` holds NORMAL or DR; eyes with other diseases have none.",
)
COLUMNS = ("id", "sex", "laterality", "age", "disease")
DR = ("NORMAL", "DR")
FIELD = re.compile(r"(?<![0-9])([36])[ _-]?mm?(?![a-z])", re.IGNORECASE)
"""How the folders of the data set tell the width of their field: `OCTA_3M`, `octa500_3mm`."""


@dataclass(frozen=True, kw_only=True)
class Octa500Config(ImportConfig):
    """What `retia import octa500` takes."""

    field_mm: float | None = None
    """Width of the field in mm: 3 or 6, as the name of the folder says when left out."""


def import_octa500(config: Octa500Config) -> dict[str, Any]:
    """Import OCTA-500: en-face OCTA images with diagnosis, age, sex and laterality.

    Writes `metadata.jsonl`, `overlap.json` (what the splits share) and a dataset card. Images stay
    where they are. Splits hold their share of every disease.

    Returns:
        Counts of images, of eyes per disease and per value of `dr`, and of images per split.

    Raises:
        UserError: If the field is not known, or an image or a line of the labels is malformed.
    """
    with open_step("import octa500", config, {"source": config.source}) as step:
        if step.done:
            return step.summary
        from retia.images.folder import files_in
        from retia.images.image import SUFFIXES
        from retia.sources.overlap import find_overlap, group_copies
        from retia.sources.pictures import look_at
        from retia.sources.splits import draw
        from retia.staging.splits import assign_splits

        field_mm = config.field_mm or field_of(config.source)
        folder = config.source / "images"
        if not folder.is_dir():
            raise UserError(f"{folder} does not exist. Expected the images of OCTA-500 there.")
        known = read_labels(config.source / "labels.csv")
        cases, hashes = [], {}
        for path in files_in(folder, SUFFIXES, "image"):
            case = Case(
                file_name=f"images/{path.name}",
                id=path.stem,
                group=path.stem,
                modality="octa",
                slab="ILM-OPL",
            )
            picture = look_at(path, case.id)
            hashes[case.file_name] = picture.sha256
            known_case = replace(case, **known.get(case.id, {}))
            cases.append(replace(known_case, mm_per_px=field_mm / picture.width_px))
        cases = group_copies(draw(cases, config.limit, config.seed), hashes)
        cases = assign_splits(cases, config.seed, "disease")
        overlap = {"as_written": find_overlap(cases, hashes)}
        write_imported(step, config.source, cases, ORIGIN, overlap)
        step.summary |= {"disease": _counts(cases, "disease"), "dr": _counts(cases, "dr")}
    return step.summary


def field_of(source: Path) -> float:
    """Width of the field in mm, from the name of the folder.

    Raises:
        UserError: If the name tells none.
    """
    found = FIELD.search(Path(source).resolve().name)
    if found is None:
        raise UserError(
            f"the name of {source} does not tell the width of its field. Pass --field-mm 3 or "
            "--field-mm 6."
        )
    return float(found[1])


def read_labels(path: Path) -> dict[str, dict[str, Any]]:
    """What is known of each eye, as fields of a `Case`.

    Raises:
        UserError: If the file is missing, or naming its first malformed line.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a CSV with {', '.join(COLUMNS)}.")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise UserError(f"{path} has no column `{missing[0]}`. Expected {', '.join(COLUMNS)}.")
        return {row["id"]: _fields(row, f"{path}, id {row['id']}") for row in rows}


def _fields(row: dict[str, str], where: str) -> dict[str, Any]:
    laterality, disease = row["laterality"].strip(), row["disease"].strip().upper()
    if laterality not in ("OD", "OS"):
        raise UserError(f"{where}: laterality is {laterality!r}. Expected OD or OS.")
    try:
        age = float(row["age"])
    except ValueError:
        raise UserError(f"{where}: age is {row['age']!r}. Expected a number of years.") from None
    labels = {"disease": disease} | ({"dr": disease} if disease in DR else {})
    return {
        "laterality": laterality,
        "age": age,
        "sex": row["sex"].strip(),
        "labels": labels,
        "questions": _questions(labels),
    }


def _questions(labels: dict[str, str]) -> tuple[Question, ...]:
    """What the diagnosis answers: it names no stage, so that is not asked."""
    asked = []
    if "dr" in labels:
        reply = "yes" if labels["dr"] == "DR" else "no"
        text = "Does this eye have diabetic retinopathy?"
        asked.append(Question(text=text, answer=reply, kind="yes_no", topic="disease", id="dr"))
    text = "What is the diagnosis of this eye?"
    named = Question(text=text, answer=labels["disease"], topic="disease", id="disease")
    return (*asked, named)


def _counts(cases: list[Case], label: str) -> dict[str, int]:
    values = [c.labels.get(label, "unlabelled") for c in cases]
    return {name: values.count(name) for name in sorted(set(values))}
