"""`retia render train`: pairs of vessel labels and OCTA images in, the learned renderer out."""

import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.errors import UserError
from retia.runs import StepConfig, open_step, track

if TYPE_CHECKING:
    import torch

    from retia.synthesis.appearance.network import RenderNetwork

log = logging.getLogger("retia")

KEEP_EVERY = 50
"""Steps between two saved states; a killed run goes on from the last."""
BORDER_PX = 6
"""Rendered pairs have dark seams at their borders, which training leaves out."""
LEAST_PAIRS = 10


@dataclass(frozen=True, kw_only=True)
class RenderTrainConfig(StepConfig):
    """What `retia render train` takes."""

    pairs: Path
    """Folder with `labels/<name>.png` (vessels white) and `images/<name>.png` (OCTA)."""
    hold_out: int = 5
    """Every so many-th pair is held out to measure the closeness."""
    steps: int = 2400
    """Optimiser steps of renderer and critic."""
    batch_size: int = 8
    """Crops a step."""
    crop_px: int = 112
    """Side of a crop."""
    learning_rate: float = 6e-4
    """At the start; falls to a twentieth along a cosine."""
    width: int = 64
    """Width of the network."""
    blocks: int = 2
    """Residual blocks of the network; each adds 8 px to its reach."""


def train(config: RenderTrainConfig) -> dict[str, Any]:
    """Train the renderer that draws OCTA images from vessel maps.

    Writes `model.safetensors`, `config.json`, `metrics.jsonl` and `README.md` (card).

    Returns:
        Sizes of the parts and the closeness to the held-out images, see `closeness`.

    Raises:
        UserError: If the folder holds too few pairs or their sizes do not match.
    """
    if config.crop_px % 4 or not 48 <= config.crop_px <= 288:
        raise UserError(f"crop_px is {config.crop_px}. Expected a multiple of 4 from 48 to 288.")
    if min(config.steps, config.batch_size, config.width, config.blocks, config.hold_out - 1) < 1:
        raise UserError(
            f"steps {config.steps}, batch_size {config.batch_size}, width {config.width}, blocks "
            f"{config.blocks}, hold_out {config.hold_out}. Expected at least 1 (hold_out: 2)."
        )
    if not config.learning_rate > 0:
        raise UserError(f"learning_rate is {config.learning_rate}. Expected a number above 0.")
    with open_step("render train", config, {"pairs": config.pairs}) as step:
        if step.done:
            return step.summary
        from safetensors.torch import save_file

        from retia.atomic import atomic_file
        from retia.runs.step import write_json

        coverage, images = read_pairs(config.pairs)
        _check_sizes(config, images.shape)
        held = np.arange(len(images)) % config.hold_out == config.hold_out - 1
        network = _fit(config, coverage[~held], images[~held], step.partial)
        step.summary = {
            "trained_on": int((~held).sum()),
            "held_out": int(held.sum()),
            "parameters": sum(p.numel() for p in network.parameters()),
            "reach_px": network.reach_px,
            **_measure(network, coverage[held], images[held], config.seed),
        }
        with atomic_file(step.out / "model.safetensors") as part:
            save_file({k: v.contiguous() for k, v in network.state_dict().items()}, part)
        settings = {"width": config.width, "blocks": config.blocks}
        write_json(step.out / "config.json", {"network": settings, "reach_px": network.reach_px})
        _write_card(step.out, step.summary)
        log.info("closeness to %d held-out images: %s", held.sum(), step.summary["closeness"])
    return step.summary


def _check_sizes(config: RenderTrainConfig, shape: tuple[int, ...]) -> None:
    count, side = shape[0], min(shape[1:]) - 2 * BORDER_PX
    if config.hold_out > count:
        raise UserError(
            f"hold_out is {config.hold_out}, but there are {count} pairs. Expected at most that."
        )
    if config.crop_px > side:
        raise UserError(
            f"crop_px is {config.crop_px}, but the images have {side} px between their borders of "
            f"{BORDER_PX} px. Expected at most that."
        )


