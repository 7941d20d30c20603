"""Exports keep the rules of the tools that read them, in every row."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from eyes import random_eye
from frames import SCAN, random_frame
from PIL import Image

from retia.errors import UserError
from retia.instructions import WriteConfig, write
from retia.instructions.dialects import read_llava
from retia.instructions.export import ExportConfig, export
from retia.records import Part, read_samples, write_cases, write_samples


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    """Samples of all modalities, with an image each."""
    root = tmp_path_factory.mktemp("export")
    folders = []
    for name, cases in (
        ("eyes", [random_eye(i, i) for i in range(8)]),
        ("frames", [random_frame(i, i) for i in range(40)]),
        ("scans", [SCAN, replace(SCAN, id="other", group="other", split="test")]),
    ):
        folder = root / name
        write_cases(folder, cases)
        folders.append(folder)
        for case in cases:
            path = folder / case.file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), 7).save(path)
    write(WriteConfig(cases=tuple(folders), out=root / "samples"))
    return root / "samples"


def rows_of(folder: Path) -> list[dict]:
    """All rows of a JSON or JSON Lines export."""
    rows = []
    for path in sorted(folder.glob("*.json*")):
        if path.name in ("run.json", "timing.json", "dataset_info.json"):
            continue
        text = path.read_text()
        rows += json.loads(text) if path.suffix == ".json" else map(json.loads, text.splitlines())
    return rows


@pytest.mark.parametrize("format", ["llava", "sharegpt", "llama-factory"])
@pytest.mark.parametrize("pack", [False, True])
def test_conversations(samples, tmp_path, format, pack):
    out = tmp_path / "out"
    export(ExportConfig(samples=samples, format=format, out=out, pack=pack))
    rows = rows_of(out)
    assert len(rows) == len(read_samples(samples))
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        turns = row["conversations"]
        # Readers pair turns: roles they do not know, or out of order, cost the row.
        assert [t["from"] for t in turns] == ["human", "gpt"] * (len(turns) // 2)
        images = [row["image"]] if format == "llava" else row["images"]
        tags = [t["value"].count("<image>") for t in turns]
        assert sum(tags) == len(images) == tags[0]
        assert turns[0]["value"].startswith("<image>\n")
        assert all(t["value"].replace("<image>", "").strip() for t in turns)
        for image in images:
            assert not Path(image).is_absolute()
            assert (out / image).is_file()
            assert (out.resolve() in (out / image).resolve().parents) is pack


def test_llama_factory_finds_what_its_description_names(samples, tmp_path):
    export(ExportConfig(samples=samples, format="llama-factory", out=tmp_path))
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert len(info) == 2
    for entry in info.values():
        rows = json.loads((tmp_path / entry["file_name"]).read_text())
        assert entry["formatting"] == "sharegpt"
        tags = entry["tags"]
        for row in rows:
            assert set(entry["columns"].values()) <= set(row)
            for turn in row[entry["columns"]["messages"]]:
                assert set(turn) == {tags["role_tag"], tags["content_tag"]}
                assert turn[tags["role_tag"]] in (tags["user_tag"], tags["assistant_tag"])


def test_trl(samples, tmp_path):
    export(ExportConfig(samples=samples, format="trl", out=tmp_path, stage="grpo"))
    rows = rows_of(tmp_path)
    assert rows
    for row in rows:
        roles = [m["role"] for m in row["messages"]]
        assert roles == ["user", "assistant"]
        parts = [part for m in row["messages"] for part in m["content"]]
        assert sum(p["type"] == "image" for p in parts) == len(row["images"]) == 1
        assert all(p["text"] for p in parts if p["type"] == "text")


def test_every_row_has_the_same_columns_and_types(samples, tmp_path):
    """Loaders infer one schema from all rows."""
    export(ExportConfig(samples=samples, format="sharegpt", out=tmp_path))

    def shape(value):
        if isinstance(value, dict):
            return {key: shape(inner) for key, inner in value.items()}
        return [type(value[0])] if isinstance(value, list) else type(value)

    first, *others = rows_of(tmp_path)
    assert all(shape(row) == shape(first) for row in others)


def test_llava_comes_back(samples, tmp_path):
    export(ExportConfig(samples=samples, format="llava", out=tmp_path, split="test"))
    path = tmp_path / "test.json"
    text = path.read_text()
    # As the surgical guide tags its turns.
    path.write_text(text.replace('"from": "gpt"', '"from": "assistant"'))
    back = {s.id: s for s in read_llava(path)}
    sent = {s.id: s for s in read_samples(samples) if s.split == "test"}
    assert back.keys() == sent.keys()
    for id, sample in sent.items():
        said = [(m.role, m.text.strip()) for m in sample.messages]
        assert [(m.role, m.text) for m in back[id].messages] == said


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"conversations": [{"from": "bot", "value": "x"}]}, "role 'bot'"),
        ({"conversations": [{"from": "gpt", "value": "x"}]}, "expected user"),
        ({"conversations": [{"from": "human", "value": "<image>x"}]}, "0 images"),
        ({"conversations": []}, "no `conversations`"),
    ],
)
def test_a_broken_llava_row_is_refused_by_name(tmp_path, row, problem):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([row]))
    with pytest.raises(UserError, match=problem) as error:
        read_llava(path)
    assert "row 1" in str(error.value)


def test_a_text_that_looks_like_a_picture_is_refused(samples, tmp_path):
    first = read_samples(samples)[0]
    asked = first.messages[0]
    spoiled = replace(asked, content=(*asked.content, Part(type="text", text="<image>")))
    row = replace(first, images=("a.png",), messages=(spoiled, *first.messages[1:]))
    write_samples(tmp_path, [row])
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(UserError, match="stands for a picture"):
        export(ExportConfig(samples=tmp_path, format="llava", out=tmp_path / "out"))


def test_a_missing_image_and_an_empty_choice_are_refused(samples, tmp_path):
    write_samples(tmp_path, read_samples(samples)[:1])
    with pytest.raises(UserError, match="does not exist"):
        export(ExportConfig(samples=tmp_path, format="trl", out=tmp_path / "out"))
    with pytest.raises(UserError, match="no sample of stage"):
        export(ExportConfig(samples=samples, format="trl", out=tmp_path / "out", split="nowhere"))
    assert not (tmp_path / "out").exists()
