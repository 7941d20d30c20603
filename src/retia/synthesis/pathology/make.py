"""All lesions of one eye, made in an order in which each knows those before it.

In:  a healthy eye and what is wished for (`Disease`).
Out: `Lesion` records and the outline of the avascular zone as it is now.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial import KDTree

from retia.errors import UserError
from retia.synthesis.disease import Disease
from retia.synthesis.faz import Faz
from retia.synthesis.pathology.calibre import draw_calibre
from retia.synthesis.pathology.dropout import draw_dropout
from retia.synthesis.pathology.faz_change import (
    draw_faz_enlargement,
    draw_faz_irregularity,
    measured_faz,
)
from retia.synthesis.pathology.healthy import Healthy
from retia.synthesis.pathology.irma import draw_irma
from retia.synthesis.pathology.lesion import Lesion, moved_by, removed_by, with_faz
from retia.synthesis.pathology.microaneurysms import draw_microaneurysms
from retia.synthesis.pathology.neovascularization import draw_tuft
from retia.synthesis.pathology.places import draw_regions, tuft_host
from retia.synthesis.pathology.tortuosity import draw_tortuosity
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

    Vessels that one lesion moves or removes carry no other lesion, so that each can be left
    out and the others stay in place.

    Args:
        rng: Decides places and shapes; each kind draws from a child of its own.
        healthy: Segments of the healthy eye.
        faz: Its avascular zone.
        disease: What is wished for; what finds no place is left out.
        image_px: Side of the image.
        mm_per_px: Scale.

    Returns:
        The lesions, and the outline of the avascular zone with them.

    Raises:
        UserError: If the avascular zone that is wished for does not fit into the field.
    """
    eye = Healthy(healthy, faz, image_px, mm_per_px)
    _check(eye, disease)
    wide_rng, notch_rng, place_rng, loss_rng, wind_rng, width_rng, shunt_rng, tuft_rng, sac_rng = (
        rng.spawn(9)
    )
    lesions: list[Lesion] = []
    if disease.faz_area_mm2 is not None:
        lesions.append(draw_faz_enlargement(wide_rng, eye, disease.faz_area_mm2))
    if disease.faz_irregularity is not None:
        around = with_faz(faz, lesions)
        lesions.append(draw_faz_irregularity(notch_rng, eye, around, disease.faz_irregularity))
    wide = with_faz(faz, lesions)
    lesions = [measured_faz(lesion, wide, eye) for lesion in lesions]

    regions = draw_regions(place_rng, eye, wide, disease.dropout)
    lesions += [
        draw_dropout(child, eye, region, grade)
        for child, (region, grade) in zip(loss_rng.spawn(len(regions)), regions, strict=True)
    ]
    gone = removed_by(lesions, len(healthy))
    for child, grade in zip(
        wind_rng.spawn(len(disease.tortuosity)), disease.tortuosity, strict=True
    ):
        lesions += draw_tortuosity(child, eye, _untouched(eye, lesions), grade)
    for child, wish in zip(width_rng.spawn(len(disease.calibre)), disease.calibre, strict=True):
        lesions += draw_calibre(child, eye, _untouched(eye, lesions), *wish)

    still = ~gone & ~moved_by(lesions, len(healthy))
    flow = np.zeros((image_px, image_px), bool)
    if not regions:  # no dropout: nothing calls for new vessels
        disease = replace(disease, tufts=(), irma=())
    for n, (child, diameter) in enumerate(
        zip(tuft_rng.spawn(len(disease.tufts)), disease.tufts, strict=True)
    ):
        region, _ = regions[n % len(regions)]
        host = tuft_host(child, eye, region, still, flow)
        if host is not None:
            lesions.append(draw_tuft(child, eye, host, region.center_mm, diameter))
            flow |= lesions[-1].mask
    for n, (child, grade) in enumerate(
        zip(shunt_rng.spawn(len(disease.irma)), disease.irma, strict=True)
    ):
        clear = still & (eye.clearance_mm(flow, healthy.end_mm) > 0.12)
        for channel in draw_irma(child, eye, regions[n % len(regions)][0], clear, grade):
            lesions.append(channel)
            flow |= channel.mask
    lesions += draw_microaneurysms(sac_rng, eye, still, gone, flow, disease.microaneurysms)
    return lesions, wide


def _untouched(eye: Healthy, lesions: Sequence[Lesion]) -> np.ndarray:
    """Segments that no lesion removes, and none reshapes nearby, bool ``(S,)``."""
    reshaped = moved_by(lesions, len(eye.vessels))
    for lesion in lesions:
        if lesion.calibre is not None:
            reshaped |= lesion.calibre != 1
    free = ~removed_by(lesions, len(eye.vessels)) & ~reshaped
    if reshaped.any():
        gap = KDTree(eye.middle_mm[reshaped]).query(eye.middle_mm, distance_upper_bound=0.3)[0]
        free &= gap > 0.25
    return free


def _check(eye: Healthy, disease: Disease) -> None:
    """Refuse an avascular zone that leaves no room for vessels."""
    most = 0.3 * eye.field_mm**2
    if disease.faz_area_mm2 is not None and disease.faz_area_mm2 > most:
        raise UserError(
            f"faz_area_mm2 is {disease.faz_area_mm2:g}. A field of {eye.field_mm:g} mm has room "
            f"for at most {most:g} mm²."
        )
