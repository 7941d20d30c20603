"""`retia segment train`: images whose structures are known in, a segmenter out."""

import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from retia.errors import UserError
from retia.runs import StepConfig, open_step, track

if TYPE_CHECKING:
    import torch

    from retia.segmentation.model import Segmenter
    from retia.segmentation.network import SegmentNetwork
    from retia.segmentation.training.samples import Labelled

log = logging.getLogger("retia")

KEEP_EVERY = 100
"""Steps between two saved states; a killed run goes on from the last."""
RARE, RARE_SHARE = ("irma", "tortuosity", "calibre_change"), 0.4
"""This share of a cohort's crops shows eyes with a rare lesion, or they would be forgotten."""
LESION_WEIGHT = 4.0
"""A pixel of a lesion counts this often: there are few, and a map that never speaks is cheap."""
SLOTS = {"cohort": 2, "pairs": 2}
"""How many crops these sources give for each one of another."""
THREADS = 2
"""Fixed, because sums in another order give other weights."""


@dataclass(frozen=True, kw_only=True)
class SegmentTrainConfig(StepConfig):
    """What `retia segment train` takes; at least one of the three sources."""

    cohort: Path | None = None
    """Folder of `retia grow`: every structure is known; its training and validation part is
    used."""
    pairs: Path | None = None
    """Rendered pairs: `images/<name>.png`, and `labels/<name>.png` with vessels at four times the
    size."""
    large_vessels: Path | None = None
    """Real scans: `images/<name>.png` and experts' `large_vessels/<name>.png`."""
    faz: Path | None = None
    """Real scans: `images/<name>.png` and experts' `faz/<name>.png`."""
    mm_per_px: float = 3 / 304
    """Scale of the real scans that no `metadata.jsonl` beside them knows."""
    start: Path | None = None
    """Folder of an earlier segmenter whose weights training begins with."""
    hold_out: int = 5
    """Every so many-th pair or real scan is held out."""
    steps: int = 2400
    """Optimiser steps."""
    fine_steps: int = 0
    """Optimiser steps of a network of its own for fine vessels, which learns from the pairs; 0
    takes over that of the start, if it has one."""
    batch_size: int = 8
    """Crops a step."""
    crop_px: int = 208
    """Side of a crop."""
    as_is: float = 0.5
    """Share of crops that show an image as it is; the others are stretched, blurred, shaded."""
    learning_rate: float = 3e-3
    """At the start; falls to a fiftieth along a cosine."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16 is about twice as fast where the processor multiplies it natively."""


def train(config: SegmentTrainConfig) -> dict[str, Any]:
    """Train the network that finds vessels, FAZ and lesions.

    Writes `model.safetensors`, `config.json` (thresholds), `metrics.jsonl`, `README.md` (card), and
    `fine.safetensors` where fine vessels have a network of their own.

    Returns:
        Number of images of each source, parameters, and the Dice of every map on held-out eyes.

    Raises:
        UserError: If no source is given, a folder cannot be read or a size makes no sense.
    """
    sources = _sources(config)
    if config.crop_px % 16 or config.crop_px < 64:
        raise UserError(f"crop_px is {config.crop_px}. Expected a multiple of 16, at least 64.")
    if not 0 <= config.as_is <= 1:
        raise UserError(f"as_is is {config.as_is}. Expected a share from 0 to 1.")
    if min(config.steps, config.batch_size, config.hold_out - 1) < 1:
        raise UserError(
            f"steps {config.steps}, batch_size {config.batch_size}, hold_out {config.hold_out}. "
            "Expected at least 1 (hold_out: 2)."
        )
    if config.fine_steps and (config.fine_steps < 0 or config.pairs is None):
        raise UserError(
            f"fine_steps is {config.fine_steps}, pairs {config.pairs}. Expected 0, or a number of "
            "steps with --pairs, which show fine vessels."
        )
    inputs = sources | ({"start": config.start} if config.start else {})
    with open_step("segment train", config, inputs) as step:
        if step.done:
            return step.summary
        from retia.segmentation.model import FINE_VESSELS, Segmenter
        from retia.segmentation.training.measure import measure_maps

        samples = _read(config, held_out=False)
        _check_parts(samples)
        network = _fit(config, samples, step.partial)
        segmenter = _with_fine_network(config, Segmenter(network), samples, step.partial)
        held = [sample for part in _read(config, held_out=True).values() for sample in part]
        chosen = (FINE_VESSELS,) if segmenter.fine_network else ()
        segmenter, dice = measure_maps(segmenter, held, chosen)
        step.summary = {
            "trained_on": {name: len(part) for name, part in samples.items()},
            "held_out": len(held),
            "parameters": _parameters(network),
            "fine_parameters": _parameters(segmenter.fine_network),
            "dice": dice,
        }
        segmenter.save(step.out)
        _write_card(step.out, config, step.summary)
        log.info("Dice on %d held-out images: %s", len(held), json.dumps(dice))
    return step.summary


