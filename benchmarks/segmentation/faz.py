"""Tables of the FAZ: every real eye, beside two textbook ways tuned on the other eyes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage.filters import threshold_otsu

from benchmarks.segmentation.baselines import sato_response
from benchmarks.segmentation.data import full_label_eyes, octa25k_eyes
from benchmarks.segmentation.methods import Retia, retia_methods, timed
from benchmarks.segmentation.results import Row
from retia.segmentation.metrics import area_error, dice

REACH_MM = 0.5
"""How quickly a dark part loses weight with its distance from the middle."""

Case = tuple[np.ndarray, np.ndarray, float]
"""Pixels, truth, mm a pixel."""


@dataclass(frozen=True)
class FazFilter:
    """A textbook way to the FAZ, and the settings to choose from."""

    name: str
    settings: tuple[tuple[float, float], ...]
    mask: Callable[[np.ndarray, float, tuple[float, float]], np.ndarray]


def faz(data: Path, model: Path | None, folds: tuple[Path, ...] = ()) -> list[Row]:
    """Dice and area error of every real eye with a FAZ mask.

    Args:
        data: Folder of the data sets.
        model: Weights of the network; the shipped ones when left out.
        folds: Networks that learned from the eyes of OCTA-25K of even number in the sorted list,
            and of odd: each is tested on the others.
    """
    open_eyes = octa25k_eyes(data)
    halves = {id: n % 2 for n, id in enumerate(sorted(eye.id for eye in open_eyes))}
    eyes = [*full_label_eyes(data, "GT_FAZ"), *open_eyes]
    rows = []
    for group in dict.fromkeys(eye.group for eye in eyes):
        members = [eye for eye in eyes if eye.group == group]
        cases = [eye.read() for eye in members]
        found = {f.name: leave_one_out(f, cases) for f in FAZ_FILTERS}
        for method in retia_methods(model):
            inputs = [(pixels, mm) for pixels, _, mm in cases]
            structures, cpu_s = timed(method.structures, inputs)
            found[method.name] = ([structure.faz for structure in structures], cpu_s)
        if folds and members[0].id in halves:
            turns = [
                Retia(f"fold {n}", "network", folds[1 - halves[e.id]])
                for n, e in enumerate(members)
            ]
            one_by_one = [
                timed(t.structures, [(p, mm)]) for t, (p, _, mm) in zip(turns, cases, strict=True)
            ]
            seconds = float(np.mean([cpu_s for _, cpu_s in one_by_one]))
            found["Retia network, two-fold"] = ([s.faz for (s,), _ in one_by_one], seconds)
        for name, (masks, cpu_s) in found.items():
            for eye, (_, truth, _), mask in zip(members, cases, masks, strict=True):
                figures = {"Dice": dice(mask, truth), "area error": area_error(mask, truth)}
                rows.append(Row(f"FAZ, {group}", name, eye.id, figures, cpu_s))
    return rows


def leave_one_out(filter: FazFilter, cases: list[Case]) -> tuple[list[np.ndarray], float]:
    """Masks of every eye with the setting that is best on the others, and CPU seconds an eye."""
    masks, seconds = [], []
    for setting in filter.settings:
        found, cpu_s = timed(lambda p, mm, s=setting: filter.mask(p, mm, s), _inputs(cases))
        masks.append(found)
        seconds.append(cpu_s)
    scores = np.array([[dice(m, c[1]) for m, c in zip(f, cases, strict=True)] for f in masks])
    best = (scores.sum(axis=1, keepdims=True) - scores).argmax(axis=0)
    return [masks[b][eye] for eye, b in enumerate(best)], float(np.mean(seconds))


def _inputs(cases: list[Case]) -> list[tuple[np.ndarray, float]]:
    return [(pixels, mm) for pixels, _, mm in cases]


def smooth_otsu(pixels: np.ndarray, mm_per_px: float, setting: tuple[float, float]) -> np.ndarray:
    """Smooth; what lies below a factor of Otsu's level near the middle is dark."""
    smooth_mm, factor = setting
    smooth = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), smooth_mm / mm_per_px)
    height, width = pixels.shape
    middle = smooth[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    return _central_part(smooth < factor * threshold_otsu(middle), mm_per_px)


def sato_gap(pixels: np.ndarray, mm_per_px: float, setting: tuple[float, float]) -> np.ndarray:
    """The largest place near the middle that discs reach between the ridges of a Sato filter."""
    level, gap_mm = setting
    ridges = sato_response(pixels / 255, (1, 2)) > level
    free_mm = cv2.distanceTransform((~ridges).astype(np.uint8), cv2.DIST_L2, 5) * mm_per_px
    core = _central_part(free_mm > gap_mm, mm_per_px)
    away_mm = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) * mm_per_px
    return core.any() & (away_mm <= gap_mm)


def _central_part(dark: np.ndarray, mm_per_px: float) -> np.ndarray:
    """The large connected part near the middle, its holes filled; empty if nothing is dark."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats(
        dark.astype(np.uint8), connectivity=4
    )
    if count < 2:
        return np.zeros(dark.shape, bool)
    middle = np.array(dark.shape[::-1]) / 2
    away_mm = np.hypot(*(centres[1:] - middle).T) * mm_per_px
    weight = stats[1:, cv2.CC_STAT_AREA] * np.exp(-((away_mm / REACH_MM) ** 2))
    part = (labels == 1 + int(weight.argmax())).astype(np.uint8)
    contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(part, contours, -1, 1, cv2.FILLED) > 0


FAZ_FILTERS = (
    FazFilter(
        "smooth + Otsu",
        tuple((s, f) for s in (0.02, 0.03, 0.05) for f in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
        smooth_otsu,
    ),
    FazFilter(
        "Sato + gap",
        tuple((v, g) for v in (0.02, 0.03, 0.04, 0.06) for g in (0.03, 0.04, 0.06)),
        sato_gap,
    ),
)
