"""What a converted image holds, to the grey level, and the rarer ways in which a file is broken."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retia.errors import UserError
from retia.images import read_image, read_mask

GREY = np.arange(48 * 40, dtype=np.uint8).reshape(48, 40)
TOP = GREY.copy()
TOP[0, 0] = 255


def saved(path: Path, image: Image.Image) -> Path:
    image.save(path)
    return path


def broken_files(folder: Path) -> dict[str, Path]:
    whole = saved(folder / "whole.png", Image.fromarray(GREY)).read_bytes()
    (folder / "empty.png").write_bytes(b"")
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "head.png").write_bytes(whole[:20])
    (folder / "text.png").write_text("this is no image\n")
    holes = GREY.astype(np.float32)
    holes[3, 3] = np.nan
    saved(folder / "nan.tif", Image.fromarray(holes))
    (folder / "folder.png").mkdir()
    return {p.stem: p for p in folder.iterdir()} | {"missing": folder / "missing.png"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("folder", "does not exist. Expected an image file"),
        ("head", "is no readable image"),
        ("text", "(its first bytes are b'this is '). Expected PNG, TIFF, BMP, JPEG."),
        ("nan", "holds pixels that are not finite"),
    ],
)
def test_a_bad_image_is_named_in_one_line(tmp_path: Path, name: str, text: str):
    path = broken_files(tmp_path)[name]
    with pytest.raises(UserError) as error:
        read_image(path)
    line = str(error.value)
    assert text in line and str(path) in line and "\n" not in line


@pytest.mark.parametrize("name", ["missing", "empty", "cut", "text"])
def test_a_bad_mask_is_named_in_one_line(tmp_path: Path, name: str):
    path = broken_files(tmp_path)[name]
    with pytest.raises(UserError, match=str(path)):
        read_mask(path)


def test_an_image_above_a_limit_of_ones_own_is_refused_before_it_is_decoded(tmp_path: Path):
    path = saved(tmp_path / "wide.png", Image.new("L", (2000, 1000)))
    path.write_bytes(path.read_bytes()[:200])  # decoding it would find it damaged
    with pytest.raises(UserError, match=r"is 2000 x 1000 px, 2 megapixels. Expected at most 1.5"):
        read_image(path, max_megapixels=1.5)


def grey_in_other_modes() -> dict[str, tuple[Image.Image, np.ndarray, str]]:
    """Mode to (image, the pixels expected, a word of the note)."""
    rgb, alpha = [GREY] * 3, np.full_like(GREY, 128)
    deep = GREY.astype(np.uint16) * 257
    deep[0, 0] = 65535
    palette = Image.fromarray(GREY)
    palette.putpalette([v for i in range(256) for v in (i, i, i)])
    return {
        "RGB": (Image.fromarray(np.stack(rgb, axis=-1)), GREY, "grey in RGB"),
        "RGBA": (Image.fromarray(np.stack([*rgb, alpha], axis=-1)), GREY, "alpha"),
        "LA": (Image.fromarray(np.stack([GREY, alpha], axis=-1)), GREY, "alpha"),
        "I;16": (Image.fromarray(deep), TOP, "16 bit"),
        "1": (Image.fromarray(GREY > 127), (GREY > 127) * np.uint8(255), "1 bit"),
        "P": (palette, GREY, "grey in RGB"),
    }


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "I;16", "1", "P"])
def test_other_kinds_of_grey_keep_every_value_and_are_noted(tmp_path: Path, mode: str):
    image, expected, note = grey_in_other_modes()[mode]
    assert image.mode == mode
    scan = read_image(saved(tmp_path / "a.png", image))
    assert scan.pixels.dtype == np.uint8
    np.testing.assert_array_equal(scan.pixels, expected)
    assert note in "; ".join(scan.notes)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_deep_image_keeps_its_order_and_is_never_nearly_black(tmp_path: Path, bits: int):
    deep = np.linspace(0, 2**bits - 1, 64 * 64).astype(np.uint16).reshape(64, 64)
    scan = read_image(saved(tmp_path / "a.png", Image.fromarray(deep)))
    assert scan.pixels.min() == 0 and scan.pixels.max() > 60
    assert (np.diff(scan.pixels.ravel().astype(int)) >= 0).all()


def test_a_one_bit_mask_is_read_as_plain_bool(tmp_path: Path):
    mask = GREY > 100
    read = read_mask(saved(tmp_path / "bit.png", Image.fromarray(mask)))
    np.testing.assert_array_equal(read, mask)
    # 1-bit files read carelessly hold bytes of 255 behind the bool type.
    assert read.dtype == bool and set(read.view(np.uint8).ravel().tolist()) == {0, 1}
