"""Which frames of a video are taken: at even steps of time, and more where something happens.

In:  the frames of a video at the finer steps, in the order of time.
Out: those that are taken.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from retia.images.video import VideoFrame
from retia.sources.video.likeness import thumbnail

CHANGED_GREY = 25.0
"""A picture has changed when its cells differ by this on average, of 256, from the last one taken:
what frames of CholecT50 a second apart reach in 1 of 10."""
COLUMNS, ROWS = 32, 18


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Where more frames are taken."""

    times_s: tuple[float, ...]
    """Sorted: where labels say that a phase or an event begins or ends."""
    within_s: float
    """How far around them."""

    def near(self, time_s: float) -> bool:
        """Whether a time is near one of them."""
        at = int(np.searchsorted(self.times_s, time_s))
        around = self.times_s[max(0, at - 1) : at + 1]
        return any(abs(time_s - moment) <= self.within_s + 1e-6 for moment in around)


def pick(frames: Iterable[VideoFrame], per_second: float, moments: Moments) -> Iterator[VideoFrame]:
    """Take the first frame of every even step, every frame near a moment, and every new picture.

    Args:
        frames: At finer steps, in the order of time.
        per_second: Even steps a second.
        moments: Where every frame is taken.
    """
    step = 0
    last: np.ndarray | None = None
    for frame in frames:
        cells = thumbnail(frame.pixels, COLUMNS, ROWS)
        even = frame.time_s >= step / per_second - 1e-6
        changed = last is not None and float(np.abs(cells - last).mean()) > CHANGED_GREY
        if not (even or changed or moments.near(frame.time_s)):
            continue
        if even:
            step = int((frame.time_s + 1e-6) * per_second) + 1
        last = cells
        yield frame


def moments_of(labels: Sequence[tuple[float, dict[str, str]]]) -> tuple[float, ...]:
    """The times at which labels change, or say that an event is happening.

    Args:
        labels: Of one video, pairs of time and labels such as `phase` and `bleeding_minor`, in any
            order; a label that is missing says nothing.

    Returns:
        Sorted times in seconds. A change lies halfway between the two labels that show it.
    """
    times: set[float] = set()
    known: dict[str, tuple[float, str]] = {}
    for time_s, told in sorted(labels, key=lambda pair: pair[0]):
        for key, value in told.items():
            before = known.get(key)
            if before is not None and before[1] != value:
                times.add((before[0] + time_s) / 2)
            if key != "phase" and value == "true":
                times.add(time_s)
            known[key] = (time_s, value)
    return tuple(sorted(times))
