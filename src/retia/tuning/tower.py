"""Pre-training of the embedded student's vision tower on what cases know about their images.

In:  a folder of cases with masks, boxes, counts or labels.
Out: a tower that knows what is where; its heads are thrown away.

Trained end to end through text alone, a small student writes fluent sentences and stays blind;
after a few minutes of this it learns to read the image (measured, see the docs of `retia sft`).
"""

import functools
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from retia.errors import UserError
from retia.records import read_cases
from retia.students.precision import use_bf16
from retia.students.student import Student
from retia.tuning.samples import jittered
from retia.tuning.settings import TowerSettings
from retia.tuning.tower_data import FINE, TowerData, Truth, read_tower_data, read_truth

log = logging.getLogger("retia")

POSITIVE_WEIGHT = {"microaneurysm": 100.0, "faz": 1.0, "neovascularization": 5.0, "irma": 5.0}
"""Of the cells that hold a kind; 3 for others. Of a microaneurysm it must be large: one fills a
cell in 300, and at 15 none was found."""
MAP_WEIGHT = {"microaneurysm": 4.0, "faz": 0.5, "neovascularization": 2.0}
"""Of a kind's map among the maps; 1 for others."""


class Heads(nn.Module):
    """Maps, counts and labels from the tower's vectors."""

    def __init__(self, size: int, truth: Truth) -> None:
        """Build for vectors of `size`."""
        super().__init__()
        # Where nothing lies or counts, one output stays idle: torch warns of layers without any.
        self.maps = nn.Linear(size, max(1, len(truth.maps)) * FINE**2)
        self.counts = nn.Linear(2 * size, max(1, len(truth.counted)))
        # `ModuleDict` takes no dots in names, labels do.
        self.labels = nn.ModuleList(nn.Linear(2 * size, len(c)) for c in truth.labels.values())
        self.names = tuple(truth.labels)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return logits of the maps `(B, C, M, M)`, logarithms of 1 + counts, logits per label."""
        side = math.isqrt(x.shape[1])
        maps = self.maps(x).transpose(1, 2).unflatten(2, (side, side))
        pooled = torch.cat([x.mean(1), x.amax(1)], dim=1)
        out = {"maps": nn.functional.pixel_shuffle(maps, FINE), "counts": self.counts(pooled)}
        named = zip(self.names, self.labels, strict=True)
        return out | {f"label.{name}": head(pooled) for name, head in named}


def train_tower(
    student: Student,
    cohort: Path,
    settings: TowerSettings,
    seed: int,
    write: Callable[[dict[str, Any]], None],
) -> None:
    """Train the student's vision tower in place.

    Args:
        student: An embedded student.
        cohort: Folder of cases; their `train` and `validation` splits are used.
        settings: How long, how fast.
        seed: Of everything random.
        write: Called with each metrics row.

    Raises:
        UserError: If the student is not the embedded one, or the cases know nothing.
    """
    if student.family.name != "embedded":
        raise UserError(f"{student.family.title} brings its own vision tower. Leave --cohort out.")
    cases = [c for c in read_cases(cohort) if c.twin_of is None]
    training = [c for c in cases if c.split in (None, "train")]
    held_out = [c for c in cases if c.split in ("validation", "val")][: settings.held_out]
    truth = read_truth(training)
    if not (truth.maps or truth.counted or truth.labels):
        raise UserError(
            f"{cohort}: no case of the train split has a finding, a stage or a label to learn from."
        )
    data = read_tower_data(training, cohort, student, truth)
    rest = read_tower_data(held_out, cohort, student, truth) if held_out else None
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tower = student.model.model.vision_tower.train()
    heads = Heads(tower.config.hidden_size, truth)
    optimizer = torch.optim.AdamW(
        [*tower.parameters(), *heads.parameters()],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _schedule(settings))
    order = _order(len(training), settings, rng)
    losses: list[float] = []
    started = time.process_time()
    for step in range(settings.steps):
        rows = order[step * settings.batch_size : (step + 1) * settings.batch_size]
        loss = _loss(tower, heads, truth, _augmented(data, rows, settings.jitter, rng))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*tower.parameters(), *heads.parameters()], 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        last = step + 1 == settings.steps
        if (step + 1) % settings.evaluate_every == 0 or last:
            row = {"part": "tower", "step": step + 1, "loss": round(float(np.mean(losses)), 5)}
            row |= evaluate(tower, heads, truth, rest) if rest is not None else {}
            write(row)
            speed = (step + 1) * settings.batch_size / (time.process_time() - started)
            log.info("tower: %s (%.0f images per CPU second)", row, speed)
            losses.clear()
    tower.eval()


def _schedule(settings: TowerSettings) -> Callable[[int], float]:
    warmup = min(settings.warmup_steps, settings.steps // 4 + 1)

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, settings.steps - warmup)))

    return factor


def _order(count: int, settings: TowerSettings, rng: np.random.Generator) -> np.ndarray:
    needed = settings.steps * settings.batch_size
    rounds = -(-needed // count)
    return np.concatenate([rng.permutation(count) for _ in range(rounds)])[:needed]


def _augmented(
    data: TowerData, rows: np.ndarray, jitter: float, rng: np.random.Generator
) -> dict[str, torch.Tensor]:
    pixels, maps = [], []
    for row in rows:
        turns, mirror = int(rng.integers(4)), bool(rng.integers(2))
        for source, kept in ((data.pixels, pixels), (data.maps, maps)):
            turned = np.rot90(source[row], turns if data.turnable[row] else 0, axes=(1, 2))
            kept.append(turned[:, :, ::-1] if mirror else turned)
    values = jittered(np.stack(pixels).astype(np.float32) / 255, jitter, rng)
    arrays = {
        "pixels": values * 2 - 1,
        "maps": np.stack(maps).astype(np.float32),
        "maps_known": data.maps_known[rows],
        "counts": data.counts[rows],
        "counts_known": data.counts_known[rows],
    }
    arrays |= {f"label.{name}": values[rows] for name, values in data.labels.items()}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


@functools.cache
def _bf16() -> bool:
    return use_bf16("cpu")


def _forward(tower: Any, heads: Heads, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    with torch.autocast("cpu", torch.bfloat16, enabled=_bf16()):
        out = heads(tower(pixels).last_hidden_state)
    return {name: values.float() for name, values in out.items()}


def _loss(tower: Any, heads: Heads, truth: Truth, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Cross-entropy of maps and labels, smooth L1 of counts; what is unknown counts for nothing."""
    out = _forward(tower, heads, batch["pixels"])
    loss = out["counts"].sum() * 0
    if truth.maps:
        positive = torch.tensor([POSITIVE_WEIGHT.get(k, 3.0) for k in truth.maps])
        weight = torch.tensor([MAP_WEIGHT.get(k, 1.0) for k in truth.maps])
        each = nn.functional.binary_cross_entropy_with_logits(
            out["maps"], batch["maps"], pos_weight=positive[:, None, None], reduction="none"
        ).mean((2, 3))
        known = batch["maps_known"] * weight
        loss = loss + 2 * (each * known).sum() / known.sum().clamp(min=1e-6)
    if truth.counted:
        each = nn.functional.smooth_l1_loss(
            out["counts"], batch["counts"].log1p(), reduction="none"
        )
        known = batch["counts_known"]
        loss = loss + 0.5 * (each * known).sum() / known.sum().clamp(min=1)
    for name in truth.labels:
        wanted = batch[f"label.{name}"]
        if (wanted >= 0).any():
            logits = out[f"label.{name}"]
            loss = loss + 0.5 * nn.functional.cross_entropy(logits, wanted, ignore_index=-1)
    return loss


