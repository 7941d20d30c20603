"""`retia import idrid`: IDRiD (Porwal et al. 2018), fundus photographs with grades and lesions.

In:  a folder with `grading/` (`images/`, and `labels.csv` with image, dr_grade and
     macular_edema_risk) and `lesions/` (`images/`, and masks of the same size and name in
     `microaneurysms/`, `haemorrhages/`, `hard_exudates/`, `soft_exudates/`, `optic_disc/`);
     either may be absent.
Out: one case an image. The grade is the stage; each connected part of a lesion mask is a finding
     with its box, mask, area and, where the disc tells the side of the eye, its quadrant.

Most photographs with lesion masks are also among the graded ones, in another size. They are found
by their look: such a pair is one group, and the lesions get the grade of their eye.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from retia.errors import UserError
from retia.records import Case, Finding, Zone
from retia.runs import Step, open_step
from retia.sources.imported import ImportConfig, Origin, write_imported
from retia.sources.label_maps import ICDR
from retia.sources.overlap import find_overlap, group_copies, join_groups
from retia.sources.pictures import look_at
from retia.sources.splits import draw
from retia.sources.tables import or_skip, read_table

ORIGIN = Origin(
    title="IDRiD",
    licence="CC BY 4.0.",
    reference="P. Porwal, S. Pachade, R. Kamble, M. Kokare, G. Deshmukh, V. Sahasrabuddhe, "
    "F. Meriaudeau: Indian Diabetic Retinopathy Image Dataset (IDRiD): a database for diabetic "
    "retinopathy screening research. Data 3(3), 25 (2018).",
    notes="Stages follow the grades of the International Clinical Diabetic Retinopathy scale: 0 "
    "healthy, 1 to 3 mild, moderate and severe NPDR, 4 PDR. `macular_oedema_risk` is 0, 1 or 2 as "
    "published. Photographs that are in both parts in different sizes, or twice in one, were found "
    "by their look and are one group. Left or right eye and quadrants are not annotated: they "
    "follow from the annotated optic disc, where it lies clearly beside the middle; lesions within "
    "a quarter of a disc's width of the lines between two quadrants have none.",
)
COLUMNS = ("image", "dr_grade", "macular_edema_risk")
RISKS = ("0", "1", "2")
LESIONS = {
    "microaneurysms": "microaneurysm",
    "haemorrhages": "haemorrhage",
    "hard_exudates": "hard_exudate",
    "soft_exudates": "soft_exudate",
}
"""Folder of masks to kind; an image without a mask there has none of that kind."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")

DISC_TO_FOVEA = (2.5, 0.3)
"""From the centre of the disc to the fovea, in disc diameters: to the temporal side, and down."""
OFF_CENTRE = 0.1
"""How far from the middle, in widths of the image, the disc must lie to tell the eye. Measured: 52
of 54 discs lie at least 0.12 off, the two photographs centred on the disc at most 0.04."""
MARGIN_DISCS = 0.25
LOOK = (48, 32)
SAME_LOOK = 2.0
"""Mean difference in grey levels of two thumbnails of one photograph, at most. Measured: below 1.9
for the 43 that are in both parts, above 3.0 for any two different photographs."""


@dataclass(frozen=True, kw_only=True)
class IdridConfig(ImportConfig):
    """What `retia import idrid` takes."""


def import_idrid(config: IdridConfig) -> dict[str, Any]:
    """Import IDRiD: fundus photographs with grades and lesion masks.

    Writes `metadata.jsonl`, `overlap.json` (what the splits share) and a dataset card. Images and
    masks stay where they are. Splits hold their share of every stage.

    Returns:
        Counts of images, groups, findings and images per split.

    Raises:
        UserError: If there is nothing to import, or a column is missing.
        ItemsFailedError: At the end, if images, masks or labels were skipped.
    """
    with open_step("import idrid", config, {"source": config.source}) as step:
        if step.done:
            return step.summary
        from retia.staging.splits import assign_splits

        found = {c.id: c for c in (*_graded(step, config.source), *_lesioned(step, config.source))}
        hashes, looks = {}, {}
        for case in draw(list(found.values()), config.limit, config.seed):
            path = config.source / case.file_name
            with or_skip(step, case.id):
                picture = look_at(path, case.id)
                hashes[case.file_name] = picture.sha256
                if case.looked_for:
                    size_px = (picture.width_px, picture.height_px)
                    found[case.id] = with_lesions(case, config.source, size_px)
                # Last, because a photograph with a bad mask is left out as a whole.
                looks[case.id] = _look(path)
        cases = [found[id] for id in looks]
        cases = _one_group_a_photograph(group_copies(cases, hashes), looks)
        cases = assign_splits(cases, config.seed)
        overlap = {"as_written": find_overlap(cases, hashes)}
        return write_imported(step, config.source, cases, ORIGIN, overlap)


