"""VQA-RAD: its quirks are mended, its images are never shared between splits."""

import json
from collections import Counter
from pathlib import Path

import pytest
from small_pictures import write_picture

from retia.errors import ItemsFailedError, UserError
from retia.records import read_cases
from retia.sources.vqa_rad import ORGANS, TOPICS, VqaRadConfig, import_vqa_rad


def row(number: int, image: str = "a.jpg", **changes) -> dict:
    return {
        "qid": number,
        "image_name": image,
        "image_organ": "HEAD",
        "answer": "Yes",
        "answer_type": "CLOSED",
        "question_type": "PRES",
        "question": f"Is finding {number} seen?",
        "phrase_type": "freeform",
    } | changes


def source_of(folder: Path, **files: list[dict]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in files.items():
        (folder / f"{name}.json").write_text(json.dumps(rows))
        for image in {str(r.get("image_name")) for r in rows}:
            write_picture(folder / "images" / image, seed=sum(map(ord, image)))
    return folder


def questions_of(tmp_path: Path, *rows: dict) -> list:
    source = source_of(tmp_path / "source", trainset=list(rows))
    import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "out"))
    return [q for c in read_cases(tmp_path / "out") for q in c.questions]


@pytest.mark.parametrize(
    ("changes", "kind", "answer"),
    [
        ({"answer": "Yes"}, "yes_no", "Yes"),
        ({"answer": "no", "answer_type": "CLOSED "}, "yes_no", "no"),
        ({"answer": 4, "answer_type": "OPEN"}, "number", "4"),
        ({"answer": "3.4", "answer_type": "OPEN"}, "number", "3.4"),
        ({"answer": "3.4 cm", "answer_type": "OPEN"}, "text", "3.4 cm"),
        ({"answer": "Left", "question": "Is it on the left or right?"}, "choice", "Left"),
        ({"answer": "CT", "question": "CT vs. MRI?"}, "choice", "CT"),
        (
            {"answer": "Left", "question": "Left or right?", "answer_type": "OPEN"},
            "text",
            "Left",
        ),
        ({"answer": "Maybe"}, "text", "Maybe"),
        ({"answer": "Diffuse", "question": "Where are the nodules?"}, "text", "Diffuse"),
        ({"answer": "Heart \tlungs", "answer_type": "OPEN"}, "text", "Heart lungs"),
    ],
)
def test_answers_are_typed(tmp_path: Path, changes: dict, kind: str, answer: str):
    (question,) = questions_of(tmp_path, row(1, **changes))
    assert (question.kind, question.answer, question.id) == (kind, answer, "1")


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("PRES, ATTRIB", "presence"),
        ("ATRIB", "attribute"),
        ("PRSE", "presence"),
        ("Other", "other"),
    ],
)
def test_topics_are_mended(tmp_path: Path, word: str, topic: str):
    (question,) = questions_of(tmp_path, row(1, question_type=word))
    assert question.topic == topic


def test_exact_duplicates_stand_once_and_paraphrases_stay(tmp_path: Path):
    found = questions_of(
        tmp_path,
        row(1, question="Is there a mass?"),
        row(2, question="Is  there a mass"),
        row(3, question="Is there a mass?", answer="No"),
        row(4, question="Is a mass seen?", phrase_type="para"),
    )
    assert [q.id for q in found] == ["1", "3", "4"]


def test_the_real_set(shared_data: Path, tmp_path: Path):
    source = shared_data / "vqa_rad"
    import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "a"))
    cases = read_cases(tmp_path / "a")
    assert len(cases) == 314 and {c.labels["organ"] for c in cases} == set(ORGANS.values())
    raw = json.loads((source / "trainset.json").read_text())
    told = {
        (r["image_name"], " ".join(r["question"].lower().split()).rstrip(" ?.!"),
         " ".join(str(r["answer"]).lower().split()).rstrip(" ?.!"))
        for r in raw
    }  # fmt: skip
    questions = [q for c in cases for q in c.questions]
    assert len(questions) == len(told)
    assert {q.topic for q in questions} == set(TOPICS.values())
    kinds = Counter(q.kind for q in questions)
    assert set(kinds) == {"yes_no", "choice", "number", "text"} and kinds["yes_no"] > 1000
    # Images are where they were, and the folder can be read from anywhere.
    assert all(
        (tmp_path / "a" / c.file_name).resolve().is_relative_to(source.resolve()) for c in cases
    )
    overlap = json.loads((tmp_path / "a" / "overlap.json").read_text())["as_written"]
    assert all(pair["images"] == 0 for pair in overlap.values())
    splits = Counter(c.split for c in cases)
    assert splits == {"train": 220, "validation": 31, "test": 63}