def _sources(config: SegmentTrainConfig) -> dict[str, Path]:
    given = {
        "cohort": config.cohort,
        "pairs": config.pairs,
        "large_vessels": config.large_vessels,
        "faz": config.faz,
    }
    found = {name: path for name, path in given.items() if path is not None}
    if not found:
        raise UserError("no source is given. Pass --cohort, --pairs, --large-vessels or --faz.")
    for name, path in found.items():
        if not path.is_dir():
            raise UserError(f"--{name.replace('_', '-')} {path} does not exist.")
    return found


def _read(config: SegmentTrainConfig, held_out: bool) -> dict[str, "list[Labelled]"]:
    """The training part of every source, or the part that is held out."""
    from retia.segmentation.training.samples import grown_eyes, real_scans, rendered_pairs

    found: dict[str, list[Labelled]] = {}
    if config.cohort:
        eyes = grown_eyes(config.cohort, ("validation" if held_out else "train",))
        found["cohort"] = list(track(eyes, "reading eyes"))
    if config.pairs:
        found["pairs"] = list(rendered_pairs(config.pairs, config.hold_out, held_out))
    for name in ("large_vessels", "faz"):
        folder = getattr(config, name)
        if folder:
            scans = real_scans(folder, name, config.hold_out, config.mm_per_px, held_out)
            found[name] = list(scans)
    return found


def _check_parts(samples: "dict[str, list[Labelled]]") -> None:
    for name, part in samples.items():
        if not part:
            raise UserError(f"--{name.replace('_', '-')} holds no image to train on.")


def _fit(
    config: SegmentTrainConfig, samples: "dict[str, list[Labelled]]", partial: Path
) -> "SegmentNetwork":
    import torch

    from retia.atomic import atomic_file
    from retia.runs.step import write_lines
    from retia.segmentation.maps import LESIONS, MAPS
    from retia.segmentation.model import Segmenter
    from retia.segmentation.network import SegmentNetwork
    from retia.segmentation.training.loss import map_loss

    torch.manual_seed(config.seed)
    torch.set_num_threads(THREADS)
    network = Segmenter.load(config.start).network if config.start else SegmentNetwork()
    network = network.train()
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=1e-4)
    kept, history, begin = partial / "state.pt", [], 0
    if config.resume and kept.is_file():
        state = torch.load(kept, weights_only=True)
        begin, history = state["step"], json.loads(state["history"])
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
    eyes = samples.get("cohort", [])
    often = torch.tensor([LESION_WEIGHT if name in LESIONS else 1.0 for name in MAPS])
    rare = [shown for kind in RARE if (shown := [eye for eye in eyes if eye.shows(kind)])]
    for number in track(range(begin, config.steps), "training"):
        warm = min(1.0, (number + 1) / 50)
        fall = 0.51 + 0.49 * math.cos(math.pi * number / config.steps)
        optimizer.param_groups[0]["lr"] = config.learning_rate * fall * warm
        scan, maps, known, fine, has_fine = _batch(config, samples, rare, number)
        with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bfloat16"):
            logits, fine_logits = network(scan)
        loss = map_loss(logits.float(), maps, known, often)
        fine_loss = map_loss(fine_logits.float()[has_fine], fine, has_fine[has_fine][:, None])
        optimizer.zero_grad()
        (loss + fine_loss).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        history.append({"step": number, "loss": loss.item(), "fine": fine_loss.item()})
        if (number + 1) % KEEP_EVERY == 0:
            state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
            state |= {"step": number + 1, "history": json.dumps(history)}
            with atomic_file(kept) as part:
                torch.save(state, part)
    write_lines(Path(config.out) / "metrics.jsonl", history)
    return network.eval()


