"""Conversations of other tools become samples; a row that is not understood is named."""

import json

import pytest
from PIL import Image

from retia.errors import ItemsFailedError, UserError
from retia.records import read_samples
from retia.sources.conversations import SamplesConfig, import_samples

ASKED = {"from": "human", "value": "<image>\nIs it dark?"}
SAID = {"from": "gpt", "value": "Yes."}
LLAVA = {"id": "a", "image": "a.png", "conversations": [ASKED, SAID]}
PARTS = [{"type": "image"}, {"type": "text", "text": "Is it dark?"}]
TRL = {
    "id": "c",
    "images": ["a.png"],
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": PARTS},
        {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]},
    ],
}
SWIFT = {
    "id": "d",
    "images": ["a.png"],
    "messages": [
        {"role": "user", "content": "<image>\nWhere?"},
        {"role": "assistant", "content": "At <bbox>, and at <bbox>."},
    ],
    "objects": {"ref": [], "bbox": [[1.0, 2.0, 3.0, 4.5], [0, 0, 8, 8]], "bbox_type": "real"},
}


@pytest.fixture
def run(tmp_path):
    """Import rows, as a JSON list or as JSON Lines; return the samples."""
    Image.new("L", (8, 8), 7).save(tmp_path / "a.png")

    def make(rows, lines=False, modality: str | None = "radiology"):
        path = tmp_path / ("rows.jsonl" if lines else "rows.json")
        text = "\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows)
        path.write_text(text if lines else json.dumps(rows))
        import_samples(SamplesConfig(source=path, out=tmp_path / "out", modality=modality))
        return read_samples(tmp_path / "out")

    return make


def words(sample):
    return [(m.role, m.text) for m in sample.messages]


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("tags", [("human", "gpt"), ("user", "assistant"), ("human", "assistant")])
def test_conversations_of_either_tag(run, tmp_path, lines, tags):
    turns = [ASKED | {"from": tags[0]}, SAID | {"from": tags[1]}]
    (sample,) = run([LLAVA | {"conversations": turns}], lines)
    assert words(sample) == [("user", "Is it dark?"), ("assistant", "Yes.")]
    assert [p.type for p in sample.messages[0].content] == ["image", "text"]
    assert (tmp_path / "out" / sample.images[0]).resolve() == tmp_path / "a.png"


def test_messages_of_typed_parts_and_boxes(run):
    trl, swift = run([TRL, SWIFT])
    assert words(trl)[0] == ("system", "Be brief.")
    assert words(trl)[1:] == [("user", "Is it dark?"), ("assistant", "Yes.")]
    assert swift.answers[0].text == "At [1, 2, 3, 4.5], and at [0, 0, 8, 8]."


@pytest.mark.parametrize(
    ("row", "kind", "value"),
    [
        ({"question": "Dark?", "answer": "Yes", "img_name": "a.png"}, "yes_no", "yes"),
        ({"question": "How many?", "answer": 3, "image_path": "a.png"}, "number", 3.0),
        (
            {"instruction": "Q", "input": "", "output": "{}", "answer": "CT", "image": "a.png"},
            "text",
            "CT",
        ),
    ],
)
def test_questions_of_the_source_have_a_typed_answer(run, row, kind, value):
    (sample,) = run([row])
    gold = sample.answers[0].gold
    assert (gold.type, gold.value) == (kind, value)
    assert sample.images


def without(row, key):
    return {k: v for k, v in row.items() if k != key}


BROKEN = {
    "role 'bot'": LLAVA | {"conversations": [ASKED | {"from": "bot"}, SAID]},
    "is of assistant, expected user": LLAVA | {"conversations": [SAID, ASKED]},
    "the last turn is of user": LLAVA | {"conversations": [ASKED, SAID, ASKED]},
    "0 images, but <image> stands 1 times": without(LLAVA, "image"),
    "2 images, but <image> stands 1": LLAVA | {"image": ["a.png", "a.png"]},
    "does not exist": LLAVA | {"image": "none.png"},
    "is empty": LLAVA | {"conversations": [ASKED, SAID | {"value": " "}]},
    "Expected a list of turns": LLAVA | {"conversations": []},
    "no conversation in keys id, image": without(LLAVA, "conversations"),
    "is no conversation": "text",
    "`image` is 5": LLAVA | {"image": 5},
    "stage is 'stage9'": LLAVA | {"meta": {"stage": "stage9"}},
    "`meta.gold` is 'x'": LLAVA | {"meta": {"gold": "x"}},
    "tells 2 gold answers": LLAVA | {"meta": {"gold": "[null, null]"}},
    "bbox_type is 'norm1'": SWIFT | {"objects": SWIFT["objects"] | {"bbox_type": "norm1"}},
    "<bbox> stands 2 times": SWIFT | {"objects": {"bbox": []}},
    "`answer` is ''": {"question": "Q", "answer": "", "image": "a.png"},
    "stands in an earlier row": TRL,
}


@pytest.mark.parametrize("problem", BROKEN)
def test_a_row_that_is_not_understood_is_named_and_the_others_are_kept(run, tmp_path, problem):
    with pytest.raises(ItemsFailedError, match="1 of the items"):
        run([TRL, BROKEN[problem]])
    (failure,) = map(json.loads, (tmp_path / "out" / "failures.jsonl").read_text().splitlines())
    assert failure["id"] == "row 2"
    assert problem in failure["error"]
    assert [s.id for s in read_samples(tmp_path / "out")] == ["c"]


def test_a_broken_line_is_named(run, tmp_path):
    with pytest.raises(ItemsFailedError, match="row 2: no valid JSON"):
        run([TRL, '{"id": "x", "conv', LLAVA], lines=True)
    assert [s.id for s in read_samples(tmp_path / "out")] == ["c", "a"]


def test_a_modality_is_never_assumed(run):
    with pytest.raises(UserError, match="no modality is told"):
        run([LLAVA], modality=None)
    with pytest.raises(UserError, match="there is no vocabulary"):
        run([LLAVA], modality="palmistry")


def test_a_file_without_a_row_is_refused(run, tmp_path):
    with pytest.raises(UserError, match="it is empty"):
        run([])
    with pytest.raises(UserError, match="does not exist"):
        import_samples(SamplesConfig(source=tmp_path / "none.json", out=tmp_path / "out"))
