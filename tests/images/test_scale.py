"""Scale and eye: from the file, the metadata or the user; refused when unknown or contradicted."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retia.errors import UserError
from retia.images import read_image, read_image_folder
from retia.images.header import agreed_eye, agreed_scale
from retia.records import Case, write_cases

GREY = np.arange(48 * 40, dtype=np.uint8).reshape(48, 40)
scales = st.floats(1e-3, 1e-1)


@given(scales, scales)
def test_two_scales_agree_exactly_within_two_percent(first: float, second: float):
    known = {"the file": first, "--mm-per-px": second}
    if max(first, second) <= 1.02 * min(first, second):
        assert agreed_scale("a.png", known) == first
    else:
        with pytest.raises(UserError) as error:
            agreed_scale("a.png", known)
        for part in (f"{first:.5g}", f"{second:.5g}", "the file", "--mm-per-px"):
            assert part in str(error.value)


@given(scales)
def test_sources_that_know_nothing_do_not_count(scale: float):
    assert agreed_scale("a", {"x": None, "y": scale, "z": None}) == scale
    assert agreed_scale("a", {"x": None}) is None


@pytest.mark.parametrize("wrong", [0.0, -0.01, float("nan")])
def test_a_scale_that_is_none_is_refused(wrong: float):
    with pytest.raises(UserError, match="mm_per_px is"):
        agreed_scale("a", {"x": wrong})


def saved(folder: Path, name: str, pixels: np.ndarray = GREY) -> Path:
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name)
    return folder / name


@pytest.mark.parametrize("field_mm", [3.0, 6.0])
def test_the_field_is_the_width_of_each_image(tmp_path: Path, field_mm: float):
    saved(tmp_path / "a", "x.png")
    saved(tmp_path / "a", "y.png", np.tile(GREY, (2, 2)))
    cases = read_image_folder(tmp_path / "a", field_mm=field_mm)
    assert [c.mm_per_px for c in cases] == [field_mm / 40, field_mm / 80]


def test_field_and_scale_must_agree(tmp_path: Path):
    path = saved(tmp_path, "x.png")
    assert read_image_folder(path, 3 / 40, 3.0)[0].mm_per_px == 3 / 40
    with pytest.raises(UserError, match=r"--mm-per-px says 0\.075 .*--field-mm 6 says 0\.15"):
        read_image_folder(path, 3 / 40, 6.0)
    with pytest.raises(UserError, match="field_mm is -3"):
        read_image_folder(path, field_mm=-3.0)


def test_metadata_and_flag_must_agree(tmp_path: Path):
    saved(tmp_path, "x.png")
    case = Case(file_name="x.png", id="x", group="x", modality="octa", mm_per_px=0.02)
    write_cases(tmp_path, [case])
    assert read_image_folder(tmp_path, 0.0201)[0].mm_per_px == 0.02
    with pytest.raises(UserError, match=r"metadata\.jsonl says 0\.02 .* --mm-per-px says 0\.01"):
        read_image_folder(tmp_path, 0.01)


def test_print_resolution_is_no_scale(tmp_path: Path):
    Image.fromarray(GREY).save(tmp_path / "x.tif", dpi=(2540, 2540))  # 0.01 mm, were it the retina
    with pytest.raises(UserError, match="no physical scale"):
        read_image_folder(tmp_path / "x.tif")


def test_one_damaged_file_does_not_stop_a_folder(tmp_path: Path):
    saved(tmp_path, "x.png")
    (tmp_path / "y.png").write_bytes(b"no image")
    cases = read_image_folder(tmp_path, field_mm=3.0)
    assert [(c.id, c.mm_per_px) for c in cases] == [("x", 3 / 40), ("y", None)]
    with pytest.raises(UserError, match="no readable image"):
        read_image_folder(tmp_path / "y.png", field_mm=3.0)


@pytest.mark.parametrize(
    ("name", "in_file", "given", "eye", "note"),
    [
        ("a.png", None, None, None, None),
        ("a_OD.png", None, None, "OD", "as the file name says"),
        ("a_os.nii.gz", None, None, "OS", "as the file name says"),
        ("a_OS.png", None, "OS", "OS", "as the file name says"),
        ("a_OS.png", None, "OD", "OD", "OD was given"),
        ("a_OS.png", "OD", None, "OD", None),
        ("FOOD.png", None, None, None, None),
        ("a_ODD.png", None, None, None, None),
        ("a.png", "OS", "OS", "OS", None),
    ],
)
def test_the_eye_comes_from_file_user_or_name(
    name: str, in_file: str | None, given: str | None, eye: str | None, note: str | None
):
    found, notes = agreed_eye(name, in_file, given)
    assert found == eye
    assert (note in notes[0]) if note else notes == ()


def test_an_eye_that_is_contradicted_is_refused():
    with pytest.raises(UserError, match="shows OD by its metadata, but OS was given"):
        agreed_eye("a.dcm", "OD", "OS")


def test_the_name_reaches_case_and_notes(tmp_path: Path):
    path = saved(tmp_path, "eye_7_OS.png")
    (case,) = read_image_folder(path, 0.01)
    assert case.laterality == "OS"
    assert read_image(path, 0.01, case.laterality).notes == ("eye OS, as the file name says",)


def test_what_dicom_says_reaches_the_case_and_holds_against_flags(tmp_path: Path):
    pytest.importorskip("pydicom", reason="needs pydicom (the extra `dicom`)")
    from scan_files import write_dicom

    path = write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.01, 0.01], ImageLaterality="R")
    (case,) = read_image_folder(tmp_path)
    assert (case.mm_per_px, case.laterality) == (0.01, "OD")
    with pytest.raises(UserError, match=r"the file says 0\.01 .* --mm-per-px says 0\.02"):
        read_image_folder(path, 0.02)
    with pytest.raises(UserError, match=r"the file says 0\.01 .* the caller says 0\.02"):
        read_image(path, 0.02)
    with pytest.raises(UserError, match="shows OD"):
        read_image_folder(path, laterality="OS")
