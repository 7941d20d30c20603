"""A folder of images becomes cases, or a clear line; no image is ever copied."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retia.errors import UserError
from retia.images import read_image_folder, reroot
from retia.records import Case, Finding, Question, Region, write_cases

GREY = np.arange(48 * 40, dtype=np.uint8).reshape(48, 40)


def fill(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.fromarray(GREY).save(folder / name)
    return folder


def test_a_plain_folder_becomes_a_case_an_image(tmp_path: Path):
    folder = fill(tmp_path / "a", "b.png", "a.TIF", "c.jpg")
    (folder / "notes.txt").write_text("no image")
    cases = read_image_folder(folder, 0.01)
    assert [(c.id, c.group, c.file_name) for c in cases] == [
        ("a", "a", "a.TIF"),
        ("b", "b", "b.png"),
        ("c", "c", "c.jpg"),
    ]
    assert {c.mm_per_px for c in cases} == {0.01}


def test_one_image_is_a_case_too(tmp_path: Path):
    (case,) = read_image_folder(fill(tmp_path, "b.png") / "b.png", 0.01)
    assert (case.id, case.file_name) == ("b", "b.png")


def test_metadata_name_the_images_and_the_flag_adds_the_scale_they_lack(tmp_path: Path):
    fill(tmp_path, "x.png", "y.png", "z.png")
    write_cases(
        tmp_path,
        [
            Case(file_name="x.png", id="one", group="g", modality="octa", mm_per_px=0.01),
            Case(file_name="y.png", id="two", group="g", modality="octa"),
        ],
    )
    cases = read_image_folder(tmp_path, 0.01)
    assert [(c.id, c.mm_per_px) for c in cases] == [("one", 0.01), ("two", 0.01)]


@pytest.mark.parametrize(
    ("names", "scale", "text"),
    [
        (["a.png", "a.tif"], 0.01, "2 images are named a. Names must differ."),
        ([], 0.01, "holds no image. Expected .png"),
        (["a.png"], None, "a.png has no physical scale. Pass --mm-per-px 0.00987"),
        (["a.png"], -1.0, "mm_per_px is -1 by --mm-per-px"),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_line(
    tmp_path: Path, names: list[str], scale: float | None, text: str
):
    with pytest.raises(UserError) as error:
        read_image_folder(fill(tmp_path / "a", *names), scale)
    assert text in str(error.value) and "\n" not in str(error.value)


def test_a_missing_folder_is_one_line(tmp_path: Path):
    with pytest.raises(UserError, match=r"does not exist\. Expected a folder of images"):
        read_image_folder(tmp_path / "absent", 0.01)


@pytest.mark.parametrize("new", ["masks", "deep/er/masks", "images/inside"])
def test_a_rerooted_case_points_at_the_same_file(tmp_path: Path, new: str):
    folder = fill(tmp_path / "images", "b.png")
    (case,) = read_image_folder(folder, 0.01)
    moved = reroot(case, folder, tmp_path / new)
    assert (tmp_path / new / moved.file_name).resolve() == folder / "b.png"
    again = reroot(moved, tmp_path / new, folder)
    assert again.file_name == "b.png"


def test_a_rerooted_single_image_points_at_the_same_file(tmp_path: Path):
    image = fill(tmp_path / "images", "b.png") / "b.png"
    (case,) = read_image_folder(image, 0.01)
    moved = reroot(case, image, tmp_path / "masks")
    assert (tmp_path / "masks" / moved.file_name).resolve() == image


def test_a_rerooted_case_does_not_depend_on_where_the_command_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = fill(tmp_path / "images", "b.png")
    (case,) = read_image_folder(folder, 0.01)
    monkeypatch.chdir(tmp_path)
    relative = reroot(case, Path("images"), Path("masks"))
    assert relative == reroot(case, folder, tmp_path / "masks")


def test_masks_move_with_their_case(tmp_path: Path):
    finding = Finding(id="f1", kind="irma", source="mask", mask="lesions/b/f1.png")
    region = Region(box_px=(1.0, 1.0, 2.0, 2.0), mask="lesions/b/q.png")
    case = Case(
        file_name="images/b.png",
        id="b",
        group="b",
        modality="octa",
        findings=(finding, Finding(id="f2", kind="irma", source="mask")),
        questions=(Question(text="?", answer="!", region=region), Question(text="?", answer="!")),
    )
    moved = reroot(case, tmp_path / "grown", tmp_path / "masks")
    assert moved.findings[0].mask == "../grown/lesions/b/f1.png"
    assert moved.questions[0].region is not None
    assert moved.questions[0].region.mask == "../grown/lesions/b/q.png"
    assert reroot(moved, tmp_path / "masks", tmp_path / "grown") == case
