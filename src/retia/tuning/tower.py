"""Pre-training of the embedded student's vision tower on the simulator's truth.

In:  a cohort folder whose findings have masks.
Out: a tower that knows where lesions are; its heads are thrown away.

Trained end to end through text alone, a small student writes fluent sentences and stays blind;
after a few minutes of this it learns to read the image (measured, see the docs of `retia sft`).
"""

import functools
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from retia.errors import UserError
from retia.images import read_picture
from retia.records import Case, read_cases
from retia.students.precision import use_bf16
from retia.students.student import Student
from retia.taxonomy import STAGES
from retia.tuning.samples import jittered, seen_pixels
from retia.tuning.settings import TowerSettings

log = logging.getLogger("retia")

MAPS = ("capillary_dropout", "neovascularization", "microaneurysm", "irma", "faz")
POSITIVE_WEIGHT = (3.0, 5.0, 100.0, 5.0, 1.0)
"""Of a microaneurysm it must be large: one fills a cell in 300, and at 15 none was found."""
MAP_WEIGHT = (1.0, 2.0, 4.0, 1.0, 0.5)
GAIN = (1.0, 1.0, 5.0, 1.0, 1.0)
"""Cover of a cell is multiplied by this and capped at 1: a microaneurysm fills no whole cell."""
COUNTED = ("capillary_dropout", "neovascularization", "microaneurysm", "faz_enlargement")
FINE = 4
"""Map cells along one side of a token's cell."""


@dataclass(frozen=True)
class Eyes:
    """Everything of one split, in memory."""

    pixels: np.ndarray
    """uint8, `(N, 3, S, S)`."""
    maps: np.ndarray
    """float16, `(N, len(MAPS), M, M)`: cover of each map cell, in [0, 1]."""
    stages: np.ndarray
    """int64, `(N,)`; -1 where unknown."""
    counts: np.ndarray
    """float32, `(N, len(COUNTED))`: findings of each kind."""


class Heads(nn.Module):
    """Maps, stage and counts from the tower's vectors."""

    def __init__(self, size: int) -> None:
        """Build for vectors of `size`."""
        super().__init__()
        self.maps = nn.Linear(size, len(MAPS) * FINE**2)
        self.stage = nn.Linear(2 * size, len(STAGES))
        self.counts = nn.Linear(2 * size, len(COUNTED))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return map logits `(B, C, M, M)`, stage logits and logarithms of 1 + counts."""
        side = math.isqrt(x.shape[1])
        maps = self.maps(x).transpose(1, 2).unflatten(2, (side, side))
        pooled = torch.cat([x.mean(1), x.amax(1)], dim=1)
        maps = nn.functional.pixel_shuffle(maps, FINE)
        return maps, self.stage(pooled), self.counts(pooled)


def read_eyes(cases: Sequence[Case], folder: Path, student: Student) -> Eyes:
    """Read images and masks at the size the tower sees."""
    side = student.model.config.vision_config.grid * FINE
    pixels, maps = [], []
    for case in cases:
        image = read_picture(Path(folder) / case.file_name)
        pixels.append(seen_pixels(student, image))
        maps.append(_maps(case, Path(folder), image.shape[:2], side))
    stages = [STAGES.index(c.stage) if c.stage in STAGES else -1 for c in cases]
    counts = [[sum(f.kind == kind for f in c.findings) for kind in COUNTED] for c in cases]
    return Eyes(
        np.stack(pixels), np.stack(maps), np.array(stages), np.array(counts, dtype=np.float32)
    )


def _maps(case: Case, folder: Path, size: tuple[int, int], side: int) -> np.ndarray:
    import cv2

    maps = np.zeros((len(MAPS), side, side), np.float32)
    for finding in case.findings:
        if finding.kind not in MAPS:
            continue
        path = folder / (finding.mask or f"lesions/{case.id}/{finding.id}.png")
        if path.is_file():
            mask = (read_picture(path) > 0).astype(np.float32)
        elif finding.box_px is not None:
            mask = np.zeros(size, np.float32)
            x0, y0, x1, y1 = (round(v) for v in finding.box_px)
            mask[y0:y1, x0:x1] = 1
        else:
            continue
        mask = mask if mask.ndim == 2 else mask.max(axis=2)
        cover = cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA)
        channel = MAPS.index(finding.kind)
        maps[channel] = np.maximum(maps[channel], np.minimum(cover * GAIN[channel], 1))
    faz = folder / "faz" / f"{case.id}.png"
    if faz.is_file():
        mask = (read_picture(faz) > 0).astype(np.float32)
        maps[-1] = cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA)
    return maps.astype(np.float16)


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
        cohort: Folder of cases with masks; `train` and `validation` splits are used.
        settings: How long, how fast.
        seed: Of everything random.
        write: Called with each metrics row.

    Raises:
        UserError: If the student is not the embedded one, or no case has a mask or stage.
    """
    if student.family.name != "embedded":
        raise UserError(f"{student.family.title} brings its own vision tower. Leave --cohort out.")
    cases = [c for c in read_cases(cohort) if c.twin_of is None]
    training = [c for c in cases if c.split in (None, "train")]
    held_out = [c for c in cases if c.split in ("validation", "val")][: settings.held_out]
    if not any(c.findings for c in training):
        raise UserError(f"{cohort}: no case of the train split has a finding to learn from.")
    eyes = read_eyes(training, cohort, student)
    rest = read_eyes(held_out, cohort, student) if held_out else None
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tower = student.model.model.vision_tower.train()
    heads = Heads(tower.config.hidden_size)
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
        loss = _loss(tower, heads, _augmented(eyes, rows, settings.jitter, rng))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*tower.parameters(), *heads.parameters()], 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        last = step + 1 == settings.steps
        if (step + 1) % settings.evaluate_every == 0 or last:
            row = {"part": "tower", "step": step + 1, "loss": round(float(np.mean(losses)), 5)}
            row |= evaluate(tower, heads, rest) if rest is not None else {}
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
    eyes: Eyes, rows: np.ndarray, jitter: float, rng: np.random.Generator
) -> dict[str, torch.Tensor]:
    pixels, maps = [], []
    for row in rows:
        turns, mirror = int(rng.integers(4)), bool(rng.integers(2))
        for source, kept in ((eyes.pixels, pixels), (eyes.maps, maps)):
            turned = np.rot90(source[row], turns, axes=(1, 2))
            kept.append(turned[:, :, ::-1] if mirror else turned)
    values = jittered(np.stack(pixels).astype(np.float32) / 255, jitter, rng)
    return {
        "pixels": torch.from_numpy(values * 2 - 1),
        "maps": torch.from_numpy(np.stack(maps).astype(np.float32)),
        "stages": torch.from_numpy(eyes.stages[rows]),
        "counts": torch.from_numpy(eyes.counts[rows]),
    }