def evaluate(tower: Any, heads: Heads, truth: Truth, data: TowerData) -> dict[str, float]:
    """Accuracy of each label, F1 of the map cells of each kind, error of the counts."""
    tower.eval()
    with torch.inference_mode():
        parts = [
            _forward(tower, heads, torch.from_numpy(p.astype(np.float32) / 127.5 - 1))
            for p in np.array_split(data.pixels, -(-len(data.pixels) // 32))
        ]
    tower.train()
    out = {name: torch.cat([part[name] for part in parts]).numpy() for name in parts[0]}
    scores: dict[str, float] = {}
    for name, wanted in data.labels.items():
        known = wanted >= 0
        if known.any():
            right = out[f"label.{name}"].argmax(1)[known] == wanted[known]
            scores[f"{name}_accuracy"] = round(float(right.mean()), 4)
    for channel, name in enumerate(truth.maps):
        known = data.maps_known[:, channel]
        wanted, found = data.maps[known, channel] > 0.5, out["maps"][known, channel] > 0
        if wanted.any():
            overlap = 2 * (wanted & found).sum() / (wanted.sum() + found.sum())
            scores[f"f1_{name}"] = round(float(overlap), 4)
    if truth.counted and data.counts_known.any():
        off = np.abs(np.expm1(out["counts"]) - data.counts)[data.counts_known]
        scores["counts_off"] = round(float(off.mean()), 4)
    return scores
