"""A folder of images as cases."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from retia.errors import UserError
from retia.images.image import SUFFIXES
from retia.records import Case, read_cases
from retia.records.cohort import METADATA


def read_image_folder(folder: Path, mm_per_px: float | None = None) -> list[Case]:
    """Read the cases of a folder of images.

    Args:
        folder: A folder with `metadata.jsonl`, a plain folder of images, or one image.
        mm_per_px: Scale of the images whose metadata give none.

    Returns:
        Cases; those of plain images have the file's stem as id and group. `file_name` is relative
        to the folder (of the image, for a single one).

    Raises:
        UserError: If nothing is there, two images share a stem, or an image has no scale.
    """
    folder = Path(folder)
    if (folder / METADATA).is_file():
        cases = read_cases(folder)
    elif folder.is_file():
        cases = [_plain_case(folder.name)]
    elif folder.is_dir():
        cases = _plain_cases(folder)
    else:
        raise UserError(f"{folder} does not exist. Expected a folder of images or an image.")
    cases = [replace(c, mm_per_px=c.mm_per_px or mm_per_px) for c in cases]
    for case in cases:
        if case.mm_per_px is None:
            raise UserError(
                f"{case.file_name} has no physical scale. Add `mm_per_px` to {METADATA} or pass "
                "--mm-per-px 0.00987 (3 mm scan, 304 px)."
            )
    return cases


def _plain_cases(folder: Path) -> list[Case]:
    files = files_in(folder, SUFFIXES, "image", f"files or a {METADATA}")
    return [_plain_case(file.name) for file in files]


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
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in suffixes)
    if not files:
        raise UserError(f"{folder} holds no {what}. Expected {', '.join(suffixes)} {wanted}.")
    stem, times = Counter(p.stem for p in files).most_common(1)[0]
    if times > 1:
        raise UserError(f"{folder}: {times} {what}s are named {stem}. Names must differ.")
    return files


def _plain_case(file_name: str) -> Case:
    stem = Path(file_name).stem
    return Case(file_name=file_name, id=stem, group=stem, modality="octa")


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
