"""`retia explain` on what cannot be staged: a verdict, never a stage, never a traceback."""

import json
from pathlib import Path

import numpy as np
import pytest
from bad_pictures import BAD_PICTURES
from PIL import Image

from retia import cli

SCALE = ["--mm-per-px", "0.009868"]


def explained(
    path: Path, out: Path, capsys: pytest.CaptureFixture[str], *flags: str
) -> tuple[int, dict, str]:
    """Exit code, `explanation.json` and what was said."""
    code = cli.main(["explain", str(path), "--out", str(out), "--no-student", *flags])
    said = capsys.readouterr()
    spoken = said.out + said.err
    assert "Traceback" not in spoken
    file = out / "explanation.json"
    return code, json.loads(file.read_text()) if file.is_file() else {}, spoken


def not_staged(code: int, explanation: dict, spoken: str) -> bool:
    return (
        code == 0
        and not explanation["quality"]["usable"]
        and bool(explanation["quality"]["reasons"])
        and not {"stage", "probabilities", "findings", "student_stage"} & set(explanation)
        and explanation["quality"]["reasons"][0] in spoken
        and "cannot be staged" in spoken
    )


@pytest.mark.parametrize("name", ["black", "white", "gaussian", "salt", "fundus", "text at 17"])
def test_what_is_no_angiogram_gets_a_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
):
    Image.fromarray(BAD_PICTURES[name]()).save(tmp_path / "bad.png")
    assert not_staged(*explained(tmp_path / "bad.png", tmp_path / "out", capsys, *SCALE))
    page = (tmp_path / "out" / "report.html").read_text()
    assert "not staged" in page and (tmp_path / "out" / "overlay.png").is_file()


def test_a_colour_photograph_gets_a_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    grey = BAD_PICTURES["fundus"]()
    Image.fromarray(np.stack([grey, grey // 2, grey // 4], axis=-1)).save(tmp_path / "eye.jpg")
    code, explanation, spoken = explained(tmp_path / "eye.jpg", tmp_path / "out", capsys, *SCALE)
    assert not_staged(code, explanation, spoken)
    assert "coloured" in spoken


@pytest.mark.parametrize("size", [110, 220, 304])
def test_a_crop_without_the_faz_gets_a_verdict(
    tmp_path: Path, grown_pixels: np.ndarray, capsys: pytest.CaptureFixture[str], size: int
):
    corner = grown_pixels[:110, :110]
    # As large a field as wanted, from the capillaries of one corner.
    wide = np.pad(corner, ((0, size - 110), (0, size - 110)), "symmetric")
    Image.fromarray(wide).save(tmp_path / "crop.png")
    assert not_staged(*explained(tmp_path / "crop.png", tmp_path / "out", capsys, *SCALE))


def test_an_unknown_scale_and_a_contradicted_one_are_refused(
    tmp_path: Path, grown_pixels: np.ndarray, capsys: pytest.CaptureFixture[str]
):
    Image.fromarray(grown_pixels).save(tmp_path / "a.png")
    for flags, words in (
        ([], "no physical scale"),
        ([*SCALE, "--field-mm", "6"], "--field-mm 6 says 0.019737"),
    ):
        code, explanation, spoken = explained(tmp_path / "a.png", tmp_path / "o", capsys, *flags)
        assert (code, explanation) == (2, {}) and words in spoken
        assert len(spoken.strip().splitlines()) == 1


def test_a_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code, _, spoken = explained(tmp_path, tmp_path / "out", capsys, *SCALE)
    assert code == 2 and "does not exist" in spoken