def test_the_same_seed_gives_the_same_bytes_and_a_limit_draws(tmp_path: Path):
    rows = [row(n, f"{n % 9}.jpg") for n in range(30)]
    source = source_of(tmp_path / "source", trainset=rows)
    for name, limit, seed in (("a", 5, 1), ("b", 5, 1), ("c", 5, 2)):
        import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / name, limit=limit, seed=seed))
    texts = [(tmp_path / name / "metadata.jsonl").read_text() for name in "abc"]
    assert texts[0] == texts[1] != texts[2]
    assert all(len(read_cases(tmp_path / name)) == 5 for name in "abc")


def test_the_same_image_under_two_names_is_never_in_two_splits(tmp_path: Path):
    source = source_of(tmp_path / "source", trainset=[row(n, f"{n}.jpg") for n in range(12)])
    for n in range(0, 12, 2):
        (source / "images" / f"{n + 1}.jpg").write_bytes(
            (source / "images" / f"{n}.jpg").read_bytes()
        )
    import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "out", train=0.5, validation=0.2))
    split = {c.id: c.split for c in read_cases(tmp_path / "out")}
    assert all(split[str(n)] == split[str(n + 1)] for n in range(0, 12, 2))
    assert set(split.values()) == {"train", "validation", "test"}


def test_an_official_split_is_kept_without_its_leak(tmp_path: Path):
    source = source_of(
        tmp_path / "source",
        trainset=[row(1, "shared.jpg"), row(2, "own.jpg"), row(3, "copied.jpg")],
        testset=[row(4, "shared.jpg"), row(5, "held.jpg"), row(6, "copy.jpg")],
    )
    copied = (source / "images" / "copied.jpg").read_bytes()
    (source / "images" / "copy.jpg").write_bytes(copied)
    config = VqaRadConfig(source=source, out=tmp_path / "out", split="official", validation=0)
    import_vqa_rad(config)
    cases = {c.id: c for c in read_cases(tmp_path / "out")}
    asked = {q.id: c.split for c in cases.values() for q in c.questions}
    # Every question of the test stays; training loses what shows the test's images.
    assert asked == {"4": "test", "5": "test", "6": "test", "2": "train"}
    overlap = json.loads((tmp_path / "out" / "overlap.json").read_text())
    assert overlap["as_given"]["train/test"]["images"] == 2
    assert overlap["as_written"]["train/test"]["images"] == 0


def test_an_official_split_that_is_not_there_is_refused(tmp_path: Path):
    source = source_of(tmp_path / "source", trainset=[row(1)])
    with pytest.raises(UserError, match="no official split to keep"):
        import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "out", split="official"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"answer": None}, "entry 2: `answer` is None"),
        ({"answer": "  "}, "entry 2: `answer` is '  '"),
        ({"question_type": "PRESS"}, "entry 2: question_type is 'PRESS'"),
        ({"image_organ": "FOOT"}, "entry 2: image_organ is 'foot'"),
        ({"image_name": "../../x.jpg"}, "lies outside of the data set"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, changes: dict, text: str):
    source = source_of(tmp_path / "source", trainset=[row(1)])
    (source / "trainset.json").write_text(json.dumps([row(1), row(2, **changes)]))
    with pytest.raises(ItemsFailedError, match="1 of the items") as error:
        import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "out"))
    assert "trainset.json, entry 2" in str(error.value) and text in str(error.value)
    # What is whole is not lost.
    assert [q.id for c in read_cases(tmp_path / "out") for q in c.questions] == ["1"]


def test_damaged_files_are_named(tmp_path: Path):
    source = source_of(tmp_path / "source", trainset=[row(1)])
    (source / "images" / "a.jpg").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"entry 1: .*a.jpg is no readable image"):
        import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "out"))
    (source / "trainset.json").write_text('[{"qid": 1,')
    with pytest.raises(UserError, match=r"trainset.json is no valid JSON"):
        import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "out"))
    (source / "trainset.json").unlink()
    with pytest.raises(UserError, match="holds no JSON file"):
        import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "out"))
