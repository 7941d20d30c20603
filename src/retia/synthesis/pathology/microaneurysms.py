"""Microaneurysms: small bright sacs on surviving capillaries, mostly beside dropout.

In:  a healthy eye, its dropout, a number.
Out: one `Lesion` for every microaneurysm that found a place.
"""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import KDTree

from retia.synthesis.faz import Faz
from retia.synthesis.pathology.lesion import Lesion, removed_by
from retia.synthesis.rasterizer import draw_discs
from retia.synthesis.vessels import Vessels

APART_MM = 0.14
"""Two microaneurysms lie at least this far apart, so that they can be counted."""


def draw_microaneurysms(
    rng: np.random.Generator,
    healthy: Vessels,
    lesions: Sequence[Lesion],
    faz: Faz,
    count: int,
    image_px: int,
    mm_per_px: float,
    taken_mm: Sequence[np.ndarray] = (),
) -> list[Lesion]:
    """Place sacs of 22 to 42 um radius beside capillaries that are still there.

    Capillaries within about 0.1 mm of a dropout's border are ten times as likely. Sacs
    keep clear of the field's border, of larger vessels and of each other.

    Args:
        rng: Decides places and sizes.
        healthy: Segments of the healthy eye.
        lesions: Dropout and FAZ enlargement of this eye.
        faz: Outline of the avascular zone.
        count: How many are wanted.
        image_px: Side of the image.
        mm_per_px: Scale.
        taken_mm: Centres ``(x, y)`` from which to keep 0.45 mm away, such as tufts.

    Returns:
        At most ``count`` lesions with ``radius_um``.
    """
    gone = removed_by(lesions, len(healthy))
    middle = healthy.middle_mm
    field = image_px * mm_per_px
    wide = KDTree(middle[healthy.radius_mm > 0.0095])
    able = ~gone & (healthy.radius_mm < 0.0065)
    able &= ((middle > 0.12) & (middle < field - 0.12)).all(axis=1)
    able &= (faz.rim_distance(middle) > 0.05) & (wide.query(middle)[0] > 0.075)
    for center in taken_mm:
        able &= np.hypot(*(middle - center).T) > 0.45
    weight = np.ones(len(healthy))
    if gone.any():
        weight[KDTree(middle[gone]).query(middle)[0] < 0.1] = 10.0
    found: list[Lesion] = []
    while len(found) < count and able.any():
        odds = np.where(able, weight, 0.0)
        s = int(rng.choice(len(odds), p=odds / odds.sum()))
        able &= np.hypot(*(middle - middle[s]).T) > APART_MM
        found.append(_sac(rng, healthy, s, image_px, mm_per_px))
    return found


def _sac(
    rng: np.random.Generator, healthy: Vessels, s: int, image_px: int, mm_per_px: float
) -> Lesion:
    """A sac that bulges from segment ``s``: one disc and a smaller lobe."""
    radius = rng.uniform(0.022, 0.042)
    along = healthy.end_mm[s] - healthy.start_mm[s]
    along = along / max(float(np.hypot(*along)), 1e-9)
    side = np.array([-along[1], along[0]]) * rng.choice([-1.0, 1.0])
    center = healthy.middle_mm[s] + 0.6 * radius * side
    lobe = center + 0.45 * radius * (side + rng.normal(0, 0.5) * along)
    blobs = np.array([[*center, radius], [*lobe, 0.72 * radius]])
    mask = draw_discs(blobs[:, :2], blobs[:, 2], image_px, mm_per_px) > 0.5
    return Lesion(
        kind="microaneurysm",
        mask=mask,
        values={"radius_um": float(np.sqrt(mask.sum() / np.pi) * mm_per_px * 1000)},
        blobs=blobs,
        segments=(s,),
    )
