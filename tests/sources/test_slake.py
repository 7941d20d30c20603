"""SLAKE: language, typed questions, boxes as findings and regions."""

import json
from collections import Counter
from pathlib import Path

import pytest
from small_pictures import write_picture

from retia.errors import ItemsFailedError, UserError
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
