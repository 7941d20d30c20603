"""A folder of images as cases."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from retia.errors import UserError
from retia.images.header import (
    SCANS,
    Header,
    agreed_eye,
    agreed_scale,
    kind_of,
    read_header,
    stem_of,
)
from retia.records import Case, read_cases
from retia.records.cohort import METADATA


def read_image_folder(
    folder: Path,
    mm_per_px: float | None = None,
    field_mm: float | None = None,
    laterality: str | None = None,
) -> list[Case]:
    """Read the cases of a folder of images.

    Args:
        folder: A folder with `metadata.jsonl`, a plain folder of images, or one image.
        mm_per_px: Scale of all images.
        field_mm: Width of the field of all images in mm, from which the scale follows.
        laterality: Eye (`OD` or `OS`) of all images.

    Returns:
        Cases; those of plain images have the file's stem as id and group. `file_name` is relative
        to the folder (of the image, for a single one). Scale and eye are those that metadata,
        files and arguments agree on; an image that cannot be opened keeps what is known without.

    Raises:
        UserError: If nothing is there, two images share a stem, an image has no scale, or what is
            known of its scale or its eye contradicts itself.
    """
    folder = Path(folder)
    if field_mm is not None and not field_mm > 0:
        raise UserError(f"field_mm is {field_mm:g}. Expected the width of the scan in mm, as 3.")
    if (folder / METADATA).is_file():
        cases = read_cases(folder)
    elif folder.is_file():
        cases = [_plain_case(folder.name)]
    elif folder.is_dir():
        files = files_in(folder, SCANS, "image", f"files or a {METADATA}")
        cases = [_plain_case(file.name) for file in files]
    else:
        raise UserError(f"{folder} does not exist. Expected a folder of images or an image.")
    root = folder.parent if folder.is_file() else folder
    told = _Told(mm_per_px=mm_per_px, field_mm=field_mm, laterality=laterality)
    return [_with_header(root, case, told, alone=folder.is_file()) for case in cases]


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the user says of all images."""

    mm_per_px: float | None
    field_mm: float | None
    laterality: str | None


def _with_header(root: Path, case: Case, told: _Told, alone: bool) -> Case:
    """The case with the scale, the eye and the device that its file and the user name."""
    path = root / case.file_name
    header = None
    # Pictures say nothing of their scale: they are opened for their width alone.
    if told.field_mm is not None or kind_of(path) != "picture":
        try:
            header = read_header(path)
        except UserError:
            # In a folder, one file that cannot be read is skipped later and does not stop the rest.
            if alone:
                raise
            return replace(case, mm_per_px=case.mm_per_px or told.mm_per_px)
    in_file = None if header is None else header.laterality
    agreed_eye(case.file_name, in_file, case.laterality)
    eye, _ = agreed_eye(case.file_name, in_file or case.laterality, told.laterality)
    scale = agreed_scale(case.file_name, _scales(case, header, told))
    if scale is None:
        raise UserError(
            f"{case.file_name} has no physical scale. Pass --mm-per-px 0.00987 (3 mm scan, "
            f"304 px) or --field-mm 3, or add `mm_per_px` to {METADATA}."
        )
    device = case.device or (None if header is None else header.device)
    return replace(case, mm_per_px=scale, laterality=eye, device=device)


def _scales(case: Case, header: Header | None, told: _Told) -> dict[str, float | None]:
    """What each source says, the most exact first."""
    scales = {METADATA: case.mm_per_px, "--mm-per-px": told.mm_per_px}
    if header is None:
        return scales
    scales = {"the file": header.mm_per_px} | scales
    if told.field_mm is not None:
        scales[f"--field-mm {told.field_mm:g}"] = told.field_mm / header.size_px[0]
    return scales


def _plain_case(file_name: str) -> Case:
    stem = stem_of(file_name)
    return Case(file_name=file_name, id=stem, group=stem, modality="octa")


def files_in(folder: Path, suffixes: Sequence[str], what: str, wanted: str = "files") -> list[Path]:
    """The files of a folder with these endings, by name.

    Args:
        folder: An existing folder.
        suffixes: Endings, in small letters.
        what: What they are, in one word, for messages.
        wanted: What is expected there beside the endings, for messages.

    Raises:
        UserError: If there is none, or two share their name without the ending, which is their id.
    """
    files = sorted(p for p in folder.iterdir() if p.name.lower().endswith(tuple(suffixes)))
    if not files:
        raise UserError(f"{folder} holds no {what}. Expected {', '.join(suffixes)} {wanted}.")
    stem, times = Counter(stem_of(p.name) for p in files).most_common(1)[0]
    if times > 1:
        raise UserError(f"{folder}: {times} {what}s are named {stem}. Names must differ.")
    return files


def reroot(case: Case, old: Path, new: Path) -> Case:
    """Return the case with its paths relative to another folder; nothing is copied.

    Args:
        case: A case whose `file_name` and masks (of findings and questions) are relative to `old`.
        old: Folder the case was read from (or the image itself, for a single one).
        new: Folder the case will be written to.
    """
    root = old.parent if old.is_file() else old

    def moved(path: str) -> str:
        there = os.path.relpath((root / path).resolve(), Path(new).resolve())
        return PurePosixPath(Path(there)).as_posix()

    findings = tuple(f if f.mask is None else replace(f, mask=moved(f.mask)) for f in case.findings)
    questions = tuple(
        replace(q, region=replace(q.region, mask=moved(q.region.mask)))
        if q.region is not None and q.region.mask is not None
        else q
        for q in case.questions
    )
    return replace(case, file_name=moved(case.file_name), findings=findings, questions=questions)
