"""What is seen in frames: copies, rooms, burnt-in text, moments worth more frames."""

import io

import numpy as np
import pytest
from drawn_scenes import ROOMS, lettered, room, tissue
from PIL import Image

from retia.images.video import VideoFrame
from retia.sources.video.body import in_body
from retia.sources.video.burnt_in import TextSearch, mask
from retia.sources.video.likeness import alike, likeness
from retia.sources.video.pick import Moments, moments_of, pick


def recoded(pixels: np.ndarray) -> np.ndarray:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=40)
    return np.array(Image.open(io.BytesIO(data.getvalue())))


@pytest.mark.parametrize("seed", range(8))
def test_a_frame_coded_worse_is_a_copy_and_another_scene_is_none(seed: int):
    pixels = tissue(seed)
    assert alike(likeness(pixels), likeness(recoded(pixels)))
    assert alike(likeness(pixels), likeness(np.roll(pixels, 1, axis=1)))
    assert not alike(likeness(pixels), likeness(tissue(seed + 100)))
    assert not alike(likeness(pixels), likeness(tissue(seed, shift=40)))


def test_flat_frames_of_other_brightness_are_no_copies():
    dark, light = (np.full((64, 96, 3), level, np.uint8) for level in (20, 40))
    assert not alike(likeness(dark), likeness(light))


def test_tissue_is_inside_and_rooms_are_outside():
    assert all(in_body(tissue(seed)) for seed in range(10))
    assert not [kind for kind in ROOMS if in_body(room(kind))]


def test_nearly_all_real_frames_are_inside(shared_data):
    files = sorted((shared_data / "cholect50" / "videos").glob("*/*.jpg"))[::10]
    inside = [in_body(np.array(Image.open(file).convert("RGB"))) for file in files]
    # The camera is inside a trocar, or behind smoke, in some.
    assert len(files) > 90 and np.mean(inside) > 0.97


def search(frames: list[np.ndarray]) -> TextSearch:
    found = TextSearch()
    for pixels in frames:
        found.look(pixels)
    return found


def test_text_that_stays_is_found_whole_and_moving_scenes_hold_none():
    scenes = [tissue(seed) for seed in range(12)]
    assert search(scenes).boxes() == []
    shown = [lettered(p, f"DOE J 12:{n:02d}", (30, 150)) for n, p in enumerate(scenes)]
    boxes = search(shown).boxes()
    assert len(boxes) == 1
    for plain, with_text in zip(scenes, shown, strict=True):
        changed = (plain != with_text).any(axis=-1)
        x0, y0, x1, y1 = boxes[0]
        assert changed[y0:y1, x0:x1].sum() == changed.sum()
        covered = mask(with_text, boxes)
        assert not covered[y0:y1, x0:x1].any()
        assert ((covered == plain).all(axis=-1) | (covered == 0).all(axis=-1)).all()
    assert (x1 - x0) * (y1 - y0) < 0.1 * plain.shape[0] * plain.shape[1]


def test_few_frames_tell_nothing_about_text():
    still = [lettered(tissue(0), "DOE J", (30, 150))] * 3
    assert search(still).boxes() == []


def frames_of(levels: list[int], per_second: float) -> list[VideoFrame]:
    return [
        VideoFrame(pixels=np.full((36, 64, 3), level, np.uint8), time_s=n / per_second)
        for n, level in enumerate(levels)
    ]


def test_more_frames_near_moments_and_where_the_picture_changes():
    frames = frames_of([10] * 60 + [90] * 20, 8)
    plain = [f.time_s for f in pick(frames, 2, Moments(times_s=(), within_s=0.5))]
    # Every even step is there; the jump at 7.5 s is one of them here.
    assert set(np.arange(0, 10, 0.5)) == set(plain)
    shifted = frames_of([10] * 61 + [90] * 19, 8)
    jump = {f.time_s for f in pick(shifted, 2, Moments(times_s=(), within_s=0.5))}
    assert jump - set(plain) == {61 / 8}
    near = {f.time_s for f in pick(frames, 2, Moments(times_s=(3.25,), within_s=0.5))}
    assert near - set(plain) == set(np.arange(2.75, 3.76, 0.125)) - set(plain)


def test_moments_are_changes_and_events():
    told = [
        (0.0, {"phase": "a"}),
        (4.0, {"phase": "b", "bleeding": "false"}),
        (6.0, {"bleeding": "true"}),
        (8.0, {"phase": "b"}),
    ]
    assert moments_of(told) == (2.0, 5.0, 6.0)
    assert moments_of(told[::-1]) == moments_of(told)
