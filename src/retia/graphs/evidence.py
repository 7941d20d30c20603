"""What the segmenter thinks of each vessel and area: how likely it belongs to a lesion.

In:  probability maps of the kinds of lesions, `(len(LESIONS), H, W)`, or None.
Out: one float array per feature `evidence_<kind>`; all 0 where nobody looked.
"""

import numpy as np

from retia.graphs.pixels import describe
from retia.graphs.skeleton import Skeleton
from retia.segmentation.maps import LESIONS

SAC = LESIONS.index("microaneurysm")


def segment_evidence(lesions: np.ndarray | None, skeleton: Skeleton) -> dict[str, np.ndarray]:
    """Highest probability along each centre line, `(S,)` a kind.

    `sac_x_px, sac_y_px`: where along it a microaneurysm is likeliest; the middle of the points
    that share the highest probability.
    """
    count = len(skeleton)
    if lesions is None or not count:
        lesions = np.zeros((len(LESIONS), *skeleton.filled.shape), np.float32)
    rows, cols = skeleton.points.T
    along = lesions[:, rows, cols].astype(float)
    if not count:
        return {f"evidence_{kind}": np.zeros(0) for kind in LESIONS} | {
            name: np.zeros(0) for name in ("sac_x_px", "sac_y_px")
        }
    highest = np.maximum.reduceat(along, skeleton.starts[:-1], axis=1)
    owner = np.repeat(np.arange(count), np.diff(skeleton.starts))
    at_top = along[SAC] >= highest[SAC][owner]
    number = np.bincount(owner, at_top, count)
    x, y = (np.bincount(owner, at_top * axis, count) / number for axis in (cols, rows))
    found = {f"evidence_{kind}": highest[i] for i, kind in enumerate(LESIONS)}
    return found | {"sac_x_px": x, "sac_y_px": y}


def area_evidence(
    lesions: np.ndarray | None, labels: np.ndarray, count: int
) -> dict[str, np.ndarray]:
    """Mean probability inside of each area, `(A,)` a kind.

    Args:
        lesions: Probability maps.
        labels: int32 `(H, W)`, -1 off the areas.
        count: Number of areas.
    """
    if lesions is None:
        return {f"evidence_{kind}": np.zeros(count) for kind in LESIONS}
    return {
        f"evidence_{kind}": describe(labels, count, lesions[i]).mean
        for i, kind in enumerate(LESIONS)
    }
