"""Every image is read as grey bytes, or refused in one line that says what to do."""

import numpy as np
import pytest
from PIL import Image

from retia.errors import UserError
from retia.images import read_image, read_mask
from retia.images.image import write_mask

GREY = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def test_grey_bytes_come_back_as_they_are(tmp_path):
    scan = read_image(save(tmp_path / "a.png", GREY), 0.00987, "OS")
    assert (scan.pixels == GREY).all()
    assert (scan.mm_per_px, scan.laterality, scan.notes) == (0.00987, "OS", ())


@pytest.mark.parametrize("suffix", ["tif", "bmp"])
def test_lossless_formats_agree(tmp_path, suffix):
    assert (read_image(save(tmp_path / f"a.{suffix}", GREY)).pixels == GREY).all()


@pytest.mark.parametrize(
    ("pixels", "note"),
    [
        (np.stack([GREY] * 3, -1), "grey in RGB"),
        (np.stack([*[GREY] * 3, np.full_like(GREY, 255)], -1), "alpha"),
        (GREY.astype(np.uint16) * 257, "16 bit"),
    ],
)
def test_other_depths_are_converted_and_said_so(tmp_path, pixels, note):
    scan = read_image(save(tmp_path / "a.png", pixels))
    assert np.abs(scan.pixels.astype(int) - GREY).max() <= 1
    assert any(note in n for n in scan.notes)


def test_one_bit_is_black_and_white(tmp_path):
    save(tmp_path / "a.png", GREY > 127)
    scan = read_image(tmp_path / "a.png")
    assert set(np.unique(scan.pixels)) == {0, 255}
    assert scan.notes == ("converted from 1 bit",)


def bad_images(folder):
    """Write one file of every bad kind; return its path and a word of its error."""
    coloured = np.stack([GREY, GREY, 255 - GREY], -1)
    whole = save(folder / "whole.png", np.tile(GREY, (4, 4))).read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("no image at all")
    return {
        "missing.png": (folder / "missing.png", "does not exist"),
        "empty": (folder / "empty.png", "0 bytes"),
        "text": (folder / "text.png", "no readable image"),
        "gif": (save(folder / "a.gif", GREY), "no readable image"),
        "cut": (folder / "cut.png", "damaged"),
        "small": (save(folder / "small.png", GREY[:10, :10]), "10 x 10 px.*at least 32"),
        "coloured": (save(folder / "coloured.png", coloured), "coloured"),
    }


@pytest.mark.parametrize(
    "kind", ["missing.png", "empty", "text", "gif", "cut", "small", "coloured"]
)
def test_each_bad_image_gives_its_one_line(tmp_path, kind):
    path, words = bad_images(tmp_path)[kind]
    with pytest.raises(UserError, match=words) as caught:
        read_image(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_size_is_checked_before_decoding(tmp_path):
    # 100 megapixels of nothing are a few kilobytes of PNG.
    Image.new("1", (10_000, 10_000)).save(tmp_path / "huge.png")
    with pytest.raises(UserError, match=r"100 megapixels.*at most 64"):
        read_image(tmp_path / "huge.png")


def test_decompression_bomb_is_refused(tmp_path):
    Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")
    with pytest.raises(UserError, match="far too large"):
        read_image(tmp_path / "bomb.png")


def test_mask_survives_a_round_trip(tmp_path):
    mask = GREY > 200
    write_mask(tmp_path / "m.png", mask)
    assert (read_mask(tmp_path / "m.png") == mask).all()
    Image.fromarray(mask).save(tmp_path / "one_bit.png")
    assert (read_mask(tmp_path / "one_bit.png") == mask).all()
