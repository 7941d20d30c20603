"""What tells people about an export in the layout of OCTA-SVR: its `README.md`."""

from retia.disclaimer import DISCLAIMER


def card(count: int, pan: float) -> str:
    """`README.md` of an export of ``count`` eyes, panned by up to ``pan``."""
    return f"""# {count} grown eyes in the layout of OCTA-SVR

{DISCLAIMER}

Written by `retia export --format octa-svr` with a pan of up to {pan:g} sides of the frame.

Two frames: `<id>.csv`, `art_ven_img_gray.png`, `art_img_gray.png` and `ven_img_gray.png` show the
whole field; all other pictures and **all positions** are in the panned and cropped frame of
`images/`. `config.yml` says which box of the field that is (`View.box_px`, x0 y0 x1 y1).
Positions are `[x, y]`, x = row (down), y = column, 0 to 1. Lesions without a pixel in the frame are
left out of every list, count and picture. `images/M_<id>.png` is the vessel map with its lesions,
`images/generator_<id>.png` (key `scan`) the OCTA image of the cohort in the same frame.

Where a key of the original says one thing and holds another, this is what it holds here:

| key | here |
|---|---|
| `center`, `center_norm` | middle of the lesion's pixels in the stored image itself |
| `radius`, `radius_norm` | radius of a disc of the same area, in sides of the frame |
| `FAZ.radius_norm`, `FAZ_radius` | a radius (the original writes the diameter) |
| `radius_mm` | millimetres (the original writes unit lengths) |
| `strength` | share of the vessel pixels that the region lost, measured |
| `view_shift_norm` | where the fovea lies from the middle of the stored image: `[right, down]` |
| `zone`, `sector`, `dist_fovea_mm` | seen from the fovea where it is, not from the middle |
| `nv_adjacent_to_dropout` | gap between the masks at most .08 sides; absent without new vessels |
| `Tortuosity.gain` | length over that of the straight vessel, less 1, of the most winding vessel |
| `MA.count`, `MA.instances` | those in the image; the knob `density` is left out |

`summary` counts the kinds that the original does not know, too. `metadata.jsonl` also holds stage,
grade, laterality, group and split. In the CSV node1 lies downstream of node2 and arteries come
first; lengths times `Greenhouse.param_scale` are millimetres. Question pairs are not here.
"""
