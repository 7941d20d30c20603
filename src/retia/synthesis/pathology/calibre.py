"""Changed calibre: a dilated vein, a beaded vein or a narrowed artery.

In:  a healthy eye, the segments that may change, a form and a grade in [0, 1].
Out: a `Lesion` with factors on radii.
"""

from dataclasses import replace

import numpy as np

from retia.synthesis.pathology.courses import arc_mm, draw_course, faded, nodes_of
from retia.synthesis.pathology.healthy import LARGE, Healthy
from retia.synthesis.pathology.lesion import Lesion
from retia.synthesis.vessels import ARTERY, VEIN, selected


def calibre_factor(form: str, grade: float) -> float:
    """Factor on the radius where a form is strongest.

    1.25 to 2 for a dilated vein, 1.7 to 2.5 for a bead, .68 to .42 for a narrowed artery.
    """
    if form == "narrowing":
        return 1 / (1.45 + 0.95 * grade)
    return 1.25 + 0.75 * grade if form == "dilation" else 1.7 + 0.8 * grade


def draw_calibre(
    rng: np.random.Generator, eye: Healthy, able: np.ndarray, form: str, grade: float
) -> list[Lesion]:
    """Change the calibre of a stretch of one larger vessel, fading out at its ends.

    Veins dilate, evenly or in beads; arteries narrow.

    Args:
        rng: Decides where.
        eye: The healthy eye.
        able: Segments no other lesion removes, moves or widens, bool ``(S,)``.
        form: `dilation`, `beading` or `narrowing`.
        grade: See `calibre_factor`.

    Returns:
        The lesion with ``radius_um``, the mean radius over the stretch, and ``calibre_ratio``,
        that over the healthy one; nothing where no vessel is long enough.
    """
    vessels = eye.vessels
    side = ARTERY if form == "narrowing" else VEIN
    able = able & (vessels.kind == side) & eye.within(vessels.end_mm, 0.03)
    length_mm = rng.uniform(0.8, 1.4)
    # Best seen in a wide vessel that runs alone.
    wide = eye.calibre > 2 * LARGE
    for chosen in (wide & eye.alone, wide, eye.calibre > 1.5 * LARGE):
        course = draw_course(rng, eye, able & chosen, length_mm)
        if course is not None:
            break
    else:
        return []
    arc = arc_mm(nodes_of(vessels, course))
    middle = (arc[:-1] + arc[1:]) / 2
    weight = np.interp(middle, arc, faded(arc, 0.15))
    if form == "beading":  # swollen and pinched in turn
        bead_mm = max(0.22, 4 * float(vessels.length_mm[course].mean()))
        weight = weight * (1.2 * np.sin(np.pi * middle / bead_mm) ** 2 - 0.2)
    calibre = np.ones(len(vessels))
    calibre[course] = 1 + (calibre_factor(form, grade) - 1) * weight
    kept = np.zeros(len(vessels), bool)
    kept[course] = True
    radius = vessels.radius_mm * calibre
    length = vessels.length_mm[course]
    mean, was = (float(np.average(r[course], weights=length)) for r in (radius, vessels.radius_mm))
    widest = np.maximum(radius, vessels.radius_mm)  # a narrowed vessel's old course belongs to it
    lesion = Lesion(
        kind="calibre_change",
        mask=eye.drawn(selected(replace(vessels, radius_mm=widest), kept)),
        values={"radius_um": 1000 * mean, "calibre_ratio": mean / was},
        calibre=calibre,
        segments=tuple(course[:: max(1, len(course) // 4)].tolist()),
        traits={"host": "artery" if side == ARTERY else "vein", "form": form},
    )
    return [lesion]
