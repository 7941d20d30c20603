"""Tortuosity: one vessel winds over a stretch; its ends, calibre and connections stay.

In:  a healthy eye, the segments that may wind, a grade in [0, 1].
Out: a `Lesion` that moves ends of segments.
"""

from dataclasses import replace

import numpy as np

from retia.synthesis.pathology.courses import arc_over_chord, draw_course, meander, nodes_of
from retia.synthesis.pathology.healthy import LARGE, Healthy
from retia.synthesis.pathology.lesion import Lesion, with_lesions
from retia.synthesis.vessels import selected

STRAIGHT = 1.15
"""Only vessels whose arc over chord is at most this before are made to wind."""


def times_longer(grade: float) -> float:
    """The length law: how many times as long a vessel becomes between the same two ends."""
    return 1.05 + 0.45 * grade


def draw_tortuosity(
    rng: np.random.Generator, eye: Healthy, able: np.ndarray, grade: float
) -> list[Lesion]:
    """Let an arteriole or venule meander.

    The stretch keeps its ends, so arc over chord grows by the factor `times_longer`. What
    hangs from the stretch follows, less and less from branch to branch.

    Args:
        rng: Decides where and how.
        eye: The healthy eye.
        able: Segments no other lesion removes or moves, bool ``(S,)``.
        grade: See `times_longer`.

    Returns:
        The lesion with ``tortuosity``, the arc over the chord; nothing where no vessel is long
        enough.
    """
    vessels, end = eye.vessels, eye.vessels.end_mm
    wide = able & eye.alone & (eye.calibre > LARGE) & (eye.calibre < 3.5 * LARGE)
    wide &= eye.within(end, 0.1) & (eye.faz.rim_distance(end) > 0.2)
    course = draw_course(rng, eye, wide, rng.uniform(0.8, 1.3), STRAIGHT)
    if course is None:
        return []
    nodes = nodes_of(vessels, course)
    wave_mm = max(rng.uniform(0.28, 0.4), 7 * float(vessels.length_mm[course].mean()))
    moved = np.zeros((len(vessels), 2))
    moved[course] = meander(rng, nodes, wave_mm, times_longer(grade))[1:]
    own = np.zeros(len(vessels), bool)
    own[course] = True
    follows = own.copy()
    for _ in range(3):
        follows = (vessels.parent >= 0) & follows[vessels.parent] & ~own & able
        own |= follows
        moved[follows] = 0.55 * moved[vessels.parent[follows]]
    lesion = Lesion(
        kind="tortuosity",
        mask=np.zeros_like(eye.mask),
        values={},
        moved_mm=moved,
        segments=tuple(course[:: max(1, len(course) // 4)].tolist()),
        traits={"host": eye.side_name(int(course[0]))},
    )
    changed, _, _ = with_lesions(vessels, [lesion])
    kept = np.zeros(len(vessels), bool)
    kept[course] = True
    values = {"tortuosity": arc_over_chord(nodes_of(changed, course))}
    return [replace(lesion, mask=eye.drawn(selected(changed, kept)), values=values)]
