"""Enlarged FAZ: the capillaries at its rim are lost and the outline moves outwards.

In:  a healthy eye and the area the FAZ shall have.
Out: a `Lesion` and the new outline.
"""

import numpy as np

from retia.synthesis.faz import Faz, wavy_rim
from retia.synthesis.pathology.lesion import Lesion, fed
from retia.synthesis.vessels import Vessels


def draw_faz_enlargement(
    rng: np.random.Generator,
    healthy: Vessels,
    faz: Faz,
    area_mm2: float,
    image_px: int,
    mm_per_px: float,
) -> tuple[Lesion, Faz]:
    """Widen the avascular zone by pruning what grew inside the wider outline.

    Args:
        rng: Decides the irregular new outline.
        healthy: Segments of the healthy eye.
        faz: Healthy outline; the new one contains it.
        area_mm2: Area wanted; the true one is measured.
        image_px: Side of the image.
        mm_per_px: Scale.

    Returns:
        The lesion with its ``area_mm2`` (of the whole new FAZ), and the new outline.
    """
    lobed = Faz(faz.center_mm, faz.rim_mm * wavy_rim(rng, strength=0.13)).scaled_to(area_mm2)
    wide = Faz(faz.center_mm, np.maximum(lobed.rim_mm, faz.rim_mm * 1.02))
    lost = np.minimum(wide.rim_distance(healthy.end_mm), wide.rim_distance(healthy.middle_mm)) < 0
    near = wide.rim_distance(healthy.middle_mm) < 0.06
    lost |= ~fed(healthy, ~lost) & near
    mask = wide.mask(image_px, mm_per_px)
    rim = near & ~lost
    lesion = Lesion(
        kind="faz_enlargement",
        mask=mask,
        values={"area_mm2": float(mask.sum() * mm_per_px**2)},
        removed=lost,
        segments=tuple(np.flatnonzero(rim)[:4].tolist()),
    )
    return lesion, wide
