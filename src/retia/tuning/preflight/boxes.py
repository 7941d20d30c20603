"""Boxes of samples: inside their image, and in pixels.

In:  samples and their images.
Out: problems, and a sheet of pictures with their boxes, for the eye.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from retia.claims import box_in
from retia.records import Sample
from retia.records.case import Box
from retia.students.boxes import BOX
from retia.tuning.preflight.pictures import look
from retia.tuning.preflight.problems import Problem, named

SLACK_PX = 0.5
"""Boxes in text are rounded to whole pixels."""
SHOWN = 12
"""Samples on the sheet."""
SIDE_PX = 304


def boxes_of(sample: Sample) -> list[Box]:
    """Every box of a sample, each once: regions, gold boxes, and boxes in texts, in pixels."""
    return list(dict.fromkeys(_boxes(sample)))


def _boxes(sample: Sample) -> Iterator[Box]:
    for message in sample.messages:
        if message.roi_px is not None:
            yield message.roi_px
        if message.gold is not None and message.gold.type == "box":
            box = box_in(f"[{message.gold.value}]")
            if box is not None:
                yield box
        for found in BOX.finditer(message.text):
            x0, y0, x1, y1 = (float(edge) for edge in found.groups())
            yield x0, y0, x1, y1


def check_boxes(samples: Sequence[Sample], folder: Path) -> list[Problem]:
    """Boxes that hold no pixel, or do not lie in their image.

    Where the numbers look like another convention, the problem says so: this project's boxes are
    pixels of the stored image, and are rewritten for a model family when it is trained.
    """
    empty: list[str] = []
    fractions: list[str] = []
    thousandths: list[str] = []
    outside: list[str] = []
    for sample in samples:
        picture = look(folder / sample.images[0]) if sample.images else None
        size = picture.size_px if picture else None
        for box in boxes_of(sample):
            x0, y0, x1, y1 = box
            if max(box) <= 1:
                fractions.append(sample.id)
            elif x1 <= x0 or y1 <= y0:
                empty.append(sample.id)
            elif size is not None and not _inside(box, size):
                (thousandths if max(box) <= 1000 and min(box) >= 0 else outside).append(sample.id)
    return [
        *named("boxes", "x1 or y1 is not above x0 or y0", empty),
        *named("boxes", "the numbers look like fractions, expected pixels", fractions),
        *named("boxes", "beyond the image (are they of 0 to 1000? expected pixels)", thousandths),
        *named("boxes", "beyond the image", outside),
    ]


def _inside(box: Box, size_px: tuple[int, int]) -> bool:
    height, width = size_px
    x0, y0, x1, y1 = box
    low, high = -SLACK_PX, SLACK_PX
    return min(x0, y0) >= low and x1 <= width + high and y1 <= height + high


def draw_sheet(samples: Sequence[Sample], folder: Path) -> np.ndarray | None:
    """Some images with the boxes of their samples.

    Args:
        samples: Those with a box and a readable image are drawn, spread evenly.
        folder: What their image paths are relative to.

    Returns:
        RGB, uint8; None where no sample has a box.
    """
    from retia.figures import contact_sheet

    first: dict[str, Sample] = {}
    for sample in samples:
        if sample.images and sample.images[0] not in first and boxes_of(sample):
            picture = look(folder / sample.images[0])
            if picture is not None and picture.size_px is not None:
                first[sample.images[0]] = sample
    able = list(first.values())
    if not able:
        return None
    chosen = [able[i] for i in np.unique(np.linspace(0, len(able) - 1, SHOWN).round().astype(int))]
    captions = [
        s.id if len(s.id) <= SIDE_PX // 8 else f"{s.id[: SIDE_PX // 8 - 3]}..." for s in chosen
    ]
    return contact_sheet([_drawn(s, folder) for s in chosen], captions)


def _drawn(sample: Sample, folder: Path) -> np.ndarray:
    """The image in a square of `SIDE_PX`, its boxes drawn over it."""
    import cv2

    from retia.images import read_picture

    pixels = read_picture(folder / sample.images[0])
    rgb = np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels
    scale = SIDE_PX / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    canvas = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    for box in boxes_of(sample):
        x0, y0, x1, y1 = (round(edge * scale) for edge in box)
        cv2.rectangle(canvas, (x0, y0), (x1 - 1, y1 - 1), (255, 213, 79), 1)
    return canvas
