"""OCTA-100K-SVR: lesions from the metadata, texts from the pairs, and whether both agree."""

import json
from pathlib import Path

import pytest
from small_pictures import write_picture

from retia.claims.imported_text import CheckTextConfig, check_text
from retia.errors import ItemsFailedError, UserError
from retia.records import Case, read_cases
from retia.sources.octa_svr import OctaSvrConfig, import_octa_svr

SACS = [{"center": [0.5, 0.9], "radius_mm": 0.03}]
REGION = {"center": [0.1, 0.2], "radius": 0.2, "strength": 0.95}


def line(number: int, **changes) -> dict:
    """Row 0.1 and column 0.2: dropout lies top left of the FAZ in the middle."""
    return {
        "id": f"s{number}",
        "image": f"images/M_s{number}.png",
        "neovasc": None,
        "dropouts": [REGION],
        "microaneurysms": SACS,
        "FAZ": {"center_norm": [0.5, 0.5], "radius_norm": 0.06},
    } | changes


def pair(number: int, text: str, **changes) -> dict:
    return {
        "id": f"s{number}_q1",
        "image": f"images/M_s{number}.png",
        "conversations": [
            {"from": "human", "value": "<image>\nDescribe the scan."},
            {"from": "gpt", "value": text},
        ],
    } | changes


def source_of(tmp_path: Path, lines: list, pairs: list, name: str = "pairs_diversified.jsonl"):
    source = tmp_path / "source"
    for row in (row for row in lines if isinstance(row, dict)):
        if "gone" not in row["image"]:
            write_picture(source / row["image"], seed=int(row["id"][1:]), size=(100, 100))
    for file, rows in (("metadata.jsonl", lines), (name, pairs)):
        text = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (source / file).write_text("\n".join(text) + "\n")
    return source


def imported(tmp_path: Path, source: Path, **flags) -> list[Case]:
    import_octa_svr(OctaSvrConfig(source=source, out=tmp_path / "out", **flags))
    return read_cases(tmp_path / "out")


def test_lesions_come_from_the_metadata_and_texts_from_the_pairs(tmp_path: Path):
    source = source_of(tmp_path, [line(1)], [pair(1, "There is capillary dropout.")])
    (case,) = imported(tmp_path, source)
    dropout, sac = case.findings
    # x = row: the circle lies at column 20, row 10 of 100 px, cut off at the top.
    assert (dropout.kind, dropout.box_px) == ("capillary_dropout", (0, 0, 40, 30))
    assert dropout.zone is not None and dropout.zone.quadrant == "superior-left"
    assert (sac.kind, sac.values) == ("microaneurysm", {"radius_um": 30})
    assert case.looked_for == ("capillary_dropout", "microaneurysm", "neovascularization")
    assert case.mm_per_px == pytest.approx(0.03)
    (asked,) = case.questions
    assert (asked.text, asked.answer, asked.id) == (
        "Describe the scan.", "There is capillary dropout.", "s1_q1",
    )  # fmt: skip
    # Nothing there grades an eye.
    assert case.stage is None


def test_the_list_of_all_new_vessels_is_read_where_it_is_there(tmp_path: Path):
    tuft = {"center_norm": [0.8, 0.8], "radius_norm": 0.1}
    full = {
        "neovascularization": [tuft, tuft | {"center_norm": [0.2, 0.8]}],
        "summary": {"tortuosity": {"present": True, "gain": 0.2}},
    }
    lines = [line(1, neovasc=tuft), line(2, neovasc=tuft, dropout_ma_json="full.json")]
    source = source_of(tmp_path, lines, [pair(1, "x."), pair(2, "x.")])
    (source / "full.json").write_text(json.dumps(full))
    kinds = [[f.kind for f in case.findings] for case in imported(tmp_path, source)]
    assert [k.count("neovascularization") for k in kinds] == [1, 2]
    assert [k.count("tortuosity") for k in kinds] == [0, 1]


def test_bad_lines_and_texts_are_named(tmp_path: Path):
    lines = [
        line(1),
        "{broken",
        line(2, image="images/gone.png"),
        line(3, dropouts=[REGION | {"center": [3, 3]}]),
        line(4, FAZ=None),
        line(5, stage="ill"),
        line(1),
    ]
    pairs = [
        pair(1, "Dropout is seen."),
        pair(1, ""),
        pair(1, "x.", image="images/other.png"),
        pair(
            1, "x.", conversations=[{"from": "gpt", "value": "x"}, {"from": "human", "value": "y"}]
        ),
        pair(1, "x.", conversations=[]),
    ]
    with pytest.raises(ItemsFailedError, match="10 of the items"):
        imported(tmp_path, source_of(tmp_path, lines, pairs))
    told = (tmp_path / "out" / "failures.jsonl").read_text()
    for text in ("no valid JSON", "does not exist", "lies outside of the image", "`FAZ` is None",
                 "stage is 'ill'", "stands there twice", "it is empty", "have no image",
                 "Expected human", "Expected pairs of turns"):  # fmt: skip
        assert text in told
    (case,) = read_cases(tmp_path / "out")
    assert len(case.questions) == 1


def test_without_metadata_or_pairs_nothing_is_imported(tmp_path: Path):
    source = source_of(tmp_path, [line(1)], [pair(1, "x.")], name="pairs.jsonl")
    assert len(imported(tmp_path, source)) == 1
    for name in ("pairs.jsonl", "metadata.jsonl"):
        (source / name).unlink()
        with pytest.raises(UserError, match="does not exist"):
            imported(tmp_path, source)


def test_sentences_that_the_metadata_contradict_are_counted(tmp_path: Path):
    texts = {
        1: "There is capillary dropout. There is no neovascularization. The scan is bright.",
        2: "There is no capillary dropout. Neovascularization is seen. Tortuous vessels are seen.",
    }
    lines = [line(n) for n in texts]
    imported(tmp_path, source_of(tmp_path, lines, [pair(n, t) for n, t in texts.items()]))
    counted = check_text(CheckTextConfig(cases=tmp_path / "out", out=tmp_path / "checked"))
    assert counted["sentences"] == 6 and counted["claiming"] == 5
    # Nobody looked for winding vessels: that sentence is neither true nor false.
    assert (counted["supported"], counted["contradicted"], counted["unsupported"]) == (2, 2, 1)
    assert counted["contradicted_share"] == 0.4
    wrong = (tmp_path / "checked" / "contradicted.jsonl").read_text().splitlines()
    assert [json.loads(w)["sentence"] for w in wrong] == [
        "There is no capillary dropout.", "Neovascularization is seen.",
    ]  # fmt: skip
    assert {json.loads(w)["case"] for w in wrong} == {"s2"}


def test_texts_without_annotations_cannot_be_checked(tmp_path: Path):
    bare = Case(file_name="a.png", id="a", group="a", modality="octa")
    from retia.records import write_cases

    (tmp_path / "cases").mkdir()
    write_cases(tmp_path / "cases", [bare])
    with pytest.raises(UserError, match="no case has both"):
        check_text(CheckTextConfig(cases=tmp_path / "cases", out=tmp_path / "checked"))
