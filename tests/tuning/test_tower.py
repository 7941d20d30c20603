"""The tower learns from masks where lesions are."""

import json

import numpy as np

from retia.records import read_cases
from retia.students.student import load_student
from retia.tuning.tower import MAPS, read_eyes


def test_maps_are_the_cover_of_each_cell(toy, tuned):
    cases = read_cases(toy / "cohort")[:2]
    eyes = read_eyes(cases, toy / "cohort", load_student(tuned))
    maps = eyes.maps.astype(float)
    assert maps.shape == (2, len(MAPS), 16, 16)
    assert maps[0].sum() == 0
    disc_px = np.pi * 12**2
    assert maps[1, 0].sum() * (64 / 16) ** 2 == np.clip(
        maps[1, 0].sum() * 16, 0.9 * disc_px, 1.1 * disc_px
    )
    assert eyes.stages.tolist() == [0, 1]
    assert eyes.counts[:, 0].tolist() == [0, 1]


def test_a_box_stands_in_for_a_missing_mask(toy, tuned, tmp_path):
    from dataclasses import replace

    case = read_cases(toy / "cohort")[1]
    finding = replace(case.findings[0], id="other", mask=None)
    cases = [replace(case, findings=(finding,))]
    maps = read_eyes(cases, toy / "cohort", load_student(tuned)).maps[0, 0].astype(float)
    x0, y0, x1, y1 = finding.box_px
    assert abs(maps.sum() * 16 - (x1 - x0) * (y1 - y0)) < 1


def test_the_tower_finds_held_out_discs(tuned):
    rows = [json.loads(line) for line in (tuned / "metrics.jsonl").read_text().splitlines()]
    last = [r for r in rows if r["part"] == "tower"][-1]
    assert last["stage_accuracy"] >= 0.8
    assert last["f1_capillary_dropout"] > 0.5
