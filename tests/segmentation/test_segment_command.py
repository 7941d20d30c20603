"""`retia segment` skips and names a corrupt image; where nothing can be done it writes nothing."""

import json
from pathlib import Path

import pytest
from drawn_eye import drawn_eye
from PIL import Image

from retia.cli import main
from retia.errors import ItemsFailedError
from retia.records import read_cases
from retia.segmentation.segment import SegmentConfig, segment


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three images, the second of which is cut off."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, name in enumerate("abc"):
        Image.fromarray(drawn_eye(seed=number)[0]).save(folder / f"{name}.png")
    whole = (folder / "b.png").read_bytes()
    (folder / "b.png").write_bytes(whole[: len(whole) // 2])
    return folder


def test_one_corrupt_image_is_reported_and_the_others_are_done(images: Path, tmp_path: Path):
    out = tmp_path / "out"
    with pytest.raises(ItemsFailedError, match=r"1 of the items.*b\.png is damaged"):
        segment(SegmentConfig(images=images, out=out, mm_per_px=0.00987))
    assert [c.id for c in read_cases(out)] == ["a", "c"]
    for kind in ("vessels", "faz"):
        assert sorted(p.name for p in (out / kind).iterdir()) == ["a.png", "c.png"]
    (failure,) = (out / "failures.jsonl").read_text().splitlines()
    assert json.loads(failure)["id"] == "b"
    assert (out / read_cases(out)[0].file_name).resolve() == images / "a.png"


def test_a_mended_image_is_done_by_the_same_command(images: Path, tmp_path: Path):
    out = tmp_path / "out"
    args = ["segment", "--images", str(images), "--mm-per-px", "0.00987", "--out", str(out)]
    assert main(args) == 1
    Image.fromarray(drawn_eye(seed=1)[0]).save(images / "b.png")
    assert main(args) == 0
    assert [c.id for c in read_cases(out)] == ["a", "b", "c"]
    assert not (out / "failures.jsonl").exists()


@pytest.mark.parametrize(
    ("files", "scale", "text"),
    [
        ([], ["--mm-per-px", "0.00987"], "holds no image"),
        (["a.png"], [], "has no physical scale"),
        (["a.png", "a.bmp"], ["--mm-per-px", "0.00987"], "2 images are named a"),
        (["a.png"], ["--mm-per-px", "0"], "mm_per_px is 0"),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture, files: list[str], scale: list[str], text: str
):
    folder = tmp_path / "images"
    folder.mkdir()
    for name in files:
        Image.fromarray(drawn_eye(96)[0]).save(folder / name)
    code = main(["segment", "--images", str(folder), *scale, "--out", str(tmp_path / "out")])
    line = capsys.readouterr().err
    assert code == 2
    assert line.startswith("error: ") and text in line and line.count("\n") == 1
    assert not (tmp_path / "out").exists()
