"""Does an attribution point at the lesions that are known to be there?

In:  a score per element, and masks of true lesions (the simulator knows them exactly).
Out: the pointing game (Zhang et al. 2018), how much positive attribution lies in lesions against
     how many elements do, and the area under the precision-recall curve of finding the elements in
     lesions by their attribution.

An element lies in a lesion when at least half of its pixels do: of the centre line for a segment,
of the region for an intercapillary area or the FAZ.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from retia.graphs.hetero import node_tables
from retia.records import Case, VesselGraph

INSIDE = 0.5
"""Share of an element's pixels that lie in a lesion it belongs to."""


def lesion_masks(case: Case, folder: Path) -> dict[str, np.ndarray]:
    """Per kind of finding, the union of its masks, bool `(H, W)`; findings without are left out.

    Raises:
        UserError: If a mask cannot be read.
    """
    from retia.images import read_mask

    masks: dict[str, np.ndarray] = {}
    for finding in case.findings:
        if finding.mask is not None:
            mask = read_mask(folder / finding.mask)
            masks[finding.kind] = masks.get(finding.kind, False) | mask
    return masks


def elements_inside(graph: VesselGraph, mask: np.ndarray) -> dict[str, np.ndarray]:
    """Which elements lie in a mask: per node type, bool `(N,)`."""
    tables = node_tables(graph)
    shares = {"segment": _of_lines(tables["segment"]["polyline_px"], mask)}
    shares |= {kind: _of_runs(tables[kind]["runs_px"], mask) for kind in ("area", "faz")}
    return {kind: share >= INSIDE for kind, share in shares.items()}


def localise(
    scores: Mapping[str, np.ndarray], inside: Mapping[str, np.ndarray], kinds: Sequence[str]
) -> dict[str, Any]:
    """Hold the scores of elements against where the lesions are.

    Args:
        scores: Per node type, signed attribution, `(N,)`.
        inside: Per node type, whether the element lies in a lesion, `(N,)`.
        kinds: The node types that take part.

    Returns:
        `elements` (their number), `inside` (share of them in lesions, which is what chance
        reaches), `top_inside` (1.0 when the element of the highest score lies in a lesion),
        `top_kind` (its type), `positive_inside` (share of all positive attribution), and
        `average_precision`; the last is None where no element or every one lies in a lesion.
    """
    score = np.concatenate([scores[k] for k in kinds])
    truth = np.concatenate([inside[k] for k in kinds])
    positive = np.maximum(score, 0)
    top = int(score.argmax())
    starts = np.cumsum([len(scores[k]) for k in kinds])
    mixed = 0 < truth.sum() < len(truth)
    return {
        "elements": len(score),
        "inside": float(truth.mean()),
        "top_inside": float(truth[top]),
        "top_kind": kinds[int(np.searchsorted(starts, top, side="right"))],
        "positive_inside": float(positive[truth].sum() / max(positive.sum(), 1e-12)),
        "average_precision": average_precision(truth, score) if mixed else None,
    }


def average_precision(truth: np.ndarray, score: np.ndarray) -> float:
    """Mean precision at the rank of each true element, best scores first."""
    hits = truth[np.argsort(-score, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def _of_lines(lines: pl.Series, mask: np.ndarray) -> np.ndarray:
    """Share of the points of each polyline that lie in a mask, `(N,)`."""
    counts = lines.list.len().to_numpy().astype(int)
    points = _flat(lines, 2)
    return _mean_of_groups(mask[points[:, 0], points[:, 1]].astype(float), counts, counts)


def _of_runs(runs: pl.Series, mask: np.ndarray) -> np.ndarray:
    """Share of the pixels of each region that lie in a mask, `(N,)`; 0 for an empty region."""
    before = np.cumsum(np.pad(mask, ((0, 0), (1, 0))), axis=1)
    row, start, stop = _flat(runs, 3).T
    counts = runs.list.len().to_numpy().astype(int)
    owner = np.repeat(np.arange(len(counts)), counts)
    pixels = np.bincount(owner, stop - start, len(counts))
    return _mean_of_groups((before[row, stop] - before[row, start]).astype(float), counts, pixels)


def _flat(lists: pl.Series, width: int) -> np.ndarray:
    flat = lists.explode().drop_nulls().explode().drop_nulls()
    return flat.to_numpy().reshape(-1, width)


def _mean_of_groups(values: np.ndarray, counts: np.ndarray, size: np.ndarray) -> np.ndarray:
    total = np.bincount(np.repeat(np.arange(len(counts)), counts), values, len(counts))
    return total / np.maximum(size, 1)
