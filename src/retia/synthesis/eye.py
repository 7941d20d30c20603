"""One synthetic eye: a healthy eye grown once, its lesions, and its images with or without them.

In:  a seed, a disease, the traits of the patient.
Out: `Eye`; `Eye.image()` draws it, `Eye.image(without={0})` draws its exact twin.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from retia.synthesis.appearance import Texture, draw_texture, render
from retia.synthesis.disease import Disease
from retia.synthesis.faz import Faz, draw_faz, wavy_rim
from retia.synthesis.growth import GrowthConfig, Vessels, grow_vessels
from retia.synthesis.pathology import (
    Lesion,
    draw_dropout,
    draw_faz_enlargement,
    draw_microaneurysms,
    draw_tuft,
    with_lesions,
)
from retia.synthesis.pathology.dropout import density_ratio
from retia.synthesis.pathology.lesion import removed_by
from retia.synthesis.rasterizer import draw_discs, draw_vessels


@dataclass(frozen=True)
class Eye:
    """A healthy eye and what befell it.

    Attributes:
        healthy: Segments grown, without any lesion.
        healthy_faz: Outline the vessels grew around.
        faz: Outline now; wider when there is a `faz_enlargement`.
        lesions: In the order in which they were made.
        texture: The eye's noise, drawn before any lesion.
        image_px: Side of its images.
        mm_per_px: Scale of its images.
    """

    healthy: Vessels
    healthy_faz: Faz
    faz: Faz
    lesions: tuple[Lesion, ...]
    texture: Texture
    image_px: int
    mm_per_px: float

    def chosen(self, without: Collection[int] = ()) -> list[Lesion]:
        """The lesions, less those with the numbers in ``without``."""
        return [lesion for i, lesion in enumerate(self.lesions) if i not in without]

    def image(self, without: Collection[int] = ()) -> np.ndarray:
        """Draw the eye, uint8 ``(H, W)``, optionally without some of its lesions."""
        lesions = self.chosen(without)
        vessels, there, blobs = with_lesions(self.healthy, lesions)
        hole = self.healthy_faz.mask(self.image_px, self.mm_per_px).astype(float)
        tissue = 1 - gaussian_filter(hole, 2.0, truncate=3)
        for lesion in lesions:
            if lesion.dimming is not None:
                tissue = tissue * (1 - lesion.dimming)
        return render(vessels, there, blobs, tissue, self.texture, self.mm_per_px)

    def vessel_mask(self, without: Collection[int] = ()) -> np.ndarray:
        """Pixels with flow, bool ``(H, W)``: vessels, tufts and microaneurysms."""
        vessels, there, blobs = with_lesions(self.healthy, self.chosen(without))
        flow = draw_vessels(vessels, self.image_px, self.mm_per_px, there.astype(float))
        sacs = draw_discs(blobs[:, :2], blobs[:, 2], self.image_px, self.mm_per_px)
        return np.maximum(flow, sacs) > 0.5


def make_eye(
    seed: int,
    disease: Disease,
    growth: GrowthConfig | None = None,
    image_px: int = 304,
    tilt_rad: float = 0.0,
) -> Eye:
    """Grow one eye and its lesions.

    Args:
        seed: Decides everything; anatomy, noise and lesions use seeds of their own, so the
            same seed with another disease is the same eye with other lesions.
        disease: What to make.
        growth: Growth parameters.
        image_px: Side of the images.
        tilt_rad: Turn of the trunks, a trait both eyes of a patient share.

    Returns:
        The eye.
    """
    growth = growth or GrowthConfig()
    mm_per_px = growth.field_mm / image_px
    anatomy, noise, harm = np.random.SeedSequence(seed).spawn(3)
    rng = np.random.default_rng(anatomy)
    faz = draw_faz(rng, growth.field_mm)
    healthy = grow_vessels(rng, faz, growth, tilt_rad)
    texture = draw_texture(noise, image_px)
    rng = np.random.default_rng(harm)
    lesions, wide = _lesions(rng, healthy, faz, disease, image_px, mm_per_px)
    return Eye(healthy, faz, wide, tuple(lesions), texture, image_px, mm_per_px)


def _lesions(
    rng: np.random.Generator,
    healthy: Vessels,
    faz: Faz,
    disease: Disease,
    image_px: int,
    mm_per_px: float,
) -> tuple[list[Lesion], Faz]:
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


def warm() -> None:
    """Compile the growth kernels (about 20 s once, cached on disk) before workers need them."""
    make_eye(0, Disease()).image()
