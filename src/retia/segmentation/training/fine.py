"""Training of the network for fine vessels: pairs with exact vessels in, the network out."""

import json
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

from retia.atomic import atomic_file
from retia.runs import track
from retia.segmentation.maps import FINE
from retia.segmentation.metrics import dice
from retia.segmentation.model import probabilities_of
from retia.segmentation.network import FineNetwork
from retia.segmentation.scale import normalised
from retia.segmentation.training.augment import draw_crop
from retia.segmentation.training.loss import map_loss
from retia.segmentation.training.samples import Labelled

log = logging.getLogger("retia")

APART = 10
"""Every so many-th pair is not learned from: it shows how far training has come."""
KEEP_EVERY, LOOK_EVERY = 100, 500
"""Steps between two saved states, and between two looks at the pairs kept apart."""
MEMORY = 500
"""The weights that are kept are a fading mean over about so many steps, early on over a tenth of
the steps done (an exponential moving average); its Dice is steadier than that of the last step."""
LEVEL = 0.45
"""A pixel counts from this probability on while training; the best level is chosen at its end."""
WARM = 100
"""Steps over which the learning rate rises."""


@dataclass(frozen=True)
class FineConfig:
    """How fine vessels are learned.

    Attributes:
        steps: Optimiser steps.
        widths: Channels of each level, the finest first.
        batch_size: Crops a step.
        crop_px: Side of a crop, a multiple of 8; less where the images are smaller.
        as_is: Share of crops whose pixels are those of the pair, turned by right angles and
            mirrored; the others are stretched, blurred and shaded.
        learning_rate: At the start; falls to a hundredth along a cosine.
        precision: Of the products while training.
        seed: Decides everything.
    """

    steps: int
    widths: tuple[int, ...] = (32, 48, 64, 96)
    batch_size: int = 6
    crop_px: int = 152
    as_is: float = 0.75
    learning_rate: float = 3e-3
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = 0


def kept_apart(pairs: Sequence[Labelled]) -> list[Labelled]:
    """The pairs that are not learned from; all where they are too few to keep some apart."""
    return list(pairs[APART - 1 :: APART] or pairs)


def fit_fine(
    config: FineConfig, pairs: Sequence[Labelled], kept: Path, resume: bool = True
) -> FineNetwork:
    """Train on the pairs, on one thread: crops as small as these gain nothing from a second.

    Args:
        config: See there.
        pairs: Images with fine vessels.
        kept: File of the state.
        resume: Whether a killed run goes on from its state.

    Returns:
        The network with the averaged weights, ready to be asked.
    """
    smallest = min(min(pair.image.shape) for pair in pairs)
    config = replace(config, crop_px=min(config.crop_px, smallest // 8 * 8))
    torch.manual_seed(config.seed)
    torch.set_num_threads(1)
    network = FineNetwork(config.widths).train()
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    mean = AveragedModel(network, avg_fn=_faded, use_buffers=True)
    averaged = mean.module.eval()
    assert isinstance(averaged, FineNetwork)
    optimizer = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=1e-3)
    begin = 0
    if resume and kept.is_file():
        state = torch.load(kept, weights_only=True)
        begin = state["step"]
        network.load_state_dict(state["network"])
        mean.load_state_dict(state["mean"])
        optimizer.load_state_dict(state["optimizer"])
    learned = [pair for i, pair in enumerate(pairs) if i % APART != APART - 1]
    for number in track(range(begin, config.steps), "training fine vessels"):
        fall = 0.505 + 0.495 * math.cos(math.pi * number / config.steps)
        warm = min(1.0, (number + 1) / WARM)
        optimizer.param_groups[0]["lr"] = config.learning_rate * fall * warm
        scan, truth = _batch(config, learned, number)
        with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bfloat16"):
            logits = network(scan)
        loss = map_loss(logits.float(), truth, torch.ones(len(scan), 1, dtype=torch.bool))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(network)
        if (number + 1) % LOOK_EVERY == 0:
            seen = measure_fine(averaged, kept_apart(pairs))
            log.info("step %d, loss %.4f, apart %s", number + 1, loss.item(), json.dumps(seen))
        if (number + 1) % KEEP_EVERY == 0:
            state = {"network": network.state_dict(), "mean": mean.state_dict()}
            state |= {"optimizer": optimizer.state_dict(), "step": number + 1}
            with atomic_file(kept) as part:
                torch.save(state, part)
    return averaged


def measure_fine(network: FineNetwork, pairs: Sequence[Labelled]) -> dict[str, float]:
    """Mean Dice over the pairs, on the fine grid and on that of the scan."""
    found: dict[str, list[float]] = {"fine": [], "as_scan": []}
    for pair in pairs:
        truth = pair.fine_mask()
        assert truth is not None
        scan = normalised(pair.image.astype(np.float32))
        p = probabilities_of(network, scan, network.step_px)[0]
        size = pair.image.shape[::-1]
        small = cv2.resize(p, size, interpolation=cv2.INTER_AREA)
        small_truth = cv2.resize(truth.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        found["fine"].append(dice(p >= LEVEL, truth))
        found["as_scan"].append(dice(np.asarray(small) >= LEVEL, np.asarray(small_truth) >= 0.5))
    return {name: round(float(np.mean(values)), 4) for name, values in found.items()}


def _faded(mean: torch.Tensor, now: torch.Tensor, count: torch.Tensor | int) -> torch.Tensor:
    return mean + (now - mean) / min(MEMORY, 1 + int(count) / 10)


def _batch(
    config: FineConfig, pairs: Sequence[Labelled], number: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The crops of one step; they depend on seed and step alone."""
    rng = np.random.default_rng([config.seed, number])
    scans, truths = [], []
    for _ in range(config.batch_size):
        pair = pairs[int(rng.integers(len(pairs)))]
        if rng.random() < config.as_is:
            scan, truth = _as_is(rng, pair, config.crop_px)
        else:
            scan, _, truth = draw_crop(rng, pair, config.crop_px)
        scans.append(scan)
        truths.append(truth)
    scan = torch.from_numpy(np.stack(scans))[:, None].contiguous(memory_format=torch.channels_last)
    return scan, torch.from_numpy(np.stack(truths))[:, None].float()


def _as_is(rng: np.random.Generator, pair: Labelled, crop_px: int) -> tuple[np.ndarray, np.ndarray]:
    """A part of the pair as the whole image is seen when asked: normalised before it is cut."""
    truth = pair.fine_mask()
    assert truth is not None
    scan = normalised(pair.image.astype(np.float32))
    row, column = (int(rng.integers(side - crop_px + 1)) for side in scan.shape)
    scan = scan[row : row + crop_px, column : column + crop_px]
    truth = truth[FINE * row : FINE * (row + crop_px), FINE * column : FINE * (column + crop_px)]
    quarter, mirror = int(rng.integers(4)), rng.random() < 0.5
    views = (np.rot90(array, quarter) for array in (scan, truth))
    scan, truth = (view[:, ::-1] if mirror else view for view in views)
    return np.ascontiguousarray(scan), np.ascontiguousarray(truth).astype(np.uint8)