def _graded(step: Step, source: Path) -> list[Case]:
    """The graded photographs, with what their labels say."""
    if not (source / "grading").is_dir():
        if not (source / "lesions").is_dir():
            raise UserError(
                f"{source} holds neither `grading` nor `lesions`. Expected IDRiD there."
            )
        return []
    files = _files(source / "grading" / "images")
    cases = []
    for row in read_table(step, source / "grading" / "labels.csv", COLUMNS):
        name, grade, risk = (str(row.values[column]) for column in COLUMNS)
        with or_skip(step, name or row.where):
            if name not in files:
                raise UserError(f"{row.where}: there is no image {name!r} in grading/images.")
            stage, degree = ICDR.stage_of(grade, row.where)
            if risk not in RISKS:
                raise UserError(
                    f"{row.where}: macular_edema_risk is {risk!r}. Expected {', '.join(RISKS)}."
                )
            cases.append(
                Case(
                    file_name=f"grading/images/{files[name].name}",
                    id=name,
                    group=name,
                    modality="fundus",
                    stage=stage,
                    grade=degree,
                    labels={"dr_grade": grade, "macular_oedema_risk": risk},
                )
            )
    return cases


def _lesioned(step: Step, source: Path) -> list[Case]:
    """The photographs with lesion masks; their findings are read later."""
    folder = source / "lesions"
    if not folder.is_dir():
        return []
    files = _files(folder / "images")
    for name in (*LESIONS, "optic_disc"):
        for mask in sorted((folder / name).glob("*.png")):
            with or_skip(step, f"{name}/{mask.name}"):
                if mask.stem not in files:
                    raise UserError(f"{mask}: there is no image of this name in lesions/images.")
    return [
        Case(
            file_name=f"lesions/images/{path.name}",
            id=f"{stem}_lesions",
            group=f"{stem}_lesions",
            modality="fundus",
            looked_for=tuple(LESIONS.values()),
        )
        for stem, path in files.items()
    ]


def _files(folder: Path) -> dict[str, Path]:
    from retia.images.folder import files_in

    if not folder.is_dir():
        raise UserError(f"{folder} does not exist. Expected the images of IDRiD there.")
    return {path.stem: path for path in files_in(folder, SUFFIXES, "image")}


def with_lesions(case: Case, source: Path, size_px: tuple[int, int]) -> Case:
    """Read the masks of a photograph: one finding a connected part, eight neighbours a pixel.

    Args:
        case: Of the lesion part.
        source: Folder of the data set.
        size_px: Width and height of the photograph.

    Raises:
        UserError: If a mask is damaged or of another size.
    """
    from scipy import ndimage

    stem = Path(case.file_name).stem
    laterality, fovea, disc_px = _eye(source / f"lesions/optic_disc/{stem}.png", size_px)
    findings: list[Finding] = []
    for folder, kind in LESIONS.items():
        name = f"lesions/{folder}/{stem}.png"
        if not (source / name).is_file():
            continue
        parts = np.zeros(size_px[::-1], np.int32)
        ndimage.label(_mask(source / name, size_px), np.ones((3, 3)), output=parts)
        areas = np.bincount(parts.ravel())
        for number, (rows, columns) in enumerate(ndimage.find_objects(parts), 1):
            x0, y0, x1, y1 = columns.start, rows.start, columns.stop, rows.stop
            centre = ((x0 + x1) / 2, (y0 + y1) / 2)
            findings.append(
                Finding(
                    id=f"f{len(findings) + 1}",
                    kind=kind,
                    source="mask",
                    box_px=(float(x0), float(y0), float(x1), float(y1)),
                    mask=name,
                    zone=_quadrant(centre, fovea, disc_px, laterality),
                    values={"area_px": float(areas[number])},
                    evidence=(f"mask/{kind}/{number}",),
                )
            )
    return replace(case, laterality=laterality, findings=tuple(findings))


