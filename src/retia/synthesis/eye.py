"""One synthetic eye: a healthy eye grown once, its lesions, and its images with or without them.

In:  a seed, a disease, the traits of the patient.
Out: `Eye`; `Eye.image()` draws it, `Eye.image(without={0})` draws its exact twin.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from retia.synthesis.appearance import Texture, draw_texture, render
from retia.synthesis.disease import Disease
from retia.synthesis.faz import Faz, draw_faz
from retia.synthesis.growth import GrowthConfig, grow_vessels
from retia.synthesis.pathology import (
    Lesion,
    make_lesions,
    with_lesions,
)
from retia.synthesis.rasterizer import draw_discs, draw_vessels
from retia.synthesis.vessels import Vessels, selected


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

    def drawn(self, without: Collection[int] = ()) -> tuple[Vessels, np.ndarray]:
        """The segments that are there, and the blobs ``(N, 3)`` as ``(x, y, radius)`` in mm."""
        vessels, there, blobs = with_lesions(self.healthy, self.chosen(without))
        return selected(vessels, there), blobs

    def image(self, without: Collection[int] = ()) -> np.ndarray:
        """Draw the eye, uint8 ``(H, W)``, optionally without some of its lesions."""
        vessels, blobs = self.drawn(without)
        return render(vessels, blobs, self.texture, self.image_px, self.mm_per_px)

    def vessel_mask(self, without: Collection[int] = ()) -> np.ndarray:
        """Pixels with flow, bool ``(H, W)``: vessels, tufts and microaneurysms."""
        vessels, blobs = self.drawn(without)
        flow = draw_vessels(vessels, self.image_px, self.mm_per_px)
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
    lesions, wide = make_lesions(rng, healthy, faz, disease, image_px, mm_per_px)
    return Eye(healthy, faz, wide, tuple(lesions), texture, image_px, mm_per_px)


def warm() -> None:
    """Compile the growth kernels (about 20 s once, cached on disk) before workers need them."""
    make_eye(0, Disease()).image()
