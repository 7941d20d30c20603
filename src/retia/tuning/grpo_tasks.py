"""What GRPO asks: samples with one question each, their images, and the images without a region.

In:  samples of a folder.
Out: `Tasks`: pictures and their edits, read once and kept.
"""

import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retia.claims import parse_answer
from retia.counterfactuals import Edits, Fill, box_mask, make_edits
from retia.errors import UserError
from retia.images import read_picture
from retia.records import Gold, Message, Sample, read_samples
from retia.runs import item_seed

if TYPE_CHECKING:
    from retia.tuning.grpo import GrpoConfig

log = logging.getLogger("retia")

KEPT_IMAGES = 512
"""Images, and as many edited sets of images, kept in memory."""


def read_tasks(folder: Path) -> list[Sample]:
    """Samples for GRPO: those of stage `grpo`, else the single questions of stage 1.

    Raises:
        UserError: If there is neither.
    """
    samples = [s for s in read_samples(folder) if len(s.answers) == 1]
    tasks = [s for s in samples if s.stage == "grpo"]
    if not tasks:
        tasks = [s for s in samples if s.stage == "stage1"]
        log.info(
            "grpo: %s has no samples of stage grpo, the %d of stage 1 are used", folder, len(tasks)
        )
    for task in tasks:
        if task.messages[-1].role != "assistant" or len(task.images) != 1:
            raise UserError(
                f"{folder}: sample {task.id} does not end with its one answer about one image. "
                "GRPO needs one image, one question and one answer a sample."
            )
    if not tasks:
        raise UserError(
            f"{folder} has no sample of stage grpo or stage1 with a single answer. "
            "Run `retia write` first."
        )
    return tasks


def held_out_samples(samples: Sequence[Sample], config: "GrpoConfig") -> list[Sample]:
    """The samples to measure on: at most `config.held_out`, the same ones for the same seed.

    Raises:
        UserError: If the split that was asked for has none.
    """
    if not config.held_out:
        return []
    splits = (config.measure_split,) if config.measure_split else ("test", "validation")
    found = next((own for n in splits if (own := [s for s in samples if s.split == n])), [])
    if config.measure_split and not found:
        raise UserError(f"{config.samples} has no sample of the {config.measure_split} split.")
    if not found:
        log.warning("grpo: no held-out sample, nothing is measured before and after")
    seed = item_seed(config.seed, "held-out") % 2**31
    chosen = np.random.default_rng(seed).permutation(len(found))[: config.held_out]
    return [found[i] for i in sorted(chosen.tolist())]


def question_of(sample: Sample) -> tuple[Message, ...]:
    """The turns before the answer."""
    return sample.messages[:-1]


def gold_of(sample: Sample) -> Gold | None:
    """The typed right answer."""
    return sample.answers[0].gold


def caption_of(sample: Sample) -> str:
    """What is annotated of the image as a whole: the caption of the sample's own answer."""
    answer = parse_answer(sample.answers[0].text, strict=True, modality=sample.modality)
    return "" if answer is None else answer.caption


class Tasks:
    """Reads the images of samples, and removes from them what each answer should rest on."""

    def __init__(self, folder: Path, fill: Fill, regions: int, seed: int) -> None:
        """Remember how to read and how to remove.

        Args:
            folder: What image paths are relative to.
            fill: How a region is removed.
            regions: Random regions an image.
            seed: Their places depend on it and on the sample.
        """
        self.folder = folder
        self.fill: Fill = fill
        self.regions = regions
        self.seed = seed
        self._read = lru_cache(KEPT_IMAGES)(read_picture)
        self._edited = lru_cache(KEPT_IMAGES)(self._edit)

    def image(self, sample: Sample) -> np.ndarray:
        """Its image, uint8."""
        return self._read((self.folder / sample.images[0]).resolve())

    def images(self, samples: Sequence[Sample]) -> list[np.ndarray]:
        """Their images, uint8."""
        return [self.image(s) for s in samples]

    def edits(self, sample: Sample) -> Edits | None:
        """Its image without the region; None where the region is unknown or too large."""
        roi = sample.answers[0].roi_px
        return None if roi is None else self._edited(sample.id, sample.images[0], roi)

    def _edit(self, id: str, path: str, roi: tuple[float, float, float, float]) -> Edits | None:
        image = self._read((self.folder / path).resolve())
        seed = item_seed(self.seed, f"{id}/regions") % 2**31
        return make_edits(image, box_mask(roi, image.shape[:2]), self.fill, self.regions, seed)