def read_pairs(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read vessel labels as coverage at the images' size, and the images.

    Args:
        folder: See `RenderTrainConfig.pairs`.

    Returns:
        Coverage ``(N, H, W)`` float32 in 0 to 1, images ``(N, H, W)`` float32 in 0 to 1.

    Raises:
        UserError: If there are too few pairs, or a label is no whole multiple of its image.
    """
    from retia.images import read_image, read_mask

    names = sorted(p.name for p in (folder / "images").glob("*.png"))
    names = [name for name in names if (folder / "labels" / name).is_file()]
    if len(names) < LEAST_PAIRS:
        raise UserError(
            f"{folder} holds {len(names)} pairs. Expected at least {LEAST_PAIRS}: PNG files of the "
            "same name in images/ and labels/."
        )
    coverage, images = [], []
    for name in names:
        image = read_image(folder / "images" / name).pixels
        label = read_mask(folder / "labels" / name)
        height, width = image.shape
        times, size = label.shape[0] // height, images[0].shape if images else image.shape
        if label.shape != (times * height, times * width) or image.shape != size:
            raise UserError(
                f"{folder}: label {name} is {label.shape}, its image {image.shape}. Expected "
                "images of one size and labels a whole number of times as large."
            )
        parts = label.reshape(height, times, width, times)
        coverage.append(parts.mean(axis=(1, 3), dtype=np.float32))
        images.append(image.astype(np.float32) / 255)
    return np.stack(coverage), np.stack(images)


def _fit(
    config: RenderTrainConfig, coverage: np.ndarray, images: np.ndarray, partial: Path
) -> "RenderNetwork":
    """Renderer and critic in turn (Isola et al., CVPR 2017, with least squares: Mao 2017)."""
    import torch

    from retia.atomic import atomic_file
    from retia.runs.step import write_lines
    from retia.synthesis.appearance.losses import one_turn
    from retia.synthesis.appearance.network import Critic, RenderNetwork

    torch.manual_seed(config.seed)
    network, critic = RenderNetwork(config.width, config.blocks), Critic()
    average = RenderNetwork(config.width, config.blocks)
    average.load_state_dict(network.state_dict())
    betas = (0.5, 0.99)
    drawing = torch.optim.Adam(network.parameters(), config.learning_rate, betas)
    judging = torch.optim.Adam(critic.parameters(), config.learning_rate, betas)
    parts = {"network": network, "average": average, "critic": critic}
    parts |= {"drawing": drawing, "judging": judging}
    kept, history = partial / "state.pt", []
    begin = 0
    if config.resume and kept.is_file():
        state = torch.load(kept, weights_only=True)
        begin, history = state["step"], json.loads(state["history"])
        for name, part in parts.items():
            part.load_state_dict(state[name])
    for number in track(range(begin, config.steps), "training"):
        fall = 0.525 + 0.475 * math.cos(math.pi * number / config.steps)
        for optimizer in (drawing, judging):
            optimizer.param_groups[0]["lr"] = config.learning_rate * fall
        maps, real = _crops(config, coverage, images, number)
        history.append({"step": number, **one_turn(network, critic, drawing, judging, maps, real)})
        with torch.no_grad():
            for mean, value in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(value, 0.005 if number > 200 else 0.05)
        if (number + 1) % KEEP_EVERY == 0:
            state = {name: part.state_dict() for name, part in parts.items()}
            state |= {"step": number + 1, "history": json.dumps(history)}
            with atomic_file(kept) as part:
                torch.save(state, part)
    write_lines(Path(config.out) / "metrics.jsonl", history)
    return average.eval()


def _crops(
    config: RenderTrainConfig, coverage: np.ndarray, images: np.ndarray, number: int
) -> tuple["torch.Tensor", "torch.Tensor"]:
    """The crops of one step, turned and mirrored; they depend on seed and step alone."""
    import torch

    from retia.synthesis.appearance.texture import draw_grain

    rng = np.random.default_rng([config.seed, number])
    size, maps, real = config.crop_px, [], []
    low, high = BORDER_PX, images.shape[1] - BORDER_PX - size
    for pair in rng.integers(len(images), size=config.batch_size):
        y, x = rng.integers(low, high + 1, 2)
        both = np.stack([coverage[pair], images[pair]])[:, y : y + size, x : x + size]
        both = np.rot90(both, int(rng.integers(4)), (1, 2))
        both = both[:, :, :: rng.choice([-1, 1])]
        maps.append(np.concatenate([both[:1], draw_grain(rng, (size, size))]))
        real.append(both[1:])
    return torch.from_numpy(np.stack(maps)), torch.from_numpy(np.stack(real))


def _measure(
    network: "RenderNetwork", coverage: np.ndarray, images: np.ndarray, seed: int
) -> dict[str, Any]:
    """Closeness of drawn to held-out images, inside the border, and seconds an image."""
    import dataclasses

    import torch

    from retia.synthesis.appearance.closeness import closeness
    from retia.synthesis.appearance.texture import draw_grain

    rng = np.random.default_rng([seed, 2**32])
    inner = slice(BORDER_PX, -BORDER_PX)
    drawn = []
    for one in coverage:
        maps = np.concatenate([one[None], draw_grain(rng, one.shape)])
        with torch.inference_mode():
            drawn.append(network(torch.from_numpy(maps)[None])[0, 0].numpy())
    found = closeness(255 * np.stack(drawn)[:, inner, inner], 255 * images[:, inner, inner])
    return {"closeness": {k: round(v, 4) for k, v in dataclasses.asdict(found).items()}}


def _write_card(out: Path, summary: dict[str, Any]) -> None:
    from retia.atomic import atomic_file
    from retia.disclaimer import DISCLAIMER

    near = summary["closeness"]
    card = f"""---
license: mit
library_name: retia
tags: [medical, ophthalmology, OCTA, image-synthesis]
---
# Learned renderer

{DISCLAIMER}

Draws a grey OCTA image from the true coverage of pixels by vessels and three maps of noise:
{summary["parameters"]} parameters, fully convolutional, no normalisation over space, a reach of
{summary["reach_px"]} px. Written by `retia render train`.

- **Intended use**: synthetic eyes for research. Out of scope: patients; the image of a real eye.
- **Trained on**: {summary["trained_on"]} pairs of simulated vessel labels and images that the GAN
  of OCTA-autosegmentation drew from them (Kreitner et al., TMI 2024; MIT licence), 3 mm, 304 px.
  No image of a real eye was used here.
- **On {summary["held_out"]} held-out pairs**: grey values differ by {near["grey"]} levels
  (Wasserstein), log10 radial power spectra by {near["spectrum"]}, local contrasts by
  {near["contrast"]} levels. `python -m benchmarks.realism` compares with real eyes.
- **Known limits**: it repeats what that GAN draws and its mistakes; one device, one scale
  (.00987 mm a pixel); vessels that are not in its input are never drawn, so unresolved
  capillaries of deeper layers are texture, not anatomy.
- **Files**: `model.safetensors`, `config.json` (network and its reach).
"""
    with atomic_file(out / "README.md") as part:
        part.write_text(card, encoding="utf-8")
