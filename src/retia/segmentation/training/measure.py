"""How well the maps are seen, and from which probability on a pixel counts."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from retia.segmentation.maps import MAPS
from retia.segmentation.model import FINE_VESSELS, Segmenter
from retia.segmentation.scale import STANDARD_MM
from retia.segmentation.training.samples import Labelled

LEVELS = np.round(np.arange(0.1, 0.91, 0.05), 2)


def measure_maps(
    segmenter: Segmenter, held: Sequence[Labelled], chosen: Sequence[str] = ()
) -> tuple[Segmenter, dict[str, float]]:
    """Choose the threshold of every map and measure its Dice there.

    Args:
        segmenter: Its thresholds are replaced.
        held: Images that were not trained on.
        chosen: Maps whose thresholds stay: the Dice is that of the level next to it.

    Returns:
        The segmenter with thresholds, and per map the Dice over all pixels of all images that
        know it (maps that none knows are left out).
    """
    counts = {name: np.zeros((len(LEVELS), 3)) for name in segmenter.thresholds}
    for sample in held:
        truth = sample.fine_mask()
        maps, fine = segmenter.probabilities(sample.image, STANDARD_MM, truth is not None)
        for i in np.flatnonzero(sample.known):
            counts[MAPS[i]] += _counted(maps[i], (sample.planes >> i) & 1 == 1)
        if truth is not None and fine is not None:
            counts[FINE_VESSELS] += _counted(fine, truth)
    thresholds, dice = dict(segmenter.thresholds), {}
    for name, (both, said, true) in ((n, c.T) for n, c in counts.items()):
        if true.any():
            scores = 2 * both / np.maximum(said + true, 1)
            best = scores.argmax()
            if name in chosen:
                best = np.abs(LEVELS - thresholds[name]).argmin()
            else:
                thresholds[name] = float(LEVELS[best])
            dice[name] = round(float(scores[best]), 4)
    return dataclasses.replace(segmenter, thresholds=thresholds), dice


def _counted(p: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Pixels that are both, said, true, per level; `(levels, 3)`."""
    rows = []
    for level in LEVELS:
        said = p >= level
        rows.append((np.count_nonzero(said & truth), np.count_nonzero(said), truth.sum()))
    return np.array(rows, float)
