"""Every appearance is local, draws no noise of its own, and shows what is there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from retia.errors import UserError
from retia.synthesis.appearance import BEST, Texture, draw_texture, reach_px, render
from retia.synthesis.appearance.closeness import closeness, local_contrast, radial_spectrum
from retia.synthesis.appearance.texture import scan_px
from retia.synthesis.rasterizer import draw_discs, draw_vessels
from retia.synthesis.vessels import ARTERY, TUFT, Vessels, selected

FIELD_MM = 1.5
NO_BLOBS = np.zeros((0, 3))
APPEARANCES = ("plain", "noise", "learned")


def network(seed: int = 0, count: int = 1200) -> Vessels:
    """Capillaries strewn over the field, and a few large vessels across it."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, FIELD_MM, (count, 2))
    turn = rng.uniform(0, 2 * np.pi, count)
    radius = rng.uniform(0.0025, 0.004, count)
    radius[:6] = 0.02
    length = np.where(np.arange(count) < 6, 1.5, 0.06)
    end = start + length[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    none = np.full(count, -1, np.int32)
    kind = np.full(count, ARTERY, np.uint8)
    return Vessels(start, end, radius, np.zeros(count), none, kind, none)


def texture(image_px: int, seed: int = 0, field_mm: float = FIELD_MM) -> Texture:
    return draw_texture(np.random.SeedSequence(seed), image_px, field_mm / image_px)


def drawn(appearance: str, vessels: Vessels, blobs: np.ndarray, image_px: int) -> np.ndarray:
    scale = FIELD_MM / image_px
    return render(vessels, blobs, texture(image_px), image_px, scale, appearance)  # type: ignore[arg-type]


@pytest.mark.parametrize("image_px", [152, 304, 100])
@pytest.mark.parametrize("appearance", APPEARANCES)
def test_a_change_spreads_no_farther_than_the_reach(appearance: str, image_px: int):
    vessels, scale = network(), FIELD_MM / image_px
    before = drawn(appearance, vessels, NO_BLOBS, image_px)
    reach = reach_px(appearance, scale)  # type: ignore[arg-type]
    spread = []
    for chosen in (3, 50, 700):
        gone = np.arange(len(vessels)) == chosen
        after = drawn(appearance, selected(vessels, ~gone), NO_BLOBS, image_px)
        touched = draw_vessels(selected(vessels, gone), image_px, scale) > 0
        near = binary_dilation(touched, np.ones((3, 3)), iterations=reach) if reach else touched
        assert not (before != after)[~near].any()
        spread.append(np.count_nonzero(before != after))
    assert max(spread) > 0
    blob = np.array([[0.7, 0.8, 0.02]])
    after = drawn(appearance, vessels, blob, image_px)
    touched = draw_discs(blob[:, :2], blob[:, 2], image_px, scale) > 0
    near = binary_dilation(touched, np.ones((3, 3)), iterations=reach) if reach else touched
    assert not (before != after)[~near].any() and (before != after).any()


@pytest.mark.parametrize("appearance", ["noise", "learned"])
def test_the_signal_itself_is_untouched_outside_the_reach(appearance: str):
    # Not only after rounding to grey levels: a twin's pixels are equal, never nearly equal.
    from retia.synthesis.appearance.learned import draw_learned
    from retia.synthesis.appearance.noise import draw_noise

    draw = {"noise": draw_noise, "learned": draw_learned}[appearance]
    vessels, scale, noise = network(), FIELD_MM / 152, texture(152)
    before = draw(vessels, NO_BLOBS, noise, 152, scale)
    reach = reach_px(appearance, scale)  # type: ignore[arg-type]
    for chosen in range(0, 1200, 150):
        gone = np.arange(len(vessels)) == chosen
        after = draw(selected(vessels, ~gone), NO_BLOBS, noise, 152, scale)
        touched = draw_vessels(selected(vessels, gone), 152, scale) > 0
        near = binary_dilation(touched, np.ones((3, 3)), iterations=reach)
        np.testing.assert_array_equal(before[~near], after[~near])


@pytest.mark.parametrize("appearance", APPEARANCES)
def test_the_same_eye_is_drawn_alike_and_grey(appearance: str):
    first = drawn(appearance, network(), NO_BLOBS, 152)
    np.testing.assert_array_equal(first, drawn(appearance, network(), NO_BLOBS, 152))
    assert first.dtype == np.uint8 and first.shape == (152, 152)


@pytest.mark.parametrize("appearance", ["noise", "learned"])
def test_the_noise_of_another_eye_draws_another_image(appearance: str):
    vessels, scale = network(), FIELD_MM / 152
    images = [
        render(vessels, NO_BLOBS, texture(152, seed), 152, scale, appearance).astype(float)  # type: ignore[arg-type]
        for seed in (0, 1)
    ]
    assert np.abs(images[0] - images[1]).mean() > 4


@pytest.mark.parametrize("appearance", APPEARANCES)
def test_where_capillaries_are_lost_the_image_is_darker(appearance: str):
    vessels = network()
    hole = np.hypot(*(vessels.middle_mm - 0.75).T) < 0.4
    before = drawn(appearance, vessels, NO_BLOBS, 152)
    after = drawn(appearance, selected(vessels, ~hole | (vessels.radius_mm > 0.01)), NO_BLOBS, 152)
    middle = np.s_[56:96, 56:96]
    assert after[middle].mean() < 0.75 * before[middle].mean()


@pytest.mark.parametrize("appearance", APPEARANCES)
def test_sacs_and_tufts_are_bright(appearance: str):
    vessels = network(count=500)
    blobs = np.array([[0.4, 0.4, 0.02], [1.1, 0.5, 0.03], [0.6, 1.2, 0.04]])
    image = drawn(appearance, vessels, blobs, 152)
    inside = draw_discs(blobs[:, :2], blobs[:, 2], 152, FIELD_MM / 152) > 0.99
    assert image[inside].mean() > 1.8 * image.mean()
    tangle = network(seed=4, count=500)
    tangle = replace(
        tangle,
        start_mm=0.6 + 0.2 * tangle.start_mm,
        end_mm=0.6 + 0.2 * tangle.end_mm,
        radius_mm=np.full(500, 0.004),
        kind=np.full(500, TUFT, np.uint8),
    )
    assert drawn(appearance, tangle, NO_BLOBS, 152)[70:86, 70:86].mean() > 130


def test_an_image_is_larger_but_of_the_same_eye():
    small, large = (drawn(BEST, network(), NO_BLOBS, n).astype(float) for n in (152, 608))
    shrunk = large.reshape(152, 4, 152, 4).mean(axis=(1, 3))
    assert large.shape == (608, 608)
    assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.95


@pytest.mark.parametrize(("image_px", "mm_per_px", "size"), [(304, 3 / 304, 304),
    (1216, 3 / 1216, 304), (400, 6 / 400, 608), (500, 6 / 500, 608)])  # fmt: skip
def test_the_scan_has_the_scale_of_devices_whatever_the_image(
    image_px: int, mm_per_px: float, size: int
):
    assert scan_px(image_px, mm_per_px) == size


def test_texture_is_that_of_the_seed_and_its_noise_has_the_stated_spread():
    one, again, other = texture(304, 5, 3.0), texture(304, 5, 3.0), texture(304, 6, 3.0)
    for name in Texture.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
    assert not np.array_equal(one.grain, other.grain)
    np.testing.assert_allclose(one.grain.std(axis=(1, 2)), 1, atol=0.1)
    assert one.speckle.mean() == pytest.approx(1, abs=0.02)
    assert one.floor.min() >= 0 and one.gain.min() > 0
    assert np.abs(one.sharpness).max() <= 1


def test_scans_differ_in_strength_contrast_and_sharpness():
    eyes = [texture(152, seed) for seed in range(30)]
    for name, least in [("strength", 0.03), ("gamma", 0.05), ("pixel_noise", 0.03)]:
        assert np.std([getattr(eye, name) for eye in eyes]) > least
    assert min(eye.sharpness.min() for eye in eyes) < -0.4
    assert max(eye.sharpness.mean() for eye in eyes) > 0.4


def test_plain_is_the_true_coverage():
    vessels, scale = network(), FIELD_MM / 152
    image = drawn("plain", vessels, NO_BLOBS, 152)
    np.testing.assert_array_equal(image, np.round(255 * draw_vessels(vessels, 152, scale)))
    assert reach_px("plain", scale) == 0


def test_an_unknown_appearance_is_refused():
    for call in (lambda: drawn("learnt", network(), NO_BLOBS, 152), lambda: reach_px("learnt")):  # type: ignore[arg-type]
        with pytest.raises(UserError, match=r"appearance is `learnt`\. Expected plain, noise"):
            call()


def test_closeness_is_zero_for_the_same_and_grows_with_the_difference():
    rng = np.random.default_rng(0)
    images = rng.normal(100, 20, (4, 64, 64))
    same = closeness(images, images)
    assert (same.grey, same.spectrum, same.contrast) == (0, 0, 0)
    assert closeness(images, images + 7).grey == pytest.approx(7)
    assert closeness(images, images + 7).spectrum == pytest.approx(0, abs=1e-9)
    wider = closeness(images, 100 + 2 * (images - 100))
    assert wider.spectrum == pytest.approx(np.log10(4), rel=1e-6)
    assert wider.contrast == pytest.approx(np.median(local_contrast(images)), rel=0.05)
    assert radial_spectrum(images).std() < 0.2


def test_renderings_are_closer_to_the_gans_images_than_plain_coverage(shared_data: Path):
    import csv

    from retia.images import read_image

    pairs = shared_data / "octa_gan_pairs"
    real = np.stack([read_image(p).pixels for p in sorted((pairs / "images").iterdir())[::12]])
    graph = sorted((pairs / "vessel_graphs").glob("*.csv"))[0]
    with graph.open() as lines:
        rows = list(csv.DictReader(lines))
    ends = [[np.array(r[k].strip("[]").split(), float) for k in ("node2", "node1")] for r in rows]
    place = 3 * np.array(ends)[:, :, 1::-1]
    none = np.full(len(rows), -1, np.int32)
    radius = 3 * np.array([float(r["radius"]) for r in rows])
    kind = np.zeros(len(rows), np.uint8)
    vessels = Vessels(place[:, 0], place[:, 1], radius, 0 * radius, none, kind, none)
    found = {}
    for name in APPEARANCES:
        noise = texture(304, 3, 3.0)
        image = render(vessels, NO_BLOBS, noise, 304, 3 / 304, name)  # type: ignore[arg-type]
        found[name] = closeness(real[:, 6:-6, 6:-6], image[None, 6:-6, 6:-6])
    for name in ("noise", "learned"):
        assert found[name].grey < 0.6 * found["plain"].grey
        assert found[name].spectrum < 0.8 * found["plain"].spectrum
        assert found[name].contrast < 0.6 * found["plain"].contrast
