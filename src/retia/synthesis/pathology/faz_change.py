"""A changed avascular zone: wider as a whole, or eaten into its capillary ring by notches.

In:  a healthy eye and the area, or the grade of irregularity, that is wanted.
Out: a `Lesion` with the outline it gives the zone.
"""

from dataclasses import replace

import numpy as np

from retia.synthesis.faz import Faz, wavy_rim
from retia.synthesis.faz_outline import as_seen, grown_around
from retia.synthesis.pathology.healthy import Healthy
from retia.synthesis.pathology.lesion import Lesion, fed
from retia.synthesis.vessels import selected, stored

RING_MM = 0.06
"""Capillaries this close to the new rim that lost their blood are lost too."""
FITTINGS = 3
"""How often the outline is drawn again to meet the area that is wanted."""


def draw_faz_enlargement(rng: np.random.Generator, eye: Healthy, area_mm2: float) -> Lesion:
    """Widen the avascular zone by pruning what grew inside a wider outline.

    Args:
        rng: Decides the new outline, slightly irregular as healthy ones are.
        eye: The healthy eye; the new outline contains its own.
        area_mm2: Area wanted; the true one is measured.
    """
    old = eye.faz
    shape = Faz(old.center_mm, old.rim_mm * wavy_rim(rng, strength=0.08))
    scale, wanted_mm2 = 1.0, area_mm2
    lesion = None
    for _ in range(FITTINGS):  # capillaries end where they end, and not at the outline
        for _ in range(20):  # the part of the old zone that sticks out counts as well
            wide = replace(shape, rim_mm=np.maximum(shape.rim_mm * scale, old.rim_mm * 1.02))
            scale *= np.sqrt(wanted_mm2 / wide.area_mm2)
        lesion = _opened("faz_enlargement", eye, wide)
        assert lesion.faz is not None
        wanted_mm2 *= area_mm2 / lesion.faz.area_mm2
    assert lesion is not None
    return lesion


def draw_faz_irregularity(
    rng: np.random.Generator, eye: Healthy, around: Faz, grade: float
) -> Lesion:
    """Break the capillary ring in two or three places, where the zone then reaches out.

    Args:
        rng: Decides where.
        eye: The healthy eye.
        around: The zone as other lesions have made it already; notches go beyond it.
        grade: In [0, 1]; a notch is .25 to .8 of the zone's mean radius deep.
    """
    degree = np.arange(len(around.rim_mm))
    reach = np.zeros(len(degree))
    first = rng.uniform(0, 360)
    count = int(rng.integers(2, 4))
    for number in range(count):
        away = first + 360 * number / count + rng.normal(0, 20)
        away = np.abs((degree - away + 180) % 360 - 180)
        width = rng.uniform(12, 20) * (0.8 + 0.4 * grade)
        depth = (0.3 + 0.5 * grade) * rng.uniform(0.75, 1.0)
        reach = np.maximum(reach, depth * np.exp(-((away / width) ** 4)))
    notched = around.rim_mm + reach * around.rim_mm.mean()
    rim = np.where(reach > 0.02, np.maximum(notched, eye.faz.rim_mm), eye.faz.rim_mm)
    return _opened("faz_irregularity", eye, replace(eye.faz, rim_mm=rim))


def _opened(kind: str, eye: Healthy, wide: Faz) -> Lesion:
    """Remove what lies inside a wider outline and what then hangs loose at its rim."""
    vessels = eye.vessels
    wide = grown_around(wide)
    ends = np.minimum(wide.rim_distance(vessels.end_mm), wide.rim_distance(vessels.start_mm))
    gap = wide.rim_distance(eye.middle_mm)
    lost = np.minimum(ends, gap) < 0
    lost |= ~fed(vessels, ~lost) & (gap < RING_MM)
    rim = (gap < RING_MM) & ~lost
    left = selected(stored(vessels), ~lost)
    seen = as_seen(wide, left, eye.image_px, eye.mm_per_px)
    return Lesion(
        kind=kind,
        mask=seen.mask(eye.image_px, eye.mm_per_px),
        values={},
        removed=lost,
        faz=seen,
        segments=tuple(np.flatnonzero(rim)[:4].tolist()),
    )


def measured_faz(lesion: Lesion, faz: Faz, eye: Healthy) -> Lesion:
    """A lesion of the zone with mask and values of the zone as all lesions have made it."""
    mask = faz.mask(eye.image_px, eye.mm_per_px)
    if lesion.kind == "faz_enlargement":
        return replace(lesion, mask=mask, values={"area_mm2": eye.area_mm2(mask)})
    return replace(lesion, mask=mask, values={"circularity": circularity(mask)})


def circularity(mask: np.ndarray) -> float:
    """4 pi area over perimeter squared, at most 1 (a circle); 0 for an empty mask."""
    from skimage.measure import perimeter

    around = float(perimeter(np.pad(mask, 1)))
    return min(4 * np.pi * float(mask.sum()) / around**2, 1.0) if around else 0.0
