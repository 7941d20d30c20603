"""The quality score falls, with a reason, for each thing that spoils a scan."""

import numpy as np
import pytest

from retia.images.quality import scan_quality

RNG = np.random.default_rng(0)
GOOD = np.clip(RNG.normal(100, 40, (200, 200)), 0, 250).astype(np.uint8)


def disc(row, col):
    y, x = np.mgrid[:200, :200]
    return (y - row) ** 2 + (x - col) ** 2 < 400


def test_a_good_scan_has_no_reasons():
    quality = scan_quality(GOOD, 0.01, GOOD > 120, disc(100, 100))
    assert quality.score == 1
    assert quality.reasons == ()


def striped():
    pixels = GOOD.copy()
    pixels[50] = 255
    return pixels


@pytest.mark.parametrize(
    ("pixels", "faz", "words"),
    [
        (GOOD // 8, disc(100, 100), "low signal"),
        (np.full_like(GOOD, 90), disc(100, 100), "low contrast"),
        (np.where(GOOD > 120, 255, GOOD).astype(np.uint8), disc(100, 100), "saturated"),
        (striped(), disc(100, 100), "motion line"),
        (GOOD, disc(20, 20), "off the centre"),
        (GOOD, np.zeros((200, 200), bool), "no foveal avascular zone"),
    ],
)
def test_each_defect_is_named(pixels, faz, words):
    quality = scan_quality(pixels, 0.01, faz=faz)
    assert 0 <= quality.score < 1
    assert any(words in reason for reason in quality.reasons)
