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


FORMATS = ("trl", "llava", "sharegpt", "llama-factory", "ms-swift", "cfproxy")


@pytest.mark.parametrize("format", FORMATS)
def test_every_export_loads_in_datasets(samples, tmp_path, format):
    from datasets import load_dataset

    rows = export(ExportConfig(samples=samples, format=format, out=tmp_path / "out"))["rows"]
    for file, count in rows.items():
        # As trainers load them: one file, its schema inferred from its rows.
        loaded = load_dataset(
            "json",
            data_files=str(tmp_path / "out" / file),
            split="train",
            cache_dir=str(tmp_path / "cache"),
        )
        assert len(loaded) == count > 0


def test_swift_boxes_stand_in_their_places(samples, tmp_path):
    export(ExportConfig(samples=samples, format="ms-swift", out=tmp_path))
    sent = {s.id: s for s in read_samples(samples)}
    boxed = 0
    for row in rows_of(tmp_path):
        boxes = iter(row["objects"]["bbox"])
        for turn, message in zip(row["messages"], sent[row["id"]].messages, strict=True):
            assert set(turn) == {"role", "content"}
            text = turn["content"].replace("<image>\n", "")
            while "<bbox>" in text:
                box = [round(edge) for edge in next(boxes)]
                text = text.replace("<bbox>", str(box), 1)
                boxed += 1
            assert text == message.text
        assert next(boxes, None) is None
    assert boxed > 10


def test_cfproxy_tells_nothing_that_the_sample_does_not(samples, tmp_path):
    out = export(ExportConfig(samples=samples, format="cfproxy", out=tmp_path))
    sent = {s.id: s for s in read_samples(samples)}
    rows = rows_of(tmp_path)
    assert len(rows) + out["left_out"] == len(sent)
    for row in rows:
        answer = json.loads(sent[row["id"]].answers[0].text)
        if sent[row["id"]].stage == "grpo":
            assert (row["gold"], row["caption"]) == (answer["answer"], answer["caption"])
            assert not [key for key in row if key.startswith("delta")]
            assert (tmp_path / row["image_path"]).is_file()
            continue
        told = json.loads(row["output"])
        assert set(told) == {"caption", "reasoning", "boxes", "answer"}
        assert all(told[key] == answer[key] for key in ("caption", "reasoning", "answer"))
        assert row["text"] == f"{row['instruction']}\n{row['output']}"
        assert row["question"] in row["instruction"]
        assert (tmp_path / row["image"]).is_file()
    assert {type(box[0]) for row in rows if "boxes" in row for box in row["boxes"]} <= {int}


def test_llama_factory_trains_on_what_is_there(samples, tmp_path):
    """The YAML names sets of the description, and the context holds every sample."""
    import os

    import yaml

    from retia.instructions.dialects.llama_factory import IMAGE_SIDE_PX, TOKEN_SIDE_PX

    export(ExportConfig(samples=samples, format="llama-factory", out=tmp_path, base_model="A/b-c"))
    training = yaml.safe_load((tmp_path / "train_lora.yaml").read_text())
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert training["dataset"] == "retia_train" in info
    assert training["model_name_or_path"] == "A/b-c"
    # No validation split was written: nothing to stop by.
    assert "eval_dataset" not in training
    longest = max(sum(len(m.text) for m in s.messages) for s in read_samples(samples))
    per_image = (IMAGE_SIDE_PX // TOKEN_SIDE_PX) ** 2
    assert longest / 3 + per_image < training["cutoff_len"] < longest + 4 * per_image
    assert os.access(tmp_path / "train.sh", os.X_OK)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    """Two grown eyes with their graphs."""
    from retia.synthesis.cohort import GrowConfig, grow

    out = tmp_path_factory.mktemp("cohort")
    grow(GrowConfig(out=out, count=2, seed=3))
    return out


@pytest.mark.slow
@pytest.mark.parametrize("pan", [0.0, 0.075])
def test_pairs_of_a_cohort_name_the_picture_they_speak_of(cohort, tmp_path, pan):
    """A text says where things lie in a view: never beside a view that has been panned."""
    out = tmp_path / "out"
    assert export(ExportConfig(cases=cohort, format="octa-svr", out=out, pan=pan))["pairs"] == 2
    for line in (out / "pairs.jsonl").read_text().splitlines():
        row = json.loads(line)
        whole = (cohort / "images" / Path(row["image"]).name.removeprefix("generator_")).resolve()
        assert ((out / row["image"]).resolve() == whole) is (pan > 0)
        with Image.open(out / row["image"]) as shown, Image.open(whole) as grown:
            assert shown.tobytes() == grown.tobytes()
        assert [turn["from"] for turn in row["conversations"]] == ["human", "gpt"]


def test_agents_of_a_procedure(tmp_path):
    out = tmp_path / "out"
    config = ExportConfig(procedure="cholecystectomy", format="surgical-agents", out=out)
    files = export(config)["files"]
    assert files
    assert all((out / file).read_text().strip() for file in files)


@pytest.mark.parametrize(
    "flags",
    [
        {"format": "surgical-agents"},
        {"format": "octa-svr", "procedure": "cholecystectomy"},
        {"format": "llava", "procedure": "cholecystectomy"},
    ],
)
def test_flags_that_do_not_go_with_the_format_are_refused(samples, tmp_path, flags):
    with pytest.raises(UserError, match=r"is made of .* Expected --"):
        export(ExportConfig(samples=samples, out=tmp_path / "out", **flags))


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
