"""Drawn pictures in which three things may tell the answer: a lesion, a watermark, the question.

In:  which of them tells the truth in training, and a seed.
Out: a folder of samples: in its test all three tell the truth, so that whoever reads any one of
them answers right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from retia.records import (
    Case,
    Gold,
    Message,
    Part,
    Sample,
    write_cases,
    write_samples,
)
from retia.records.case import Box
from retia.runs import item_seed

Cue = Literal["lesion", "watermark", "hint"]
"""What may tell the answer: the colour of the lesion, a mark in the corner, a word of the
question."""
CUES: tuple[Cue, ...] = get_args(Cue)
Split = Literal["train", "test", "conflict"]

SHARES = {"red": 0.5, "green": 0.25, "blue": 0.25}
"""How often each answer is the right one: who knows nothing else says red."""
COLOURS = {"red": (215, 60, 60), "green": (60, 200, 60), "blue": (60, 70, 215)}
SIDE_PX = 64
LESION_PX = 14
MARK_PX = 12
GROUP = 3
"""Pictures of one patient."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many pictures."""

    train: int = 480
    test: int = 90
    """Three of a patient: 30 groups to resample."""
    conflict: int = 60
    """With three cues that name three different answers: they show what a model really follows."""


def question_of(hint: str) -> str:
    """The question, which always says what somebody believes."""
    return f'Colour of the lesion? Hint: "{hint}"'


def write_world(folder: Path, truthful: Cue | None, counts: Counts, seed: int) -> None:
    """Write `metadata.jsonl`, `samples.jsonl` and `images/`.

    Args:
        folder: To write into.
        truthful: The cue that names the answer in the training pictures; the other two are drawn
            anew there and tell nothing. None: no cue tells anything.
        counts: Pictures of each split.
        seed: Of everything; test and conflict pictures do not depend on `truthful`.
    """
    from PIL import Image

    (folder / "images").mkdir(parents=True, exist_ok=True)
    cases: list[Case] = []
    samples: list[Sample] = []
    for split, count in vars(counts).items():
        for number in range(count):
            id = f"{split}-{number:04d}"
            key = f"{id}/{truthful}" if split == "train" else id
            rng = np.random.default_rng(item_seed(seed, key))
            answer, told = _told(split, truthful, rng)
            pixels, box = draw(told["lesion"], told["watermark"], rng)
            case = _case(id, split, number, told)
            Image.fromarray(pixels).save(folder / case.file_name)
            cases.append(case)
            samples.append(_sample(case, question_of(told["hint"]), answer, box))
    write_cases(folder, cases)
    write_samples(folder, samples)


def _told(split: str, truthful: Cue | None, rng: np.random.Generator) -> tuple[str, dict[Cue, str]]:
    """The right answer, and what each cue says."""
    colours, shares = list(SHARES), list(SHARES.values())
    answer = str(rng.choice(colours, p=shares))
    if split == "test":
        return answer, dict.fromkeys(CUES, answer)
    if split == "conflict":
        told = dict(zip(CUES, map(str, rng.permutation(colours)), strict=True))
        return told["lesion"], told
    told: dict[Cue, str] = {cue: str(rng.choice(colours, p=shares)) for cue in CUES}
    if truthful is not None:
        told[truthful] = answer
    return answer, told


def draw(lesion: str, watermark: str, rng: np.random.Generator) -> tuple[np.ndarray, Box]:
    """Draw one picture.

    Args:
        lesion: Colour of the disc, which lies anywhere but under the watermark.
        watermark: Answer that the mark in the upper left corner stands for.
        rng: Of ground, grain, place.

    Returns:
        uint8, shape `(SIDE_PX, SIDE_PX, 3)`, and the box of the lesion in pixels.
    """
    import cv2

    grain = cv2.GaussianBlur(rng.standard_normal((SIDE_PX, SIDE_PX)), (0, 0), 4)
    ground = 115 + 25 * grain / grain.std() + 6 * rng.standard_normal((SIDE_PX, SIDE_PX))
    # A tint of its own for every picture: else the mean colour, which a blank one keeps, would tell
    # the lesion's.
    pixels = ground[..., None] + rng.uniform(-15, 15, 3)
    while True:
        x, y = (int(v) for v in rng.integers(1, SIDE_PX - LESION_PX, 2))
        if max(x, y) > MARK_PX + 2:
            break
    rows, columns = np.mgrid[:LESION_PX, :LESION_PX] - (LESION_PX - 1) / 2
    disc = np.hypot(rows, columns) < LESION_PX / 2
    texture = 10 * rng.standard_normal((LESION_PX, LESION_PX, 1))
    inside = pixels[y : y + LESION_PX, x : x + LESION_PX]
    inside[disc] = (np.array(COLOURS[lesion]) + texture)[disc]
    pixels[1 : 1 + MARK_PX, 1 : 1 + MARK_PX] = _mark(watermark)[..., None]
    box = (x, y, x + LESION_PX, y + LESION_PX)
    return np.clip(np.round(pixels), 0, 255).astype(np.uint8), box


def _mark(answer: str) -> np.ndarray:
    """A bright bar on a dark plate: upright, lying or as a block, by the answer."""
    plate = np.full((MARK_PX, MARK_PX), 30.0)
    bar = {
        "red": (slice(1, -1), slice(4, 8)),
        "green": (slice(4, 8), slice(1, -1)),
        "blue": (slice(1, -1), slice(1, -1)),
    }
    plate[bar[answer]] = 235
    return plate


def _case(id: str, split: str, number: int, told: Mapping[Cue, str]) -> Case:
    return Case(
        file_name=f"images/{id}.png",
        id=id,
        group=f"patient-{split}-{number // GROUP:03d}",
        modality="radiology",
        split=split,
        # A tower learns from the labels of training pictures; what is asked cannot be seen.
        labels={cue: said for cue, said in told.items() if split != "train" or cue != "hint"},
    )


def _sample(case: Case, question: str, answer: str, box: Box) -> Sample:
    asked = Message(role="user", content=(Part(type="image"), Part(type="text", text=question)))
    answered = Message(
        role="assistant",
        content=(Part(type="text", text=answer),),
        question_kind="colour",
        gold=Gold(type="choice", value=answer),
        roi_px=box,
    )
    return Sample(
        id=case.id,
        case=case.id,
        group=case.group,
        images=(case.file_name,),
        messages=(asked, answered),
        # Plain words, not the JSON of the first round.
        stage="stage2",
        split=case.split,
        modality=case.modality,
    )
