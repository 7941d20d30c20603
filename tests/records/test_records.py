"""Records survive writing and reading; broken ones are refused by file, line and field."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retia.errors import UserError
from retia.records import (
    Case,
    Finding,
    Gold,
    Measure,
    Message,
    Part,
    Question,
    Region,
    Sample,
    VesselGraph,
    Zone,
    read_cases,
    write_cases,
)
from retia.records.jsonl import from_plain, to_json

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)
corner = st.integers(0, 300)
boxes = st.tuples(corner, corner, st.integers(301, 400), st.integers(301, 400)).map(
    lambda b: tuple(float(v) for v in b)
)
zones = st.builds(
    Zone,
    ring=st.none() | words,
    quadrant=st.none() | words,
    clock=st.none() | st.integers(1, 12),
)
findings = st.builds(
    Finding,
    id=words,
    kind=words,
    source=st.sampled_from(["simulator", "attribution"]),
    severity=st.none() | words,
    box_px=st.none() | boxes,
    mask=st.none() | words,
    zone=st.none() | zones,
    values=st.dictionaries(words, numbers, max_size=3),
    attributes=st.dictionaries(words, words, max_size=2),
    importance=st.none() | st.floats(0, 1),
    evidence=st.lists(words, max_size=3).map(tuple),
)
cases = st.builds(
    Case,
    file_name=words,
    id=words,
    group=words,
    modality=words,
    split=st.none() | words,
    mm_per_px=st.none() | st.floats(1e-4, 1.0),
    laterality=st.none() | st.sampled_from(["OD", "OS"]),
    looked_for=st.lists(words, max_size=3).map(tuple),
    measures=st.lists(
        st.builds(Measure, name=words, value=numbers, source=st.just("mask")), max_size=2
    ).map(tuple),
    findings=st.lists(findings, max_size=3).map(tuple),
    labels=st.dictionaries(words, words, max_size=2),
    time_s=st.none() | numbers,
    questions=st.lists(
        st.builds(
            Question,
            text=words,
            answer=words,
            region=st.none() | st.builds(Region, box_px=boxes),
        ),
        max_size=2,
    ).map(tuple),
)
samples = st.builds(
    Sample,
    id=words,
    case=words,
    group=words,
    images=st.lists(words, max_size=2).map(tuple),
    messages=st.lists(
        st.builds(
            Message,
            role=st.sampled_from(["user", "assistant"]),
            content=st.lists(
                st.builds(Part, type=st.just("text"), text=words), min_size=1, max_size=2
            ).map(tuple),
            gold=st.none()
            | st.builds(
                Gold,
                type=st.just("set"),
                value=words | numbers | st.lists(words, max_size=3).map(tuple),
            ),
            roi_px=st.none() | boxes,
            evidence=st.lists(st.lists(words, max_size=2).map(tuple), max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


@given(cases)
def test_a_case_written_and_read_is_the_same_case(case: Case):
    text = to_json(case)
    again = from_plain(Case, json.loads(text), "here")
    assert again == case
    assert to_json(again) == text


@given(samples)
def test_a_sample_written_and_read_is_the_same_sample(sample: Sample):
    assert from_plain(Sample, json.loads(to_json(sample)), "here") == sample


def case(id: str, **fields: object) -> Case:
    plain = {"file_name": f"images/{id}.png", "id": id, "group": id, "modality": "octa"}
    return from_plain(Case, plain | fields, "here")


def test_a_folder_of_cases_written_and_read_is_the_same(tmp_path: Path):
    cohort = [case("a", stage="npdr"), case("b", mm_per_px=0.01)]
    write_cases(tmp_path, cohort)
    assert read_cases(tmp_path) == cohort


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"id": "b", "group": "g", "modality": "octa"}', "line 2: `file_name` is missing"),
        ('{"file_name": "x", "id": "b", "group": "g", "modality": "octa", "satge": "pdr"}',
         "line 2: unknown key `satge`. Did you mean `stage`?"),
        ('{"file_name": "x", "id": "b", "group": "g", "modality": "octa", "mm_per_px": "wide"}',
         "line 2: `mm_per_px` is 'wide'"),
        ('{"file_name": "x", "id": "b", "group": "g", "modality": "octa", "mm_per_px": NaN}',
         "line 2: no valid JSON"),
        ('{"file_name": "x", ', "line 2: no valid JSON"),
        ('{"file_name": "x", "id": "../b", "group": "g", "modality": "octa"}',
         "id '../b' cannot name a file"),
        ('{"file_name": "x", "id": "a", "group": "g", "modality": "octa"}',
         "id 'a' stands 2 times"),
        ('{"file_name": "x", "id": "b", "group": "a", "modality": "octa", "split": "test"}',
         "group a is in train and test"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named(tmp_path: Path, line: str, text: str):
    write_cases(tmp_path, [case("a", split="train")])
    path = tmp_path / "metadata.jsonl"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UserError) as error:
        read_cases(tmp_path)
    assert text in str(error.value) and str(path) in str(error.value)


def test_an_empty_box_is_refused():
    with pytest.raises(UserError, match=r"f1: box_px is \[5.0, 5.0, 5.0, 9.0\]"):
        Finding(id="f1", kind="irma", source="mask", box_px=(5.0, 5.0, 5.0, 9.0))


def graph() -> VesselGraph:
    return VesselGraph(
        segments=pl.DataFrame(
            {"case": ["a", "b"], "id": [0, 0], "length_mm": [0.5, 0.25],
             "polyline_px": [[[0, 0], [0, 1]], [[2, 2], [3, 3]]]}
        ),
        areas=pl.DataFrame({"case": ["a"], "id": [0], "area_mm2": [0.125]}),
        faz=pl.DataFrame({"case": ["a", "b"], "id": [0, 0], "area_mm2": [0.25, 0.0]}),
        relations=pl.DataFrame(
            {"case": ["a"], "kind": ["segment-area"], "source": [0], "target": [0]}
        ),
    )  # fmt: skip


def test_a_graph_written_and_read_is_the_same_graph(tmp_path: Path):
    whole = graph()
    whole.write(tmp_path)
    again = VesselGraph.read(tmp_path)
    for name in ("segments", "areas", "faz", "relations"):
        assert getattr(again, name).equals(getattr(whole, name))
    assert VesselGraph.stack(g for _, g in again.split()).segments.equals(whole.segments)


def test_a_number_that_is_not_finite_is_named(tmp_path: Path):
    whole = graph()
    broken = whole.areas.with_columns(pl.lit(float("nan")).alias("area_mm2"))
    VesselGraph(whole.segments, broken, whole.faz, whole.relations).write(tmp_path)
    with pytest.raises(UserError, match=r"areas.parquet: column `area_mm2` of case a is nan"):
        VesselGraph.read(tmp_path)
