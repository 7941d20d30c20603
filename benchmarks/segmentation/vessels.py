"""Tables of vessels: all vessels at two sizes, every real eye, large vessels."""

from pathlib import Path

import cv2
import numpy as np

from benchmarks.segmentation.baselines import FILTERS, Tuned, tune
from benchmarks.segmentation.data import (
    Eye,
    full_label_eyes,
    gan_pairs,
    large_vessel_eyes,
    split,
    spread,
)
from benchmarks.segmentation.methods import Retia, retia_methods, timed
from benchmarks.segmentation.results import Row
from retia.segmentation.metrics import cl_dice, dice

TUNED_ON = 20
"""Rendered training pairs that the filters are tuned on."""


def all_vessels(data: Path, model: Path | None) -> tuple[list[Row], list[Tuned]]:
    """Held-out rendered eyes at 304 and 1216 px.

    Returns:
        Rows, and the filters as tuned at 304 px.
    """
    training, held = split(gan_pairs(data))
    tuning = [eye.read() for eye in spread(training, TUNED_ON)]
    images = [pixels for pixels, _, _ in tuning]
    rows, filters = [], []
    for fine in (False, True):
        tuning_truths = [truth if fine else _shrunk(truth) for _, truth, _ in tuning]
        cases = [eye.read() for eye in held]
        truths = [truth if fine else _shrunk(truth) for _, truth, _ in cases]
        size = truths[0].shape
        task = f"all vessels, {len(held)} held-out GAN pairs, {size[1]} px"
        for filter in FILTERS:
            tuned = tune(filter, images, tuning_truths)
            found, cpu_s = timed(tuned.mask, [(pixels, size) for pixels, _, _ in cases])
            rows += _rows(task, _tuned_name(tuned), held, found, truths, cpu_s)
            if not fine:
                filters.append(tuned)
        for method in retia_methods(model):
            inputs = [(pixels, mm) for pixels, _, mm in cases]
            found, cpu_s = timed(method.fine_vessels if fine else method.thin_vessels, inputs)
            rows += _rows(task, method.name, held, found, truths, cpu_s)
    return rows, filters


def real_vessels(data: Path, model: Path | None, filters: list[Tuned]) -> list[Row]:
    """Every real eye with capillary masks; the filters keep what was tuned on rendered eyes."""
    eyes = full_label_eyes(data, "GT_Capillary")
    rows = []
    for field_mm in (3, 6):
        group = [eye for eye in eyes if eye.field_mm == field_mm]
        cases = [eye.read() for eye in group]
        truths = [truth for _, truth, _ in cases]
        task = f"all vessels, {len(group)} real eyes, {field_mm} mm"
        for tuned in filters:
            found, cpu_s = timed(tuned.mask, [(pixels,) for pixels, _, _ in cases])
            rows += _rows(task, tuned.filter.name, group, found, truths, cpu_s)
        for method in retia_methods(model):
            found, cpu_s = timed(method.vessels, [(pixels, mm) for pixels, _, mm in cases])
            rows += _rows(task, method.name, group, found, truths, cpu_s)
    return rows


def large_vessels(data: Path, model: Path | None, large_model: Path | None) -> list[Row]:
    """Held-out real eyes of 3 mm; the filters are tuned on every other one of the rest."""
    training, held = split(large_vessel_eyes(data))
    tuning = [eye.read() for eye in training[::2]]
    images, tuning_truths = [p for p, _, _ in tuning], [t for _, t, _ in tuning]
    cases = [eye.read() for eye in held]
    truths = [truth for _, truth, _ in cases]
    task = f"large vessels, {len(held)} held-out eyes of OCTA-500, 3 mm"
    rows = []
    for filter in FILTERS:
        tuned = tune(filter, images, tuning_truths)
        found, cpu_s = timed(tuned.mask, [(pixels,) for pixels, _, _ in cases])
        rows += _rows(task, _tuned_name(tuned), held, found, truths, cpu_s)
    methods = retia_methods(model)
    if large_model is not None:
        methods.append(Retia("Retia network of OCTA-500 (not shipped)", "network", large_model))
    for method in methods:
        found, cpu_s = timed(method.structures, [(pixels, mm) for pixels, _, mm in cases])
        masks = [structure.large_vessels for structure in found]
        rows += _rows(task, method.name, held, masks, truths, cpu_s)
    return rows


def _tuned_name(tuned: Tuned) -> str:
    return f"{tuned.filter.name} ({tuned.setting}, > {tuned.threshold:.3g})"


def _shrunk(mask: np.ndarray, times: int = 4) -> np.ndarray:
    size = (mask.shape[1] // times, mask.shape[0] // times)
    # Half or more: with "more than half", 1 pixel in 18, just half covered, would be lost.
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5


def _rows(
    task: str,
    method: str,
    eyes: list[Eye],
    found: list[np.ndarray],
    truths: list[np.ndarray],
    cpu_s: float,
) -> list[Row]:
    return [
        Row(task, method, eye.id, {"Dice": dice(f, t), "clDice": cl_dice(f, t)}, cpu_s)
        for eye, f, t in zip(eyes, found, truths, strict=True)
    ]
