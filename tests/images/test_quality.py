"""The verdict: good scans pass, each defect is named, what is no angiogram never passes."""

from pathlib import Path

import numpy as np
import pytest
from bad_pictures import BAD_PICTURES
from PIL import Image

from retia.images.quality import scan_quality
from retia.records.explanation import Quality

SCALE = 3 / 304


@pytest.fixture(scope="module")
def faz(grown_eye) -> np.ndarray:
    return grown_eye.faz.mask(grown_eye.image_px, grown_eye.mm_per_px)


def reasons(quality: Quality) -> str:
    return "; ".join(quality.reasons)


def test_a_good_scan_has_no_complaint(grown_pixels: np.ndarray, faz: np.ndarray):
    quality = scan_quality(grown_pixels, SCALE, faz=faz)
    assert (quality.score, quality.usable, quality.reasons) == (1.0, True, ())


@pytest.mark.parametrize("turn", range(8))
def test_turned_and_mirrored_scans_are_judged_alike(
    grown_pixels: np.ndarray, faz: np.ndarray, turn: int
):
    moved = [np.rot90(a.T if turn > 3 else a, turn) for a in (grown_pixels, faz)]
    quality = scan_quality(np.ascontiguousarray(moved[0]), SCALE, faz=moved[1])
    assert quality.score == pytest.approx(1, abs=0.02) and quality.usable


@pytest.mark.parametrize("times", [2, 4])
def test_a_finer_grid_changes_nothing(grown_pixels: np.ndarray, times: int):
    size = 304 * times
    fine = np.asarray(Image.fromarray(grown_pixels).resize((size, size), Image.Resampling.BICUBIC))
    quality = scan_quality(fine, SCALE / times)
    assert quality.usable and quality.score > 0.9


def jumping(pixels: np.ndarray, jumps: int) -> np.ndarray:
    """The rows below each of so many places move 6 px sideways, to and fro."""
    moved = pixels.copy()
    for jump in range(jumps):
        start = 20 + 264 * jump // jumps
        moved[start:] = np.roll(moved[start:], 6 * (-1) ** jump, axis=1)
    return moved


def striped(pixels: np.ndarray, row: int, to: int) -> np.ndarray:
    moved = pixels.copy()
    moved[row : row + 2] = to
    return moved


def brightened(pixels: np.ndarray) -> np.ndarray:
    return np.clip(pixels.astype(int) * 2 + 40, 0, 255).astype(np.uint8)


DEFECTS = {
    "dark": (lambda p: p // 8, "low signal"),
    "flat": (lambda p: np.full_like(p, 90), "low contrast"),
    "saturated": (brightened, "saturated"),
    "bright row": (lambda p: striped(p, 50, 220), "one row differs"),
    "dark row": (lambda p: striped(p, 200, 0), "one row differs"),
    "bright column": (lambda p: striped(p.T, 50, 220).T, "one column differs"),
    "jump": (lambda p: jumping(p, 1), "1 jump of the vessels between rows"),
    "jumps": (lambda p: jumping(p, 4), "4 jumps of the vessels between rows"),
    "column jumps": (lambda p: jumping(p.T, 3).T, "3 jumps of the vessels between columns"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_each_defect_is_named_and_lowers_the_score(
    grown_pixels: np.ndarray, faz: np.ndarray, name: str
):
    spoil, words = DEFECTS[name]
    quality = scan_quality(np.ascontiguousarray(spoil(grown_pixels)), SCALE, faz=faz)
    assert 0 <= quality.score < 1 and words in reasons(quality)


def test_more_motion_is_worse_and_much_of_it_forbids_the_stage(grown_pixels: np.ndarray):
    judged = [scan_quality(jumping(grown_pixels, jumps), SCALE) for jumps in (0, 1, 3, 10)]
    scores = [quality.score for quality in judged]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == 4
    assert judged[1].usable and not judged[3].usable


def disc(row: float, col: float, radius: float) -> np.ndarray:
    y, x = np.mgrid[:304, :304]
    return (y - row) ** 2 + (x - col) ** 2 < radius**2


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros((304, 304), bool), "no foveal avascular zone was found"),
        (disc(60, 60, 30), "of the usual brightness"),
        (disc(0, 150, 30), "cut off by the edge"),
        (disc(152, 152, 14), "expected 0.08 or more"),
    ],
)
def test_what_is_no_faz_forbids_the_stage(grown_pixels: np.ndarray, mask: np.ndarray, words: str):
    quality = scan_quality(grown_pixels, SCALE, faz=mask)
    assert not quality.usable and words in reasons(quality)


def test_a_fovea_off_the_centre_is_a_complaint_alone(grown_pixels: np.ndarray, faz: np.ndarray):
    moved = [np.roll(a, (-50, 45), axis=(0, 1)) for a in (grown_pixels, faz)]
    quality = scan_quality(moved[0], SCALE, faz=moved[1])
    assert quality.usable and "mm off the centre" in reasons(quality)


@pytest.mark.parametrize("mm_per_px", [0.002, 0.2])
def test_a_field_that_is_none_forbids_the_stage(grown_pixels: np.ndarray, mm_per_px: float):
    quality = scan_quality(grown_pixels, mm_per_px)
    assert not quality.usable and "the field is" in reasons(quality)


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_what_is_no_angiogram_is_never_usable(name: str):
    pixels = BAD_PICTURES[name]()
    for scale in (SCALE, None):
        quality = scan_quality(pixels, scale)
        assert not quality.usable and quality.reasons


@pytest.mark.parametrize("folder", ["octa500_3mm", "octa25k_faz", "octa_gan_pairs"])
def test_real_angiograms_are_usable(shared_data: Path, folder: str):
    paths = sorted((shared_data / folder / "images").iterdir())
    for path in paths[:: max(1, len(paths) // 8)]:
        pixels = np.asarray(Image.open(path).convert("L"))
        quality = scan_quality(pixels, 3 / pixels.shape[0])
        assert quality.usable, f"{path.name}: {quality}"


@pytest.mark.parametrize("folder", ["idrid/grading", "vqa_rad"])
def test_photographs_and_radiographs_are_not(shared_data: Path, folder: str):
    paths = sorted((shared_data / folder / "images").iterdir())
    for path in paths[:: len(paths) // 6]:
        pixels = np.asarray(Image.open(path).convert("L").resize((400, 400)))
        quality = scan_quality(pixels, 3 / 400)
        assert not quality.usable, f"{path.name}: {quality}"