def _with_fine_network(
    config: SegmentTrainConfig,
    segmenter: "Segmenter",
    samples: "dict[str, list[Labelled]]",
    partial: Path,
) -> "Segmenter":
    """The segmenter with a new network for fine vessels, or that of the start."""
    from dataclasses import replace

    from retia.segmentation.model import FINE_VESSELS, Segmenter
    from retia.segmentation.training.fine import FineConfig, fit_fine, kept_apart
    from retia.segmentation.training.measure import measure_maps

    if config.fine_steps:
        asked = FineConfig(config.fine_steps, precision=config.precision, seed=config.seed)
        network = fit_fine(asked, samples["pairs"], partial / "fine.pt", config.resume)
        segmenter = replace(segmenter, fine_network=network)
        # Pairs that it did not learn from tell from which probability on a pixel counts.
        return measure_maps(segmenter, kept_apart(samples["pairs"]))[0]
    start = Segmenter.load(config.start) if config.start else None
    if start is None or start.fine_network is None:
        return segmenter
    thresholds = segmenter.thresholds | {FINE_VESSELS: start.thresholds[FINE_VESSELS]}
    return replace(segmenter, fine_network=start.fine_network, thresholds=thresholds)


def _parameters(network: "torch.nn.Module | None") -> int:
    return 0 if network is None else sum(p.numel() for p in network.parameters())


def _batch(
    config: SegmentTrainConfig,
    samples: "dict[str, list[Labelled]]",
    rare: "list[list[Labelled]]",
    number: int,
) -> "tuple[torch.Tensor, ...]":
    """The crops of one step; they depend on seed and step alone."""
    import torch

    from retia.segmentation.training.augment import draw_crop

    rng = np.random.default_rng([config.seed, number])
    names = [name for name in samples for _ in range(SLOTS.get(name, 1))]
    scans, maps, known, fine, has_fine = [], [], [], [], []
    for slot in range(config.batch_size):
        name = names[(number * config.batch_size + slot) % len(names)]
        part = samples[name]
        if name == "cohort" and rare and rng.random() < RARE_SHARE:
            part = rare[int(rng.integers(len(rare)))]
        sample = part[int(rng.integers(len(part)))]
        scan, truth, detail = draw_crop(rng, sample, config.crop_px, config.as_is)
        scans.append(scan)
        maps.append(truth)
        known.append(sample.known)
        has_fine.append(detail is not None)
        if detail is not None:
            fine.append(detail)
    size = 4 * config.crop_px
    details = np.stack(fine) if fine else np.zeros((0, size, size), np.uint8)
    return (
        torch.from_numpy(np.stack(scans))[:, None].contiguous(memory_format=torch.channels_last),
        torch.from_numpy(np.stack(maps)).float(),
        torch.from_numpy(np.stack(known)),
        torch.from_numpy(details)[:, None].float(),
        torch.tensor(has_fine),
    )


def _write_card(out: Path, config: SegmentTrainConfig, summary: dict[str, Any]) -> None:
    from retia.atomic import atomic_file
    from retia.disclaimer import DISCLAIMER

    names = {
        "cohort": "grown eyes (exact truth)",
        "pairs": "pairs of simulated vessels and the images a GAN rendered from them "
        "(OCTA-autosegmentation, Kreitner et al., TMI 2024; MIT licence)",
        "large_vessels": "real scans with experts' large vessels",
        "faz": "real scans with experts' avascular zones",
    }
    trained = "; ".join(f"{n} {names[k]}" for k, n in summary["trained_on"].items())
    fine = ""
    if summary["fine_parameters"]:
        fine = (
            f"Fine vessels are told by a second network of {summary['fine_parameters']} "
            "parameters, which learned\nfrom the pairs alone.\n"
        )
    files = "`model.safetensors`, " + ("`fine.safetensors`, " if fine else "")
    rows = "\n".join(f"| {name} | {value} |" for name, value in summary["dice"].items())
    card = f"""---
license: mit
library_name: retia
tags: [medical, ophthalmology, OCTA, image-segmentation]
---
# Segmenter

{DISCLAIMER}

Finds vessels (also at four times the size of the scan), large vessels, the foveal avascular zone
and the places of six kinds of lesions in en-face OCTA: a U-Net of {summary["parameters"]}
parameters at {1000 * 3 / 304:.2f} µm a pixel. Written by `retia segment train`.
{fine}
- **Intended use**: research on explanations of OCTA. Out of scope: patients.
- **Trained on**: {trained}; {config.steps} steps of {config.batch_size} crops.
- **Dice on {summary["held_out"]} held-out images of these sources**:

| map | Dice |
|---|---|
{rows}

- **Known limits**: lesions are learned from grown eyes alone; on real scans they are a hint, and
  nothing measured says how good it is. Deep slabs and fields of 6 mm are seen through resampling.
- **Files**: {files}`config.json` (widths, thresholds of every map).
"""
    with atomic_file(out / "README.md") as part:
        part.write_text(card, encoding="utf-8")
