"""Microaneurysms: small bright sacs on surviving capillaries, mostly beside dropout.

In:  a healthy eye, the capillaries still there, a number.
Out: one `Lesion` for every microaneurysm that found a place.
"""

import numpy as np
from scipy.spatial import KDTree

from retia.synthesis.pathology.healthy import LARGE, SMALL, Healthy
from retia.synthesis.pathology.lesion import Lesion

RADIUS_MM = (0.015, 0.06)
"""Smallest and largest sac; the typical one measures 28 um."""
NEAR_LOSS = 100.0
"""So much likelier is a sac within 0.1 mm of lost capillaries."""
APART_MM = 0.14
"""Two microaneurysms lie at least this far apart, so that they can be counted."""


def draw_microaneurysms(
    rng: np.random.Generator,
    eye: Healthy,
    able: np.ndarray,
    gone: np.ndarray,
    taken: np.ndarray,
    count: int,
) -> list[Lesion]:
    """Place sacs of 15 to 60 um radius on capillaries of arteries and veins.

    Capillaries beside lost ones are `NEAR_LOSS` times as likely. Sacs keep clear of the
    field's border, of larger vessels, of other new flow and of each other.

    Args:
        rng: Decides places, sizes and forms.
        eye: The healthy eye.
        able: Segments no other lesion removes or moves, bool ``(S,)``.
        gone: Segments that other lesions remove, bool ``(S,)``.
        taken: Pixels of other lesions that add flow, bool ``(H, W)``.
        count: How many are wanted.

    Returns:
        At most ``count`` lesions with ``radius_um``, that of a disc of the mask's area.
        Traits: ``host`` is `artery` or `vein`, ``form`` is `saccular` or `fusiform`.
    """
    middle = eye.middle_mm
    able = able & (eye.calibre < SMALL) & eye.within(middle, 0.12)
    wide = KDTree(middle[eye.calibre > LARGE])
    able &= wide.query(middle, distance_upper_bound=0.08)[0] > 0.075
    able &= eye.faz.rim_distance(middle) > 0.05
    able &= eye.clearance_mm(taken, middle) > 0.12
    weight = np.ones(len(middle))
    if gone.any():
        near = KDTree(middle[gone]).query(middle, distance_upper_bound=0.1)[0] < 0.1
        weight[near] = NEAR_LOSS
    found: list[Lesion] = []
    while len(found) < count and able.any():
        odds = np.where(able, weight, 0.0)
        s = int(rng.choice(len(odds), p=odds / odds.sum()))
        sac = _sac(rng, eye, s)
        able = able & (np.hypot(*(middle - middle[s]).T) > APART_MM + sac.blobs[0, 2])
        found.append(sac)
    return found


def _sac(rng: np.random.Generator, eye: Healthy, s: int) -> Lesion:
    """A sac on segment ``s``: it bulges to one side, or the vessel itself swells."""
    smallest = max(RADIUS_MM[0], 0.75 * eye.mm_per_px)  # or it might hold no pixel
    radius = float(np.clip(0.028 * np.exp(rng.normal(0, 0.35)), smallest, RADIUS_MM[1]))
    along = eye.vessels.end_mm[s] - eye.vessels.start_mm[s]
    along = along / max(float(np.hypot(*along)), 1e-9)
    side = np.array([-along[1], along[0]]) * rng.choice([-1.0, 1.0])
    middle = eye.middle_mm[s]
    fusiform = bool(rng.random() < 0.35)
    if fusiform:  # a spindle along the vessel
        place = np.array([0.0, -0.75, 0.75, -1.3, 1.3])[:, None] * radius * along
        size = radius * np.array([0.8, 0.65, 0.65, 0.4, 0.4])
        blobs = np.column_stack([middle + place, size])
    else:
        center = middle + 0.6 * radius * side
        lobe = center + 0.45 * radius * (side + rng.normal(0, 0.5) * along)
        blobs = np.array([[*center, radius], [*lobe, 0.72 * radius]])
    blobs[0, 2] = max(blobs[0, 2], smallest)
    mask = eye.drawn(blobs=blobs)
    return Lesion(
        kind="microaneurysm",
        mask=mask,
        values={"radius_um": float(np.sqrt(eye.area_mm2(mask) / np.pi) * 1000)},
        blobs=blobs,
        segments=(s,),
        traits={"host": eye.side_name(s), "form": "fusiform" if fusiform else "saccular"},
    )