@functools.cache
def _bf16() -> bool:
    return use_bf16("cpu")


def _forward(tower: Any, heads: Heads, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
    with torch.autocast("cpu", torch.bfloat16, enabled=_bf16()):
        return tuple(out.float() for out in heads(tower(pixels).last_hidden_state))


def _loss(tower: Any, heads: Heads, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    maps, stage, counts = _forward(tower, heads, batch["pixels"])
    positive = torch.tensor(POSITIVE_WEIGHT)[:, None, None]
    per_map = nn.functional.binary_cross_entropy_with_logits(
        maps, batch["maps"], pos_weight=positive, reduction="none"
    ).mean((0, 2, 3))
    dense = (per_map * torch.tensor(MAP_WEIGHT)).sum() / sum(MAP_WEIGHT)
    count = nn.functional.smooth_l1_loss(counts, batch["counts"].log1p())
    known = batch["stages"] >= 0
    loss = 2 * dense + 0.5 * count
    if known.any():
        loss = loss + 0.5 * nn.functional.cross_entropy(stage[known], batch["stages"][known])
    return loss


def evaluate(tower: Any, heads: Heads, eyes: Eyes) -> dict[str, float]:
    """Stage accuracy, F1 of the map cells of each kind, error of the microaneurysm count."""
    tower.eval()
    with torch.inference_mode():
        parts = [
            _forward(tower, heads, torch.from_numpy(p.astype(np.float32) / 127.5 - 1))
            for p in np.array_split(eyes.pixels, -(-len(eyes.pixels) // 32))
        ]
    tower.train()
    maps, stage, counts = (torch.cat(out) for out in zip(*parts, strict=True))
    known = eyes.stages >= 0
    scores: dict[str, float] = {}
    if known.any():
        right = stage.argmax(1).numpy()[known] == eyes.stages[known]
        scores["stage_accuracy"] = round(float(right.mean()), 4)
    for channel, name in enumerate(MAPS):
        wanted, found = eyes.maps[:, channel] > 0.5, maps[:, channel].numpy() > 0
        if wanted.any():
            overlap = 2 * (wanted & found).sum() / (wanted.sum() + found.sum())
            scores[f"f1_{name}"] = round(float(overlap), 4)
    number = COUNTED.index("microaneurysm")
    off = np.abs(np.expm1(counts[:, number].numpy()) - eyes.counts[:, number])
    scores["microaneurysms_off"] = round(float(off.mean()), 4)
    return scores
