"""All lesions of one eye, made in an order in which each knows those before it.

In:  a healthy eye and what is wished for (`Disease`).
Out: `Lesion` records and the outline of the avascular zone as it is now.
"""

from dataclasses import replace

import numpy as np

from retia.synthesis.disease import Disease
from retia.synthesis.faz import Faz, wavy_rim
from retia.synthesis.pathology.dropout import density_ratio, draw_dropout
from retia.synthesis.pathology.faz_enlargement import draw_faz_enlargement
from retia.synthesis.pathology.lesion import Lesion, removed_by
from retia.synthesis.pathology.microaneurysms import draw_microaneurysms
from retia.synthesis.pathology.neovascularization import draw_tuft
from retia.synthesis.rasterizer import draw_vessels
from retia.synthesis.vessels import Vessels


def make_lesions(
    rng: np.random.Generator,
    healthy: Vessels,
    faz: Faz,
    disease: Disease,
    image_px: int,
    mm_per_px: float,
) -> tuple[list[Lesion], Faz]:
    """Make the lesions of one eye.

    Args:
        rng: Decides places and shapes.
        healthy: Segments of the healthy eye.
        faz: Its avascular zone.
        disease: What is wished for; what finds no place is left out.
        image_px: Side of the image.
        mm_per_px: Scale.

    Returns:
        The lesions, and the outline of the avascular zone with them.
    """
    before = draw_vessels(healthy, image_px, mm_per_px) > 0.5
    wide = faz
    lesions: list[Lesion] = []
    if disease.faz_area_mm2 is not None:
        lesion, wide = draw_faz_enlargement(
            rng, healthy, faz, disease.faz_area_mm2, image_px, mm_per_px
        )
        lesions.append(lesion)
    regions = _places(rng, wide, [radius for radius, _ in disease.dropout], image_px * mm_per_px)
    for region, (_, grade) in zip(regions, disease.dropout, strict=False):
        lesions.append(draw_dropout(rng, healthy, before, region, wide, grade, mm_per_px))
    gone = removed_by(lesions, len(healthy))
    after = draw_vessels(healthy, image_px, mm_per_px, (~gone).astype(float)) > 0.5
    lesions = [
        replace(
            lesion,
            values=lesion.values | {"density_ratio": density_ratio(lesion.mask, before, after)},
        )
        if lesion.kind == "capillary_dropout"
        else lesion
        for lesion in lesions
    ]
    tufts = []
    for number, diameter in enumerate(disease.tufts if regions else ()):  # no dropout, no tuft
        region = regions[number % len(regions)]
        host = _host(rng, healthy, gone, region, tufts, image_px * mm_per_px)
        if host is not None:
            tufts.append(healthy.end_mm[host])
            lesions.append(
                draw_tuft(rng, healthy, host, region.center_mm, diameter, image_px, mm_per_px)
            )
    sacs = draw_microaneurysms(
        rng, healthy, lesions, wide, disease.microaneurysms, image_px, mm_per_px, tufts
    )
    return lesions + sacs, wide


def _places(
    rng: np.random.Generator, faz: Faz, radii_mm: list[float], field_mm: float
) -> list[Faz]:
    """Outlines of regions that overlap neither each other nor the middle of the FAZ."""
    found: list[Faz] = []
    for radius in radii_mm:
        for _ in range(60):
            center = rng.uniform(0.75 * radius, field_mm - 0.75 * radius, 2)
            clear = np.hypot(*(center - faz.center_mm)) - faz.rim_mm.mean() > 0.75 * radius
            apart = all(
                np.hypot(*(center - other.center_mm)) > 1.05 * (radius + other.rim_mm.mean())
                for other in found
            )
            if clear and apart:
                found.append(Faz(center, radius * wavy_rim(rng, strength=0.28)))
                break
    return found


def _host(
    rng: np.random.Generator,
    healthy: Vessels,
    gone: np.ndarray,
    region: Faz,
    tufts: list[np.ndarray],
    field_mm: float,
) -> int | None:
    """A surviving vessel of some calibre at, or nearest to, the border of a region."""
    end = healthy.end_mm
    able = ~gone & (healthy.radius_mm > 0.006)
    able &= ((end > 0.2) & (end < field_mm - 0.2)).all(axis=1)
    for place in tufts:
        able &= np.hypot(*(end - place).T) > 0.6
    gap = np.abs(region.rim_distance(end))
    hosts = np.flatnonzero(able & (gap < 0.12))
    if len(hosts):
        return int(rng.choice(hosts))
    return int(np.where(able, gap, np.inf).argmin()) if able.any() else None
