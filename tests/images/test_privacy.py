"""What identifies a patient stays in the DICOM file: it is in no record, output, note or log."""

from pathlib import Path

import numpy as np
import pytest

from retia import cli
from retia.images import read_image, read_image_folder
from retia.records.jsonl import to_json

pytest.importorskip("pydicom", reason="needs pydicom (the extra `dicom`)")

import pydicom
from scan_files import PLANTED, functional_groups, write_dicom


def words() -> list[bytes]:
    """Every planted value, and the parts of names."""
    parts = {value for value in PLANTED.values()}
    parts |= {part for value in PLANTED.values() for part in value.split("^") if len(part) > 4}
    return [part.encode() for part in parts]


@pytest.fixture
def scan(tmp_path: Path, grown_pixels: np.ndarray) -> Path:
    """A readable scan full of patient data, also nested and in private tags."""
    (tmp_path / "in").mkdir()
    return full_of_patient(tmp_path / "in" / "a.dcm", grown_pixels)


def full_of_patient(path: Path, pixels: np.ndarray) -> Path:
    groups = functional_groups(PixelSpacing=[3 / 304, 3 / 304])
    nested = pydicom.Dataset()
    nested.PatientName, nested.PatientID = PLANTED["PatientName"], PLANTED["PatientID"]
    groups["SharedFunctionalGroupsSequence"][0].ReferencedPatientSequence = [nested]
    tags = {"ReferencedPatientSequence": [nested], "ManufacturerModelName": "Zyxwolf^Quirina"}
    write_dicom(path, pixels, **PLANTED, **groups, **tags)
    data = pydicom.dcmread(path)
    data.private_block(0x0011, "Zyxwolf maker", create=True).add_new(1, "LO", "MRN-73914402")
    data.save_as(path)
    content = path.read_bytes()
    assert all(word in content for word in words())
    return path


def test_no_record_holds_it(scan: Path):
    image = read_image(scan)
    (case,) = read_image_folder(scan)
    said = f"{image.notes} {image.laterality} {to_json(case)}".encode()
    assert not [word for word in words() if word in said]


@pytest.mark.parametrize("damaged", [False, True])
def test_no_step_writes_or_says_it(
    scan: Path,
    damaged: bool,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
):
    if damaged:
        scan.write_bytes(scan.read_bytes()[:-5000])
    noise = np.random.default_rng(0).integers(0, 256, (304, 304)).astype(np.uint8)
    bad = full_of_patient(tmp_path / "noise.dcm", noise)
    out = tmp_path / "out"
    segment = ["segment", "--images", str(scan.parent), "--method", "classical"]
    explain = ["explain", "--no-student", "--image"]
    codes = [
        cli.main([*segment, "--out", str(out / "masks")]),
        cli.main([*explain, str(scan), "--slice", "7", "--out", str(out / "x")]),
        cli.main([*explain, str(bad), "--out", str(out / "y")]),
    ]
    assert codes == [1 if damaged else 0, 2, 0]
    said = capfd.readouterr()
    spoken = (said.out + said.err + " ".join(str(w.message) for w in recwarn)).encode()
    written = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert {"run.json", "explanation.json", "report.html"} <= {p.name for p in written}
    for word in words():
        assert word not in spoken
        assert not [p for p, content in written.items() if word in content]
