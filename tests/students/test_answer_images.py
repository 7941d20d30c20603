"""`retia ask`: every readable picture gets its answer, and every other one is named."""

import json

import numpy as np
import pytest
from PIL import Image

from retia import cli
from retia.errors import ItemsFailedError, UserError
from retia.records import Case, Question, write_cases
from retia.students.answer_images import AskConfig, answer_images, read_questions
from retia.students.ask import ask
from retia.students.student import load_student


@pytest.fixture(scope="module")
def model(student, tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    student.model.save_pretrained(folder)
    student.processor.save_pretrained(folder)
    return folder


@pytest.fixture
def pictures(tmp_path):
    """Two colour pictures and a grey one."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, shape in (("a.png", (40, 50, 3)), ("b.jpg", (64, 64, 3)), ("c.png", (48, 48))):
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(folder / name)
    return folder


def config(model, image, tmp_path, **more):
    return AskConfig(
        **{"model": model, "image": image, "out": tmp_path / "out", "max_new_tokens": 8, **more}
    )


def test_a_folder_gives_the_answers_that_the_student_gives(model, pictures, tmp_path):
    rows = answer_images(config(model, pictures, tmp_path, question="Where?"))
    images = [np.asarray(Image.open(pictures / n)) for n in ("a.png", "b.jpg", "c.png")]
    texts = ask(load_student(model), images, ["Where?"] * 3, max_new_tokens=8)
    expected = [
        {"case": c, "question": "Where?", "text": t} for c, t in zip("abc", texts, strict=True)
    ]
    assert rows == expected
    written = (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in written] == expected
    # A second run finds its work done.
    assert answer_images(config(model, pictures, tmp_path, question="Where?")) == expected


def test_a_broken_picture_is_skipped_and_named(model, pictures, tmp_path):
    (pictures / "b.jpg").write_bytes(b"no picture")
    with pytest.raises(ItemsFailedError, match=r"b\.jpg"):
        answer_images(config(model, pictures, tmp_path, question="Where?"))
    rows = (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()
    assert [json.loads(row)["case"] for row in rows] == ["a", "c"]
    failed = (tmp_path / "out" / "failures.jsonl").read_text().splitlines()
    assert [json.loads(row)["id"] for row in failed] == ["b"]


def test_nothing_is_left_behind_when_no_picture_can_be_read(model, tmp_path):
    (tmp_path / "x.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"no image could be read.*x\.png"):
        answer_images(config(model, tmp_path / "x.png", tmp_path, question="Where?"))
    assert not (tmp_path / "out").exists()


def test_cases_are_asked_their_own_questions(tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    own = {"file_name": "a.png", "modality": "radiology"}
    write_cases(
        folder,
        [
            Case(
                **own,
                id="one",
                group="g1",
                split="test",
                questions=(Question(text="A?", answer="a"), Question(text="B?", answer="b")),
            ),
            Case(
                **own,
                id="two",
                group="g2",
                split="train",
                questions=(Question(text="C?", answer="c"),),
            ),
            Case(file_name="b.png", modality="octa", id="eye", group="g3", laterality="OD"),
        ],
    )

    def asked(**more):
        return [
            (one.case, one.question)
            for one in read_questions(config(tmp_path, folder, tmp_path, **more))
        ]

    stage = "What is the stage of diabetic retinopathy? Answer as JSON."
    eye = ("eye", f"This is a right eye. {stage}")
    assert asked() == [("one", "A?"), ("one", "B?"), ("two", "C?"), eye]
    assert asked(split="test") == [("one", "A?"), ("one", "B?")]
    assert asked(question="D?") == [("one", "D?"), ("two", "D?"), ("eye", "D?")]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"question": None}, "there is no question"),
        ({"split": "test"}, "holds no metadata.jsonl"),
        ({"model": "absent"}, "is no folder"),
        ({"image": "absent"}, "does not exist"),
        ({"image": "empty"}, "holds no picture"),
    ],
)
def test_wrong_use_is_one_line_and_writes_nothing(change, text, pictures, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "model").mkdir()
    paths = {k: tmp_path / v for k, v in change.items() if k in ("model", "image")}
    settings = {"model": tmp_path / "model", "image": pictures, "question": "Where?"}
    with pytest.raises(UserError, match=text) as error:
        answer_images(AskConfig(**(settings | change | paths), out=tmp_path / "out"))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_the_command_takes_both_words_without_flags_and_prints_the_answer(
    model, pictures, tmp_path, capsys
):
    out = tmp_path / "out"
    words = ["ask", str(model), str(pictures / "a.png"), "--question", "Where?"]
    assert cli.main([*words, "--max-new-tokens", "8", "--out", str(out)]) == 0
    row = json.loads((out / "predictions.jsonl").read_text())
    assert capsys.readouterr().out.strip() == row["text"].strip()
