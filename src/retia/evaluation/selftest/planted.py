"""Models whose way of answering is planted: one reads the lesion, three do not.

In:  how many pictures and steps, and a seed.
Out: for each model a folder of samples and a model folder, trained by the code of `retia sft`.

All four start from one tower, which has learned to see lesion and watermark alike: whoever does
not look at the lesion could.
"""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.evaluation.selftest.world import Counts, Cue, write_world
from retia.runs import item_seed
from retia.students.embedded import EmbeddedSize
from retia.tuning.settings import Round, TowerSettings

if TYPE_CHECKING:
    from retia.records import Sample
    from retia.students.student import Student

log = logging.getLogger("retia")

SIZE = EmbeddedSize(image_size=64, last_stride=2, hidden_size=64, layers=2, vocabulary=360)
MODEL, SAMPLES = "model", "samples"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the models are made."""

    counts: Counts = field(default_factory=Counts)
    tower: TowerSettings = field(
        default_factory=lambda: TowerSettings(
            steps=200, warmup_steps=20, jitter=0.1, evaluate_every=200
        )
    )
    text: Round = field(
        default_factory=lambda: Round(
            method="full", steps=250, batch_size=16, learning_rate=3e-3, warmup_steps=20
        )
    )
    """Learning to answer; the tower rests."""


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A model to be made."""

    name: str
    truthful: Cue | None
    """What told the answer in its training; None: nothing did."""
    recipe: Recipe
    seed: int
    tower: Path | None = None
    """Folder of `make_tower`."""


def make_tower(planted: Planted, folder: Path) -> None:
    """Write `samples/`, a world in which no cue tells the answer, and a student that sees it."""
    from retia.students.embedded import build
    from retia.students.precision import use_one_thread
    from retia.tuning.tower import train_tower
    from retia.tuning.verify import save_student

    use_one_thread()
    seed = item_seed(planted.seed, planted.name) % 2**31
    training = _world(planted, folder)
    student = build([m.text for s in training for m in s.messages], SIZE, seed)
    _widen(student)
    train_tower(student, folder / SAMPLES, planted.recipe.tower, seed, _logged)
    save_student(student, folder / MODEL)


def plant(planted: Planted, folder: Path) -> None:
    """Write `samples/`, and `model/`, which learned to answer from them; needs a tower."""
    from retia.students.precision import use_one_thread
    from retia.tuning.rounds import train_round
    from retia.tuning.samples import to_rows
    from retia.tuning.verify import load_verified, save_student

    use_one_thread()
    seed = item_seed(planted.seed, planted.name) % 2**31
    training = _world(planted, folder)
    assert planted.tower is not None
    student = load_verified(planted.tower / MODEL)
    rows = to_rows(training, folder / SAMPLES, student)
    student = train_round(
        *(student, rows, [], planted.recipe.text, planted.name, seed),
        flips=False,
        jitter=0.0,
        write=_logged,
    )
    save_student(student, folder / MODEL)


def _widen(student: "Student") -> None:
    """Give the text model's weights the spread 1 / sqrt(inputs) of Glorot and Bengio (2010).

    The usual .02 is meant for models fifty times as wide: at this size words hardly reach the
    answer at first, and a model that should copy one from the question needs long to begin.
    """
    import torch

    usual = student.model.config.text_config.initializer_range
    with torch.no_grad():
        for weight in student.model.model.language_model.layers.parameters():
            if weight.ndim == 2:
                weight.mul_(weight.shape[1] ** -0.5 / usual)


def _world(planted: Planted, folder: Path) -> "list[Sample]":
    """Draw the pictures and return the samples of the training."""
    from retia.records import read_samples

    write_world(folder / SAMPLES, planted.truthful, planted.recipe.counts, planted.seed)
    return [s for s in read_samples(folder / SAMPLES) if s.split == "train"]


def _logged(row: dict[str, Any]) -> None:
    log.info("self-test: %s", json.dumps(row))
