"""One synthetic eye: a healthy eye grown once, its lesions, and its images with or without them.

In:  a seed, a disease, the traits of the patient.
Out: `Eye`; `Eye.image()` draws it, `Eye.image(without={0})` draws its exact twin.
"""

from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np

from retia.synthesis.appearance import BEST, Appearance, Texture, draw_texture, reach_px, render
from retia.synthesis.disease import Disease
from retia.synthesis.faz import HEALTHY_AREA_MM2, Faz, draw_faz
from retia.synthesis.faz_outline import as_seen, grown_around
from retia.synthesis.growth import GrowthConfig, grow_vessels
from retia.synthesis.pathology import Lesion, make_lesions, with_lesions
from retia.synthesis.rasterizer import draw_discs, draw_mask, draw_vessels
from retia.synthesis.vessels import Vessels, selected, stored


@dataclass(frozen=True)
class Eye:
    """A healthy eye and what befell it.

    Attributes:
        healthy: Segments grown, without any lesion.
        healthy_faz: Outline of the avascular zone as far as the innermost capillaries.
        faz: Outline now; wider when there is a `faz_enlargement`.
        lesions: In the order in which they were made.
        texture: The eye's noise, drawn before any lesion.
        image_px: Side of its images.
        mm_per_px: Scale of its images.
        appearance: How `image` draws it.
    """

    healthy: Vessels
    healthy_faz: Faz
    faz: Faz
    lesions: tuple[Lesion, ...]
    texture: Texture
    image_px: int
    mm_per_px: float
    appearance: Appearance = BEST

    def chosen(self, without: Collection[int] = ()) -> list[Lesion]:
        """The lesions, less those with the numbers in ``without``."""
        return [lesion for i, lesion in enumerate(self.lesions) if i not in without]

    def drawn(self, without: Collection[int] = ()) -> tuple[Vessels, np.ndarray]:
        """The segments that are there, and the blobs ``(N, 3)`` as ``(x, y, radius)`` in mm."""
        vessels, there, blobs = with_lesions(self.healthy, self.chosen(without))
        return selected(stored(vessels), there), blobs.astype(np.float32).astype(float)

    def image(self, without: Collection[int] = ()) -> np.ndarray:
        """Draw the eye, uint8 ``(H, W)``, optionally without some of its lesions."""
        vessels, blobs = self.drawn(without)
        return render(vessels, blobs, self.texture, self.image_px, self.mm_per_px, self.appearance)

    def vessel_mask(self, without: Collection[int] = ()) -> np.ndarray:
        """Pixels with flow, bool ``(H, W)``: vessels, tufts and microaneurysms."""
        vessels, blobs = self.drawn(without)
        return draw_mask(vessels, blobs, self.image_px, self.mm_per_px)

    def influence(self, without: Collection[int]) -> np.ndarray:
        """Pixels that may differ between `image()` and `image(without)`, bool ``(H, W)``.

        They are those that a changed vessel or blob touches, and those the renderer carries the
        change to.
        """
        (vessels, blobs), (other, others) = self.drawn(), self.drawn(without)
        touched = np.zeros((self.image_px, self.image_px), np.uint8)
        for one, two in ((vessels, other), (other, vessels)):
            changed = selected(one, ~_rows_in(_shapes(one), _shapes(two)))
            touched |= draw_vessels(changed, self.image_px, self.mm_per_px, least_px=0.75) > 0
        for one, two in ((blobs, others), (others, blobs)):
            changed = one[~_rows_in(one, two)]
            touched |= draw_discs(changed[:, :2], changed[:, 2], self.image_px, self.mm_per_px) > 0
        reach = reach_px(self.appearance, self.mm_per_px)
        square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
        return cv2.dilate(touched, square).astype(bool)


def _shapes(vessels: Vessels) -> np.ndarray:
    """What a renderer sees of each segment, ``(S, 6)``."""
    columns = (vessels.start_mm, vessels.end_mm, vessels.radius_mm, vessels.kind)
    return np.column_stack(columns)


def _rows_in(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which rows stand among the others, bit for bit; bool ``(len(rows),)``."""
    asked, known = (
        np.ascontiguousarray(r).view(f"V{r.itemsize * r.shape[1]}").ravel().tolist()
        for r in (rows, others)
    )
    known = set(known)
    return np.array([row in known for row in asked], bool)


def make_eye(
    seed: int,
    disease: Disease,
    growth: GrowthConfig | None = None,
    image_px: int = 304,
    tilt_rad: float = 0.0,
    fovea_shift_mm: float = 0.0,
    appearance: Appearance = BEST,
    faz_area_mm2: tuple[float, float] = HEALTHY_AREA_MM2,
) -> Eye:
    """Grow one eye and its lesions.

    Args:
        seed: Decides everything; anatomy, noise and lesions use seeds of their own, so the
            same seed with another disease is the same eye with other lesions.
        disease: What to make.
        growth: Growth parameters.
        image_px: Side of the images.
        tilt_rad: Turn of the trunks, a trait both eyes of a patient share.
        fovea_shift_mm: The fovea lies up to this far from its place in the middle.
        appearance: How its images are drawn.
        faz_area_mm2: Mean and standard deviation of the area of healthy avascular zones.

    Returns:
        The eye.
    """
    growth = growth or GrowthConfig()
    mm_per_px = growth.field_mm / image_px
    anatomy, _, harm = np.random.SeedSequence(seed).spawn(3)
    rng = np.random.default_rng(anatomy)
    zone = grown_around(draw_faz(rng, growth.field_mm, fovea_shift_mm, faz_area_mm2))
    healthy = grow_vessels(rng, zone, growth, tilt_rad)
    faz = as_seen(zone, healthy, image_px, mm_per_px)
    texture = texture_of(seed, image_px, mm_per_px)
    rng = np.random.default_rng(harm)
    lesions, wide = make_lesions(rng, healthy, faz, disease, image_px, mm_per_px)
    return Eye(healthy, faz, wide, tuple(lesions), texture, image_px, mm_per_px, appearance)


def texture_of(seed: int, image_px: int, mm_per_px: float) -> Texture:
    """The noise of the eye of a seed, whatever its vessels and lesions are."""
    return draw_texture(np.random.SeedSequence(seed).spawn(3)[1], image_px, mm_per_px)
