"""Planted short cuts are found; where there is none, none is claimed."""

from dataclasses import replace

import numpy as np
import pytest

from retia.errors import UserError
from retia.evaluation.plan.items import Item, Plan, stage_items
from retia.evaluation.plan.lettering import Lettering
from retia.evaluation.plan.shortcuts import find_shortcuts, statistics_of
from retia.evaluation.report.contamination_report import add_shortcuts
from retia.figures import Report
from retia.records import Case, Gold
from retia.taxonomy import STAGES

SETTINGS = {"resamples": 200, "level": 0.95, "seed": 0}
SIDE = 160


def eye(number, split):
    return Case(
        file_name=f"images/{number}.png",
        id=f"{split}-{number}",
        group=f"{split}-{number // 2}",
        modality="octa",
        split=split,
        stage=STAGES[number // 2 % len(STAGES)],
    )


def texture(case, brighter=0.0):
    """Noise of its own; `brighter` a stage."""
    rng = np.random.default_rng([case.split == "test", int(case.id.split("-")[1])])
    noise = rng.normal(90, 12, (SIDE, SIDE)) + brighter * STAGES.index(case.stage)
    return np.clip(noise, 0, 255).astype(np.uint8)


def letters(picture, x=100, y=20):
    """Burn `PDR` in."""
    import cv2

    return cv2.putText(picture.copy(), "PDR 3", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1)


def plan_of(train=60, test=60, **more):
    pool = [eye(n, "train") for n in range(train)] + [eye(n, "test") for n in range(test)]
    held_out = [case for case in pool if case.split == "test"]
    plan = Plan(stage=stage_items(held_out), questions={}, training={}, cases=held_out, pool=pool)
    return replace(plan, **more)


def test_brightness_that_tells_the_stage_is_found():
    found = find_shortcuts(plan_of(), lambda c: texture(c, 6.0), SETTINGS)
    own = found.trivial["octa: stage"]
    assert own.chance == pytest.approx(1 / 3)
    assert own.balanced.estimate > 0.95
    assert own.found is True
    assert own.gap.low > 0
    assert own.balanced.groups == 30
    assert len(own.rows) == 60
    assert "can be had without its evidence" in found.lines()[0]


def test_noise_tells_nothing():
    found = find_shortcuts(plan_of(), texture, SETTINGS)
    own = found.trivial["octa: stage"]
    assert own.found is False
    assert own.balanced.covers(1 / 3)
    assert found.lines()[0].endswith("no short cut was found")
    assert found.lines()[-1] == "no burnt-in text was found in 4 sets of pictures"


def test_nothing_is_claimed_of_text_that_was_not_looked_for():
    found = find_shortcuts(plan_of(train=0, test=6), texture, SETTINGS)
    assert not any("no burnt-in text" in line for line in found.lines())
    report = Report("x")
    add_shortcuts(report, found)
    assert "burnt-in text was not looked for" in "".join(report.parts)


def test_closed_questions_of_a_kind_are_tested_and_open_ones_are_not():
    def asked(cases):
        return [
            Item(case=c, question="Bright?", question_kind=kind, gold=gold)
            for c in cases
            for kind, gold in (
                ("presence", Gold(type="yes_no", value="yes" if c.stage == "pdr" else "no")),
                ("place", Gold(type="text", value=str(c.stage))),
            )
        ]

    plan = plan_of()
    train = [c for c in plan.pool if c.split == "train"]
    plan = replace(
        plan, stage=[], questions={"octa": asked(plan.cases)}, training={"octa": asked(train)}
    )
    found = find_shortcuts(plan, lambda c: texture(c, 6.0), SETTINGS)
    assert set(found.trivial) == {"octa: presence"}
    own = found.trivial["octa: presence"]
    assert own.majority.estimate == pytest.approx(2 / 3)
    assert own.balanced.estimate > 0.9
    assert {row.usual for row in own.rows} == {"no"}


def test_groups_of_the_test_are_never_learned_from():
    plan = plan_of()
    # The same patients on both sides: nothing is left to learn from.
    pool = [replace(c, group=c.group.replace("train", "test")) for c in plan.pool]
    found = find_shortcuts(replace(plan, pool=pool), lambda c: texture(c, 6.0), SETTINGS)
    own = found.trivial["octa: stage"]
    assert own.trained == 0
    assert own.found is None
    assert "0 training answers" in found.lines()[0]


def test_a_training_with_one_answer_teaches_nothing():
    plan = plan_of()
    pool = [replace(c, stage="pdr") if c.split == "train" else c for c in plan.pool]
    found = find_shortcuts(replace(plan, pool=pool), texture, SETTINGS)
    assert found.trivial["octa: stage"].unmeasured == "the training has a single answer"


def test_pictures_that_cannot_be_read_stay_in_the_denominator():
    def load(case):
        if case.id == "test-3":
            raise UserError("test-3 is damaged.")
        return texture(case, 6.0)

    found = find_shortcuts(plan_of(), load, SETTINGS)
    assert found.unreadable == {"test-3": "test-3 is damaged."}
    assert len(found.trivial["octa: stage"].rows) == 60
    assert found.looked == 119


def test_letters_on_every_picture_are_found_and_tell_nothing():
    found = find_shortcuts(plan_of(train=0, test=48), lambda c: letters(texture(c)), SETTINGS)
    together = found.lettering[0]
    assert together.label is None
    assert together.pictures == 48
    (box,) = together.boxes_px
    assert 90 <= box[0] <= 101
    assert box[1] <= 12
    assert box[3] >= 20
    assert not any(row.telling_px for row in found.lettering)


def test_letters_on_one_stage_tell_it():
    def load(case):
        return letters(texture(case)) if case.stage == "pdr" else texture(case)

    found = find_shortcuts(plan_of(train=0, test=48), load, SETTINGS)
    telling = [row for row in found.lettering if row.telling_px]
    assert [row.label for row in telling] == ["pdr"]
    assert any("may tell the label" in line for line in found.lines())
    report = Report("x")
    add_shortcuts(report, found)
    assert "burnt-in text may tell pdr" in "".join(report.parts)


def test_frames_of_a_video_are_one_set_and_few_pictures_are_not_judged():
    lettering = Lettering()
    for n in range(8):
        for video in ("a", "b"):
            if video == "b" and n > 3:
                continue
            case = replace(eye(n, "test"), group=video, time_s=float(n), modality="surgery")
            lettering.look(case, "phase", letters(np.stack([texture(case)] * 3, axis=-1)))
    rows = {row.video: row for row in lettering.rows()}
    assert len(rows["a"].boxes_px) == 1
    assert rows["b"].boxes_px == ()
    assert rows["b"].unmeasured == "fewer than 8 pictures of one size"


def test_statistics_are_those_of_the_staging_baseline(tmp_path):
    from PIL import Image

    from retia.staging.eyes import look

    case = eye(0, "test")
    (tmp_path / "images").mkdir()
    Image.fromarray(texture(case)).save(tmp_path / case.file_name)
    assert np.allclose(statistics_of(texture(case)), look(tmp_path, case)[0])
    colour = np.stack([texture(case)] * 3, axis=-1)
    assert np.allclose(statistics_of(colour), statistics_of(texture(case)), atol=1e-2)


def test_the_section_names_every_target_and_the_question_alone():
    from retia.statistics import ratio_interval

    found = find_shortcuts(plan_of(), lambda c: texture(c, 6.0), SETTINGS)
    half = ratio_interval([1.0, 0.0], [1, 1], ["a", "b"])
    report = Report("x")
    add_shortcuts(report, found, {"octa": {"stage": {"question_only": half, "accuracy": half}}})
    page = "".join(report.parts)
    assert "Nine numbers of the picture beat chance in 1 of 1 targets" in page
    assert "0.500" in page
    assert "None" not in page
