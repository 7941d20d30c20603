"""One image gives the same pixels from every format; what a format cannot tell is one line."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retia.errors import UserError
from retia.images import read_image
from retia.images.header import read_header

pytest.importorskip("pydicom", reason="needs pydicom (the extra `dicom`)")
pytest.importorskip("nibabel", reason="needs nibabel (the extra `dicom`)")

from scan_files import functional_groups, write_dicom, write_nifti

RNG = np.random.default_rng(5)
GREY = RNG.integers(0, 256, (48, 40)).astype(np.uint8)
DEEP = RNG.integers(0, 65536, (48, 40)).astype(np.uint16)
SCALE = 0.0125


def as_file(path: Path, pixels: np.ndarray) -> Path:
    if path.suffix == ".dcm":
        return write_dicom(path, pixels)
    if ".nii" in path.name:
        return write_nifti(path, pixels)
    Image.fromarray(pixels).save(path)
    return path


ENDINGS = ["png", "tif", "bmp", "dcm", "nii", "nii.gz"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_gives_the_same_pixels(tmp_path: Path, ending: str):
    scan = read_image(as_file(tmp_path / f"a.{ending}", GREY))
    np.testing.assert_array_equal(scan.pixels, GREY)
    assert scan.pixels.dtype == np.uint8 and scan.mm_per_px is None


@pytest.mark.parametrize("ending", ["png", "tif", "dcm", "nii"])
def test_deep_pixels_agree_too(tmp_path: Path, ending: str):
    scan = read_image(as_file(tmp_path / f"a.{ending}", DEEP))
    np.testing.assert_array_equal(scan.pixels, (DEEP / 65535 * 255).round().astype(np.uint8))
    assert any("converted from" in note for note in scan.notes)


def test_a_dicom_file_needs_no_ending(tmp_path: Path):
    write_dicom(tmp_path / "a.dcm", GREY).rename(tmp_path / "IM0001")
    np.testing.assert_array_equal(read_image(tmp_path / "IM0001").pixels, GREY)


def test_inverted_and_grey_rgb_dicom_are_grey_and_noted(tmp_path: Path):
    kind = {"PhotometricInterpretation": "MONOCHROME1"}
    inverted = read_image(write_dicom(tmp_path / "a.dcm", 255 - GREY, **kind))
    rgb = read_image(write_dicom(tmp_path / "b.dcm", np.stack([GREY] * 3, axis=-1)))
    for scan, note in ((inverted, "inverted"), (rgb, "grey in RGB")):
        np.testing.assert_array_equal(scan.pixels, GREY)
        assert note in "; ".join(scan.notes)


def test_run_length_coding_is_read(tmp_path: Path):
    import pydicom
    from pydicom.uid import RLELossless

    data = pydicom.dcmread(write_dicom(tmp_path / "a.dcm", GREY))
    data.compress(RLELossless)
    data.save_as(tmp_path / "b.dcm")
    np.testing.assert_array_equal(read_image(tmp_path / "b.dcm").pixels, GREY)


@pytest.mark.parametrize(
    "tags",
    [
        {"PixelSpacing": [SCALE, SCALE], "ImageLaterality": "L"},
        {"PixelSpacing": [SCALE, SCALE], "Laterality": "L"},
        functional_groups(PixelSpacing=[SCALE, SCALE], FrameLaterality="L"),
    ],
)
def test_scale_and_eye_of_dicom_are_found_wherever_they_stand(tmp_path: Path, tags: dict):
    path = write_dicom(tmp_path / "a.dcm", GREY, ManufacturerModelName="Scanner 3000", **tags)
    scan, header = read_image(path), read_header(path)
    assert (scan.mm_per_px, scan.laterality) == (pytest.approx(SCALE), "OS")
    assert (header.size_px, header.device) == ((40, 48), "Scanner 3000")
    assert (header.mm_per_px, header.laterality) == (scan.mm_per_px, "OS")


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1), ("micron", 1000), ("meter", 0.001)])
def test_the_unit_of_nifti_counts(tmp_path: Path, unit: str, factor: float):
    scan = read_image(write_nifti(tmp_path / "a.nii", GREY, SCALE * factor, unit))
    assert scan.mm_per_px == pytest.approx(SCALE, rel=1e-6)


def test_spacings_that_are_none_are_left_out_and_noted(tmp_path: Path):
    for path in (
        write_nifti(tmp_path / "a.nii", GREY, 1.0, "mm"),
        write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.26, 0.26]),
    ):
        scan = read_image(path)
        assert scan.mm_per_px is None and "left out" in "; ".join(scan.notes)
    unitless = read_image(write_nifti(tmp_path / "b.nii", GREY, SCALE, "unknown"))
    assert unitless.mm_per_px is None and "no unit" in "; ".join(unitless.notes)


PLANES = RNG.integers(0, 256, (3, 48, 40)).astype(np.uint8)


@pytest.mark.parametrize("ending", ["tif", "dcm", "nii"])
def test_a_plane_is_chosen_by_its_number(tmp_path: Path, ending: str):
    path = tmp_path / f"a.{ending}"
    if ending == "tif":
        first, *rest = (Image.fromarray(plane) for plane in PLANES)
        first.save(path, save_all=True, append_images=rest)
        assert any("page 1 of 3" in note for note in read_image(path).notes)
    else:
        _ = (
            write_dicom(path, PLANES)
            if ending == "dcm"
            else write_nifti(path, PLANES.transpose(1, 2, 0))
        )
        with pytest.raises(UserError, match=r"holds 3 \w+s\. Pass --slice 1 to 3"):
            read_image(path)
    for number in (1, 2, 3):
        scan = read_image(path, number=number)
        np.testing.assert_array_equal(scan.pixels, PLANES[number - 1])
        assert any(f"{number} of 3" in note for note in scan.notes)
    for number in (0, 4):
        with pytest.raises(UserError, match=rf"--slice is {number}\. Count from 1"):
            read_image(path, number=number)


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def compressed_with_what_cannot_be_read(path: Path) -> Path:
    import pydicom
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    write_dicom(path, GREY)
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.100")  # MPEG2
    data.PixelData = encapsulate([GREY.tobytes()])
    data["PixelData"].is_undefined_length = True
    data.save_as(path)
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


COLOURED = np.stack([GREY, GREY, 255 - GREY], axis=-1)
BAD = {
    "cut.dcm": (lambda p: cut(write_dicom(p, GREY)), "damaged pixels"),
    "cut.nii": (lambda p: cut(write_nifti(p, GREY)), "damaged"),
    "cut.nii.gz": (lambda p: cut(write_nifti(p, GREY)), "damaged"),
    "empty.dcm": (lambda p: written(p, b""), "0 bytes"),
    "empty.nii": (lambda p: written(p, b""), "0 bytes"),
    "text.dcm": (lambda p: written(p, b"no image" * 40), "cannot be read as DICOM"),
    "text.nii": (lambda p: written(p, b"no image" * 99), "cannot be read as NIfTI"),
    "head.dcm": (lambda p: written(p, bytes(128) + b"DICM" + RNG.bytes(400)), "DICOM"),
    "colour.dcm": (lambda p: write_dicom(p, COLOURED), "coloured"),
    "palette.dcm": (
        lambda p: write_dicom(p, GREY, PhotometricInterpretation="PALETTE COLOR"),
        "coloured",
    ),
    "bare.dcm": (lambda p: write_dicom(p, GREY, PixelData=None), "without pixels"),
    "report.dcm": (lambda p: write_dicom(p, GREY, PixelData=None, Rows=None), "holds no image"),
    "small.dcm": (lambda p: write_dicom(p, GREY[:9, :9]), "9 x 9 px"),
    "oblong.dcm": (lambda p: write_dicom(p, GREY, PixelSpacing=[0.02, 0.01]), "square"),
    "mpeg.dcm": (compressed_with_what_cannot_be_read, "compressed as MPEG2"),
    "four.nii": (
        lambda p: write_nifti(p, RNG.integers(0, 9, (40, 40, 3, 2)).astype(np.uint8)),
        "array of 40 x 40 x 3 x 2",
    ),
    "below.nii": (lambda p: write_nifti(p, -GREY.astype(np.float32)), "down to -255"),
    "line.nii": (lambda p: write_nifti(p, GREY[:1, :]), "array of"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_file_is_one_line(tmp_path: Path, name: str):
    make, words = BAD[name]
    path = make(tmp_path / name)
    with pytest.raises(UserError) as error:
        read_image(path)
    line = str(error.value)
    assert words in line and name in line and "\n" not in line


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_never_end_in_another_error(tmp_path: Path, seed: int):
    rng = np.random.default_rng(seed)
    make = write_dicom if seed % 2 else write_nifti
    path = make(tmp_path / ("a.dcm" if seed % 2 else "a.nii"), GREY)
    content = bytearray(path.read_bytes())
    for at in rng.integers(0, len(content) - GREY.size, 12):
        content[at] = rng.integers(0, 256)
    path.write_bytes(content)
    try:
        assert read_image(path).pixels.dtype == np.uint8
    except UserError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(("name", "package"), [("a.dcm", "pydicom"), ("a.nii", "nibabel")])
def test_a_missing_extra_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str
):
    path = as_file(tmp_path / name, GREY)
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(UserError, match=rf'needs {package}.*pip install "retia\[dicom\]"'):
        read_image(path)
