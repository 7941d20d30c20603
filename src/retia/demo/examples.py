"""Pictures to try the page with: grown ones, or those of a folder.

In:  nothing, or a folder of images.
Out: `Picture`s with titles. Grown eyes are free of anybody's rights and of anybody's data.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from retia.demo.voices import Picture, read_upload
from retia.errors import UserError
from retia.images.image import SUFFIXES
from retia.records import read_cases
from retia.records.cohort import METADATA

MOST = 12
GROWN = (("healthy", None), ("npdr", "severe"), ("pdr", None))


def grow_examples(seed: int = 3) -> list[Picture]:
    """Grow three right eyes: healthy, severe NPDR, PDR; the same anatomy with other diseases."""
    from retia.synthesis.disease import draw_disease
    from retia.synthesis.eye import make_eye
    from retia.taxonomy import read_vocabulary

    pictures = []
    for stage, grade in GROWN:
        eye = make_eye(seed, draw_disease(np.random.default_rng(seed), stage, grade))
        name = " ".join(w for w in (grade, read_vocabulary("octa").stage_name(stage)) if w)
        pictures.append(
            Picture(
                name=name,
                pixels=eye.image(),
                mm_per_px=eye.mm_per_px,
                laterality="OD",
                notes=("a grown eye, no patient's",),
            )
        )
    return pictures


def read_examples(folder: Path, octa: bool, max_megapixels: float) -> list[Picture]:
    """Read the first pictures of a folder; scale and side come from its `metadata.jsonl`.

    Raises:
        UserError: If the folder holds none, or one cannot be read.
    """
    if (folder / METADATA).is_file():
        pictures = []
        for case in read_cases(folder)[:MOST]:
            picture = read_upload(folder / case.file_name, case.id, octa, max_megapixels)
            pictures.append(replace(picture, mm_per_px=case.mm_per_px, laterality=case.laterality))
        return pictures
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in SUFFIXES)[:MOST]
    if not files:
        raise UserError(f"{folder} holds no image. Expected {', '.join(SUFFIXES)} files.")
    return [read_upload(file, file.name, octa, max_megapixels) for file in files]
