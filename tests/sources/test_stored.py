"""Questions in Parquet and Arrow files and on the hub; several data sets at once."""

import io
import json
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image
from small_pictures import write_picture

from retia.errors import ItemsFailedError, UserError
from retia.records import read_cases
from retia.sources.several import SeveralConfig, import_several
from retia.sources.slake import SlakeConfig, import_slake
from retia.sources.vqa_rad import VqaRadConfig, import_vqa_rad


def picture(seed: int) -> dict:
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return {"bytes": data.getvalue(), "path": None}


def rows_of(seeds: list[int]) -> datasets.Dataset:
    """The layout of the Hub: a picture, a question and an answer; nothing else."""
    columns = {
        "image": [picture(seed) for seed in seeds],
        "question": [f"Is thing {n} there?" for n in range(len(seeds))],
        "answer": ["yes", "no", "left"][: len(seeds)],
    }
    features = datasets.Features(
        image=datasets.Image(), question=datasets.Value("string"), answer=datasets.Value("string")
    )
    return datasets.Dataset.from_dict(columns, features=features)


@pytest.mark.parametrize("layout", ["parquet", "arrow", "hub"])
def test_pictures_inside_of_the_rows(tmp_path: Path, layout: str, monkeypatch):
    # Picture 1 is in both parts: asked about twice in one, once in the other.
    parts = {"train": rows_of([1, 1, 2]), "test": rows_of([1, 3])}
    source = tmp_path / "source"
    if layout == "parquet":
        (source / "data").mkdir(parents=True)
        for name, part in parts.items():
            part.to_parquet(source / "data" / f"{name}-00000-of-00001.parquet")
    elif layout == "arrow":
        datasets.DatasetDict(list(parts.items())).save_to_disk(source)
    else:
        source = Path("owner/name")
        stored = {"owner/name": datasets.DatasetDict(list(parts.items()))}
        monkeypatch.setattr(datasets, "load_dataset", stored.__getitem__)
    out = tmp_path / "out"
    summary = import_vqa_rad(VqaRadConfig(source=source, out=out, split="official", validation=0))
    cases = read_cases(out)
    assert (summary["images"], summary["missing_images"]) == (3, 0)
    # A picture that is tested on is not trained on.
    assert sorted((c.split, len(c.questions)) for c in cases) == [
        ("test", 1), ("test", 1), ("train", 1),
    ]  # fmt: skip
    for case in cases:
        assert case.file_name.startswith("images/")
        with Image.open(out / case.file_name) as image:
            assert image.size == (64, 48)
    overlap = json.loads((out / "overlap.json").read_text())
    assert overlap["as_given"]["train/test"]["images"] == 1
    assert overlap["as_written"]["train/test"]["images"] == 0


def test_saved_rows_that_only_name_their_image(tmp_path: Path):
    source = tmp_path / "source"
    row = {
        "img_name": "xmlab1/source.jpg",
        "question": "Is it large?",
        "answer": "Yes",
        "q_lang": "en",
        "location": "Lung",
        "modality": "CT",
        "answer_type": "CLOSED",
        "content_type": "Size",
        "qid": 4,
    }
    datasets.Dataset.from_list([row]).save_to_disk(source)
    import_slake(SlakeConfig(source=source, out=tmp_path / "out"))
    (case,) = read_cases(tmp_path / "out")
    assert case.id == "xmlab1" and case.questions[0].kind == "yes_no"


def test_what_is_no_data_set_is_refused(tmp_path: Path, monkeypatch):
    def unreachable(name):
        raise ConnectionError(f"cannot reach {name}")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    with pytest.raises(UserError, match="owner/name is no folder here and cannot be loaded"):
        import_vqa_rad(VqaRadConfig(source=Path("owner/name"), out=tmp_path / "out"))
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.parquet").write_bytes(b"no table")
    with pytest.raises(UserError, match="is no valid Parquet file"):
        import_vqa_rad(VqaRadConfig(source=source, out=tmp_path / "out"))


def vqa_rad_of(folder: Path, seeds: list[int]) -> Path:
    for number, seed in enumerate(seeds):
        write_picture(folder / "images" / f"{number}.png", seed)
    rows = [
        {
            "qid": n, "image_name": f"{n}.png", "image_organ": "CHEST", "answer": "Yes",
            "answer_type": "CLOSED", "question_type": "PRES", "question": f"Is thing {n} there?",
        }
        for n in range(len(seeds))
    ]  # fmt: skip
    (folder / "trainset.json").write_text(json.dumps(rows))
    return folder


def test_several_data_sets_share_no_image_between_splits(tmp_path: Path):
    first = vqa_rad_of(tmp_path / "one", list(range(8)))
    # Four of its eight images are in the other data set too, under other names.
    second = vqa_rad_of(tmp_path / "two", list(range(4, 12)))
    config = SeveralConfig(
        kinds=("vqa-rad", "vqa-rad"), source=(first, second), out=tmp_path / "out", seed=3
    )
    summary = import_several(config)
    cases = read_cases(tmp_path / "out")
    assert len({c.id for c in cases}) == summary["images"] == 16
    assert summary["groups"] == 12
    assert list(summary["parts"]) == ["vqa-rad", "vqa-rad-2"]
    assert all((tmp_path / "out" / c.file_name).is_file() for c in cases)
    overlap = json.loads((tmp_path / "out" / "overlap.json").read_text())
    assert sum(pair["images"] for pair in overlap["as_given"].values()) > 0
    assert sum(pair["images"] for pair in overlap["as_written"].values()) == 0


def test_several_keeps_what_is_whole_and_tells_what_is_not(tmp_path: Path):
    first, second = vqa_rad_of(tmp_path / "one", [1, 2]), vqa_rad_of(tmp_path / "two", [3, 4])
    (second / "images" / "0.png").write_bytes(b"no image")
    config = SeveralConfig(
        kinds=("vqa-rad", "vqa-rad"), source=(first, second), out=tmp_path / "out"
    )
    with pytest.raises(ItemsFailedError, match="is no readable image"):
        import_several(config)
    assert len(read_cases(tmp_path / "out")) == 3


@pytest.mark.parametrize(
    ("kinds", "text"),
    [(("vqarad", "slake"), "Did you mean `vqa-rad`"), (("vqa-rad",), "1 kinds and 2 sources")],
)
def test_several_refuses_what_it_cannot_join(tmp_path: Path, kinds: tuple, text: str):
    source = (tmp_path, tmp_path)
    with pytest.raises(UserError, match=text):
        import_several(SeveralConfig(kinds=kinds, source=source, out=tmp_path / "out"))
