"""SLAKE: language, typed questions, boxes as findings and regions."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from small_pictures import write_picture

from retia.errors import ItemsFailedError, UserError
from retia.images.image import read_mask
from retia.records import Case, read_cases
from retia.sources.slake import SlakeConfig, import_slake


def row(number: int, image: int = 1, **changes) -> dict:
    return {
        "img_id": image,
        "img_name": f"xmlab{image}/source.jpg",
        "question": f"Is thing {number} there?",
        "answer": "Yes",
        "q_lang": "en",
        "location": "Pelvic Cavity",
        "modality": "CT",
        "answer_type": "CLOSED",
        "base_type": "vqa",
        "content_type": "Organ",
        "triple": ["vhead", "_", "_"],
        "qid": number,
    } | changes


def draw_mask(folder: Path, values: np.ndarray, channels: int = 3) -> None:
    """Write `mask.png` of shape (height, width): the numbers in its first channel."""
    from PIL import Image

    other = [np.full_like(values, 7)] * (channels - 1)
    pixels = np.dstack([values, *other]) if channels > 1 else values
    Image.fromarray(pixels.astype(np.uint8)).save(folder / "mask.png")


def source_of(folder: Path, rows: list[dict], boxes: dict[int, list] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "train.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    for image in {r["img_id"] for r in rows}:
        place = folder / "imgs" / f"xmlab{image}"
        write_picture(place / "source.jpg", seed=image)  # 64 x 48 px
        if boxes and image in boxes:
            (place / "detection.json").write_text(json.dumps(boxes[image]))
    return folder


def imported(tmp_path: Path, rows: list[dict], boxes: dict | None = None, **flags) -> list[Case]:
    source = source_of(tmp_path / "source", rows, boxes)
    import_slake(SlakeConfig(source=source, out=tmp_path / "out", **flags))
    return read_cases(tmp_path / "out")


def test_boxes_are_findings_and_regions_of_what_they_are_asked_about(tmp_path: Path):
    rows = [
        row(1, question="Does the picture contain a lung cancer?"),
        row(2, question="Which organ is largest?", answer="Liver"),
        row(3, question="Is the lung healthy?"),
        row(4, question="Which plane is it?", answer="Axial"),
        row(5, question="Is the delivery normal?"),
    ]
    boxes = [
        {"Lung": [0, 0, 10, 10]},
        {"Lung": [30, 0, 10, 10]},
        {"Lung Cancer": [4.0, 5.0, 6.0, 7.0]},
        {"Liver": [50, 40, 100, 100]},
        {"Spleen": [70, 50, 5, 5]},
    ]
    (case,) = imported(tmp_path, rows, {1: boxes})
    # The last box lies outside the 64 x 48 image, the liver reaches over its border.
    found = {f.kind: f.box_px for f in case.findings}
    assert found["liver"] == (50, 40, 64, 48) and "spleen" not in found
    assert len(case.findings) == 4
    regions = {q.id: q.region.box_px if q.region else None for q in case.questions}
    assert regions["1"] == (4, 5, 10, 12)
    assert regions["2"] == (50, 40, 64, 48)
    # Two lungs: which one is not said. No word is found inside another.
    assert regions["3"] is regions["4"] is regions["5"] is None


def test_the_language_is_kept_apart(tmp_path: Path):
    rows = [row(1), row(2, q_lang="zh", question="图像里有肝脏吗?", answer="有")]
    for language, ids in (("en", ["1"]), ("zh", ["2"]), ("all", ["1", "2"])):
        (case,) = imported(tmp_path, rows, language=language)
        assert [q.id for q in case.questions] == ids
    with pytest.raises(UserError, match="holds a question to import"):
        imported(tmp_path, rows, language="fr")


def test_the_real_questions(shared_data: Path, tmp_path: Path):
    raw = json.loads((shared_data / "slake" / "train.json").read_text(encoding="utf-8"))
    names = sorted({r["img_name"] for r in raw})[::10]
    rows = [r for r in raw if r["img_name"] in names]
    cases = imported(tmp_path, rows)
    english = [r for r in rows if r["q_lang"] == "en" and r["answer"].strip()]
    asked = {
        (r["img_name"], r["question"].lower().rstrip(" ?"), r["answer"].lower()) for r in english
    }
    assert sum(len(c.questions) for c in cases) <= len(asked)
    assert {q.id for c in cases for q in c.questions} <= {str(r["qid"]) for r in english}
    kinds = Counter(q.kind for c in cases for q in c.questions)
    assert set(kinds) == {"yes_no", "choice", "number", "text"}
    assert {c.labels["modality"] for c in cases} <= {"ct", "mri", "x-ray"}
    assert {c.split for c in cases} == {"train", "validation", "test"}


def test_the_real_set_without_its_images_says_what_is_missing(
    shared_data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    config = SlakeConfig(source=shared_data / "slake", out=tmp_path / "out")
    summary = import_slake(config)
    cases = read_cases(tmp_path / "out")
    assert summary["missing_images"] == len(cases) == summary["images"] > 400
    # Told once, and not once an image.
    told = [r for r in caplog.records if "images are missing" in r.message]
    assert len(told) == 1 and "imgs/xmlab" in told[0].message
    assert summary["questions"] > 4000 and all(c.split for c in cases)


def test_a_question_without_an_answer_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (case,) = imported(tmp_path, [row(1), row(2, answer="")])
    assert [q.id for q in case.questions] == ["1"]
    assert "entry 2 left out: it has no answer" in caplog.text


@pytest.mark.parametrize(
    "boxes",
    [[{"Liver": [1, 2, 3]}], [{"Liver": "x"}], [{"A": [1, 2, 3, 4], "B": [1, 2, 3, 4]}], [7]],
)
def test_a_malformed_box_is_named(tmp_path: Path, boxes: list):
    with pytest.raises(ItemsFailedError, match=r"xmlab1/detection.json, entry 2: .* Expected"):
        imported(tmp_path, [row(1)], {1: [{"Liver": [1, 2, 3, 4]}, *boxes]})
    (case,) = read_cases(tmp_path / "out")
    assert [f.kind for f in case.findings] == ["liver"]


def test_things_are_named_by_the_vocabulary(tmp_path: Path):
    boxes = [{"Brain Edema": [0, 0, 9, 9]}, {"Large Bowel": [9, 9, 9, 9]}, {"Thing": [1, 1, 2, 2]}]
    (case,) = imported(tmp_path, [row(1, question="Where is the brain edema?")], {1: boxes})
    assert [f.kind for f in case.findings] == ["oedema", "colon", "thing"]
    # The region is found by the data set's own word.
    assert case.questions[0].region is not None
    assert case.questions[0].region.box_px == (0, 0, 9, 9)


def masked(tmp_path: Path, values: np.ndarray, rows: list[dict], names: str, **more) -> dict:
    """Import one image with a mask; the summary."""
    source = source_of(tmp_path / "source", rows, more.pop("boxes", None))
    (source / "mask.txt").write_text(names, encoding="utf-8")
    draw_mask(source / "imgs" / "xmlab1", values, **more)
    return import_slake(SlakeConfig(source=source, out=tmp_path / "out"))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_mask_is_a_region(tmp_path: Path, channels: int):
    values = np.zeros((48, 64), np.uint8)
    values[4:20, 2:12], values[6:24, 40:60], values[30:40, 5:15] = 3, 4, 9
    values[31, 6] = 0  # a hole: the mask is not its box
    names = "3:Left Lung\n4: Right Lung\n9:Liver\n12:Spleen\n"
    rows = [row(1, question="Which organ is at the bottom?", answer="Liver")]
    # The boxes name one lung, whose box the mask fills, and a thing that the mask does not hold.
    boxes = {1: [{"Lung": [0, 3, 14, 18]}, {"Mass": [50, 40, 5, 5]}]}
    summary = masked(tmp_path, values, rows, names, boxes=boxes, channels=channels)
    assert (summary["masks"], summary["masks_left_out"]) == (1, 0)
    (case,) = read_cases(tmp_path / "out")
    found = [(f.kind, f.attributes.get("side"), f.source, f.box_px) for f in case.findings]
    assert found == [
        ("lung", None, "annotation", (0, 3, 14, 21)),
        ("mass", None, "annotation", (50, 40, 55, 45)),
        ("lung", "right", "mask", (40, 6, 60, 24)),
        ("liver", None, "mask", (5, 30, 15, 40)),
    ]
    for finding, value in zip(case.findings, (3, None, 4, 9), strict=True):
        if value is None:
            assert finding.mask is None
        else:
            mask = read_mask(tmp_path / "out" / str(finding.mask))
            np.testing.assert_array_equal(mask, values == value)
    region = case.questions[0].region
    assert region == case.findings[3].region and region is not None and region.mask is not None


def test_a_mask_of_grey_levels_is_left_out_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    values = np.arange(48 * 64, dtype=np.uint32).reshape(48, 64) % 250
    boxes = {1: [{"Liver": [1, 2, 3, 4]}]}
    summary = masked(tmp_path, values.astype(np.uint8), [row(1)], "1:Liver", boxes=boxes)
    assert (summary["masks"], summary["masks_left_out"]) == (0, 1)
    (case,) = read_cases(tmp_path / "out")
    assert [(f.kind, f.mask) for f in case.findings] == [("liver", None)]
    assert "1 masks left out" in caplog.text and "does not name" in caplog.text


@pytest.mark.parametrize(
    ("shape", "names", "error"),
    [
        ((20, 20), "1:Liver", "is 20 x 20 px. Expected 64 x 48, as its image"),
        ((48, 64), "Liver:1", "mask.txt, line 1: 'Liver:1'. Expected a line like"),
        ((48, 64), "1 Liver", "Expected a line like `3:Liver`"),
    ],
)
def test_a_malformed_mask_is_named(tmp_path: Path, shape: tuple, names: str, error: str):
    with pytest.raises((UserError, ItemsFailedError), match="Expected") as raised:
        masked(tmp_path, np.ones(shape, np.uint8), [row(1)], names)
    assert error in str(raised.value)


def test_a_side_in_the_words_of_a_box_and_of_a_question(tmp_path: Path):
    rows = [
        row(1, question="Where is the mass?", answer="Left Lung", answer_type="OPEN"),
        row(2, question="Where is the liver?", answer="Left", answer_type="OPEN"),
        row(3, question="Where is the pneumonia?", answer="Left", answer_type="OPEN"),
    ]
    boxes = {1: [{"Left Kidney": [0, 0, 9, 9]}, {"Mass": [9, 9, 9, 9]}, {"Liver": [1, 1, 5, 5]}]}
    (case,) = imported(tmp_path, rows, boxes)
    found = {f.kind: f.attributes.get("side") for f in case.findings}
    # A bare "left" is a side of the picture here.
    assert found == {"kidney": "left", "mass": "left", "liver": None, "pneumonia": None}