def _mask(path: Path, size_px: tuple[int, int]) -> np.ndarray:
    """A mask as booleans, of shape (height, width)."""
    from retia.images.image import open_image

    with open_image(path.read_bytes(), str(path)) as image:
        if image.size != size_px:
            raise UserError(
                f"{path} is {image.size[0]} x {image.size[1]} px. Expected {size_px[0]} x "
                f"{size_px[1]}, as its image."
            )
        return np.asarray(image.convert("L")) > 127


def _eye(path: Path, size_px: tuple[int, int]) -> tuple[Any, tuple[float, float] | None, float]:
    """Laterality, place of the fovea and width of the disc in pixels, as far as the disc tells."""
    disc = _mask(path, size_px) if path.is_file() else np.zeros(1, bool)
    if not disc.any():
        return None, None, 0.0
    y, x = (float(np.mean(at)) for at in np.nonzero(disc))
    off = x / size_px[0] - 0.5
    if abs(off) < OFF_CENTRE:
        return None, None, 0.0
    # The disc lies on the nasal side, which is right in the image of a right eye.
    disc_px = 2 * float(np.sqrt(disc.sum() / np.pi))
    temporal, down = (steps * disc_px for steps in DISC_TO_FOVEA)
    if off > 0:
        return "OD", (x - temporal, y + down), disc_px
    return "OS", (x + temporal, y + down), disc_px


def _quadrant(
    centre: tuple[float, float],
    fovea: tuple[float, float] | None,
    disc_px: float,
    laterality: str | None,
) -> Zone | None:
    """The quadrant of a lesion; None near the lines between two, and where the eye is unknown."""
    from retia.anatomy import quadrant_names

    if fovea is None:
        return None
    dx, dy = centre[0] - fovea[0], centre[1] - fovea[1]
    if min(abs(dx), abs(dy)) < MARGIN_DISCS * disc_px:
        return None
    return Zone(quadrant=quadrant_names(laterality)[(dy > 0) * 2 + (dx > 0)])


def _look(path: Path) -> np.ndarray:
    """A thumbnail in grey levels, of shape (32, 48), in which a photograph is known in any size."""
    from PIL import Image

    with Image.open(path) as image:
        image.draft("L", (256, 170))  # JPEG decodes at a fraction of its size
        small = image.convert("L").resize(LOOK, Image.Resampling.BOX)
    return np.asarray(small, dtype=float)


def _one_group_a_photograph(cases: Sequence[Case], looks: Mapping[str, np.ndarray]) -> list[Case]:
    """Put pictures that look the same into one group; lesions get the grade of their eye.

    A grade is passed on only where all graded pictures of the group agree on it.
    """
    if not cases:
        return []
    flat = np.stack([looks[case.id].ravel() for case in cases])
    same = [
        (cases[other].group, case.group)
        for place, case in enumerate(cases)
        for other in np.flatnonzero(
            np.abs(flat[:place] - flat[place]).mean(axis=1) < SAME_LOOK
        ).tolist()
    ]
    grouped = join_groups(cases, same)
    grades: dict[str, set[tuple[Any, ...]]] = {}
    for case in grouped:
        if case.stage is not None:
            known = (case.stage, case.grade, *sorted(case.labels.items()))
            grades.setdefault(case.group, set()).add(known)
    return [_with_grade(case, grades.get(case.group, set())) for case in grouped]


def _with_grade(case: Case, grades: set[tuple[Any, ...]]) -> Case:
    if case.stage is not None or len(grades) != 1:
        return case
    ((stage, grade, *labels),) = grades
    return replace(case, stage=stage, grade=grade, labels=dict(labels) | case.labels)
