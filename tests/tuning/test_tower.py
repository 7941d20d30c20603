"""The tower learns from masks where lesions are."""

import json

import numpy as np

from retia.records import read_cases
from retia.students.student import load_student
from retia.tuning.tower_data import read_tower_data, read_truth


def test_maps_are_the_cover_of_each_cell(toy, tuned):
    cases = read_cases(toy / "cohort")[:2]
    truth = read_truth(cases)
    data = read_tower_data(cases, toy / "cohort", load_student(tuned), truth)
    maps = data.maps.astype(float)
    assert truth.maps == ("capillary_dropout", "faz")
    assert maps.shape == (2, 2, 16, 16)
    assert maps[0].sum() == 0
    disc_px = np.pi * 12**2
    assert maps[1, 0].sum() * (64 / 16) ** 2 == np.clip(
        maps[1, 0].sum() * 16, 0.9 * disc_px, 1.1 * disc_px
    )
    assert data.labels["stage"].tolist() == [0, 1]
    assert data.counts[:, 0].tolist() == [0, 1]
    # Nobody drew a FAZ: that map teaches nothing.
    assert data.maps_known.tolist() == [[True, False], [True, False]]


def test_a_box_stands_in_for_a_missing_mask(toy, tuned, tmp_path):
    from dataclasses import replace

    case = read_cases(toy / "cohort")[1]
    finding = replace(case.findings[0], id="other", mask=None)
    cases = [replace(case, findings=(finding,))]
    data = read_tower_data(cases, toy / "cohort", load_student(tuned), read_truth(cases))
    maps = data.maps[0, 0].astype(float)
    x0, y0, x1, y1 = finding.box_px
    assert abs(maps.sum() * 16 - (x1 - x0) * (y1 - y0)) < 1


def test_the_tower_finds_held_out_discs(tuned):
    rows = [json.loads(line) for line in (tuned / "metrics.jsonl").read_text().splitlines()]
    last = [r for r in rows if r["part"] == "tower"][-1]
    assert last["stage_accuracy"] >= 0.8
    assert last["f1_capillary_dropout"] > 0.5


def test_what_another_modality_looked_for_is_unknown(toy, tuned):
    """A frame says nothing about dropout, an eye nothing about instruments or phases."""
    from retia.records import Case, Finding

    eye = read_cases(toy / "cohort")[1]
    hook = Finding(id="f1", kind="hook", source="annotation", attributes={"target": "gallbladder"})
    frames = [
        Case(
            file_name=eye.file_name,
            id=f"frame-{phase}",
            group="video",
            modality="cholecystectomy",
            findings=(hook,) if phase == "dissection" else (),
            looked_for=("hook",),
            labels={"phase": phase},
        )
        for phase in ("dissection", "packaging")
    ]
    cases = [eye, *frames]
    truth = read_truth(cases)
    assert truth.counted == ("capillary_dropout", "hook", "target=gallbladder")
    assert truth.labels["phase"] == ("dissection", "packaging")
    data = read_tower_data(cases, toy / "cohort", load_student(tuned), truth)
    assert data.counts_known.tolist() == [[True, False, False]] + 2 * [[False, True, True]]
    assert data.counts[1].tolist() == [0, 1, 1]
    assert data.labels["phase"].tolist() == [-1, 0, 1]
    assert data.labels["stage"].tolist() == [1, -1, -1]
    assert data.turnable.tolist() == [True, False, False]
