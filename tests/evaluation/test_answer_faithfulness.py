"""Planted scorers: only the one that reads the region is said to rest on it."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retia.counterfactuals import box_mask
from retia.errors import UserError
from retia.evaluation.answers.predictions import Prediction
from retia.evaluation.faithfulness import (
    StudyConfig,
    faithfulness_numbers,
    make_probes,
    study,
)
from retia.evaluation.faithfulness.numbers import verdict
from retia.evaluation.plan.items import Item
from retia.evaluation.predictors.predictor import Predictor, Said
from retia.records import Case, Gold

SIDE = 64
SETTINGS = {"resamples": 400, "level": 0.95, "seed": 1}
CONFIG = StudyConfig(seed=3, chunk=7)
COUNT = 24


def picture(number):
    """Textured ground with a lesion at its own place: bright when the answer is yes."""
    rng = np.random.default_rng(number)
    image = rng.integers(70, 130, (SIDE, SIDE)).astype(np.uint8)
    x, y = (int(v) for v in rng.integers(4, SIDE - 16, 2))
    image[y : y + 12, x : x + 12] = 235 if number % 2 else 190
    # A watermark that says the same as the lesion.
    image[:3, :3] = 255 if number % 2 else 10
    return image, (x, y, x + 12, y + 12)


def world(count=COUNT, group_size=2):
    """Items with their right answers, and the reader of their images."""
    answered, images = [], {}
    for number in range(count):
        image, box = picture(number)
        case = Case(
            file_name=f"images/{number}.png",
            id=f"case-{number:02d}",
            group=f"patient-{number // group_size}",
            modality="radiology",
        )
        value = "yes" if number % 2 else "no"
        item = Item(
            case=case,
            question="Is it bright?",
            question_kind="presence",
            gold=Gold(type="yes_no", value=value),
            roi_px=box,
        )
        images[case.id] = image
        answered.append((item, Prediction(case=case.id, question=item.question, text=value)))
    return answered, lambda case: images[case.id]


def predictor(read, name="planted"):
    """Says yes the more, the brighter what it reads."""

    def score(images, questions, answers):
        return [
            -abs(read(image) - (1.0 if answer == "yes" else 0.0))
            for image, answer in zip(images, answers, strict=True)
        ]

    def answer(images, questions):
        return [Said(text="yes" if read(image) > 0.5 else "no") for image in images]

    return Predictor(name=name, answer=answer, score=score)


def lesion(image):
    """Reads how bright the brightest 12 x 12 pixels are: 190 is no, 235 is yes."""
    import cv2

    return float(np.clip((cv2.blur(image[4:, 4:], (9, 9)).max() - 170.0) / 65, -2, 2))


def corner(image):
    return float(image[:3, :3].mean()) / 255


def ignorer(image):
    return 0.7


PLANTED = {"region": lesion, "corner": corner, "ignorer": ignorer}


NOWHERE = Path("no-such-folder")
"""No case of these has a mask or a twin on disk."""


def run(read, answered):
    load = world()[1]
    probes, reasons = make_probes(answered, NOWHERE, load)
    rows = study(probes, predictor(read), CONFIG)
    return rows, faithfulness_numbers(rows, SETTINGS, reasons)


@pytest.fixture(scope="module")
def planted():
    """Numbers of each planted predictor, measured once."""
    answered, load = world()
    probes, _ = make_probes(answered, NOWHERE, load)
    rows = {name: study(probes, predictor(read), CONFIG) for name, read in PLANTED.items()}
    return {name: (own, faithfulness_numbers(own, SETTINGS)) for name, own in rows.items()}


def test_only_the_reader_of_the_region_rests_on_it(planted):
    assert {name: found.rests for name, (_, found) in planted.items()} == {
        "region": True,
        "corner": False,
        "ignorer": False,
    }
    part = planted["region"][1].part("expert")
    assert {own.fill for own in part.effects} == set(CONFIG.fills)
    for own in part.effects:
        assert own.effect.low > 0.1
        assert own.p_holm <= 0.01
        assert own.items == own.all_items == COUNT
        assert own.groups == COUNT // 2
    assert "rests on the region" in verdict(part)
    assert "no evidence" in verdict(planted["corner"][1].part("expert"))


def test_who_ignores_the_image_has_no_effect_at_all(planted):
    _, found = planted["ignorer"]
    part = found.part("expert")
    for own in part.effects:
        assert own.effect.estimate == own.delta_roi.estimate == own.artefact.estimate == 0
        assert own.p == 1.0
    assert part.dose_rank.estimate == 0
    assert part.kept.advantage.estimate == 0
    assert part.noise_floor.estimate == part.again == 0
    (flips,) = part.flips
    # It says yes to everything: where the answer was no it "flips" under every image alike.
    assert flips.removed.estimate == flips.again.estimate == flips.random.estimate
    assert flips.test.discordant == 0


def test_scoring_the_same_image_again_changes_nothing(planted):
    assert all(found.part("expert").again == 0 for _, found in planted.values())


def test_more_removed_is_more_lost_and_the_region_alone_is_enough(planted):
    part = planted["region"][1].part("expert")
    means = [dose.delta_roi.estimate for dose in part.doses]
    assert [dose.share for dose in part.doses] == [0.25, 0.5, 0.75, 1.0]
    assert means == sorted(means)
    assert means[-1] > means[0]
    assert part.dose_rank.low > 0.5
    assert part.kept.advantage.low > 0
    assert abs(part.kept.delta_roi.estimate) < 0.1


def test_flips_follow_the_region(planted):
    _, found = planted["region"]
    (flips,) = found.part("expert").flips
    assert flips.again.estimate == flips.noise.estimate == 0
    # Without the lesion nothing is bright: yes becomes no, and no stays no.
    assert flips.removed.estimate == pytest.approx(0.5)
    assert flips.random.estimate == 0
    assert (flips.test.only_first, flips.test.only_second) == (COUNT // 2, 0)
    assert flips.test.p == pytest.approx(2 * 0.5 ** (COUNT // 2))
    assert flips.enough


def test_noise_has_no_effect():
    """A scorer that draws its scores by lot."""
    rng = np.random.default_rng(0)
    answered, load = world()
    probes, _ = make_probes(answered, NOWHERE, load)
    noisy = Predictor(
        name="noise",
        answer=lambda images, questions: [Said(text="yes") for _ in images],
        score=lambda images, questions, answers: rng.normal(size=len(images)).tolist(),
    )
    found = faithfulness_numbers(study(probes, noisy, CONFIG), SETTINGS)
    part = found.part("expert")
    assert found.rests is False
    assert all(own.p_holm > 0.05 for own in part.effects)
    assert part.again > 0.5


def test_the_order_of_items_changes_nothing():
    answered, _ = world()
    shuffled = random.Random(4).sample(answered, len(answered))
    rows, found = run(lesion, answered)
    others, again = run(lesion, shuffled)
    assert found == again
    assert {r.probe.key: r.measured for r in rows} == {r.probe.key: r.measured for r in others}


def test_a_run_that_was_killed_goes_on_and_ends_alike(tmp_path):
    answered, load = world()
    probes, _ = make_probes(answered, tmp_path, load)
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    expected = study(probes, predictor(lesion), CONFIG, whole)
    lines = whole.read_text().splitlines(keepends=True)
    killed.write_text("".join(lines[:10]) + lines[10][:30])
    calls = []

    def counting(image):
        calls.append(1)
        return lesion(image)

    assert study(probes, predictor(counting), CONFIG, killed) == expected
    first = len(calls)
    assert first > 0
    assert set(killed.read_text().splitlines()) == set(whole.read_text().splitlines())
    assert study(probes, predictor(counting), CONFIG, killed) == expected
    assert len(calls) == first
    # Another seed is another study.
    other = study(probes, predictor(counting), replace(CONFIG, seed=9), killed)
    assert other != expected


def test_without_scores_there_are_flips_alone():
    answered, load = world()
    probes, _ = make_probes(answered, NOWHERE, load)
    silent = replace(predictor(lesion), score=None)
    found = faithfulness_numbers(study(probes, silent, CONFIG), SETTINGS)
    part = found.part("expert")
    assert part.effects == ()
    assert part.judged == 0
    assert part.left_out == {"this predictor offers no scores": COUNT}
    assert found.rests is None
    assert "offers no scores" in verdict(part)
    assert part.flips[0].removed.estimate == pytest.approx(0.5)


def test_an_endpoint_that_fails_is_counted_and_asked_again(tmp_path):
    answered, load = world(8)
    probes, _ = make_probes(answered, tmp_path, load)

    def answer(images, questions):
        return [Said(text="", trouble="busy") for _ in images]

    store = tmp_path / "store.jsonl"
    rows = study(probes, replace(predictor(lesion), answer=answer), CONFIG, store)
    (flips,) = faithfulness_numbers(rows, SETTINGS).part("expert").flips
    assert (flips.items, flips.unanswered) == (0, 8)
    assert flips.removed.estimate is None
    assert len(store.read_text().splitlines()) == 1


def test_what_cannot_be_judged_is_counted_with_its_reason():
    answered, _ = world(6)
    (item, said), *_ = answered
    odd = [
        (replace(item, roi_px=None), said),
        (replace(item, roi_px=(0, 0, SIDE, SIDE)), said),
        (replace(item, roi_px=(100, 100, 120, 120)), said),
        (item, replace(said, text=" ")),
        (replace(item, roi_px=(0, 0, SIDE, SIDE - 8), question="Is it?"), said),
        (item, said),
    ]
    _, found = run(lesion, odd)
    assert found.left_out == {
        "annotated region: holds no pixel of the image": 1,
        "annotated region: is the whole image": 1,
        "no answer": 1,
        "the question has no region": 1,
    }
    part = found.part("expert")
    assert (part.probes, part.judged) == (2, 1)
    assert part.left_out == {"no room for random regions beside it": 1}
    # One group is no sample.
    assert found.rests is None
    assert "at least 10 groups" in verdict(part)


def test_the_models_own_box_never_shares_a_row():
    answered, _ = world(4)
    own = [
        (replace(item, structured=True), replace(said, text=text))
        for (item, said), text in zip(
            answered,
            ['{"caption": "a", "reasoning": [], "answer": "yes", "boxes": [[2, 2, 12, 12]]}'] * 4,
            strict=True,
        )
    ]
    rows, found = run(lesion, own)
    assert {(p.source, p.scope, p.probes) for p in found.parts} == {
        ("expert", "answer", 4),
        ("model", "answer", 4),
    }
    boxes = [r.probe.region.mask for r in rows if r.probe.region.source == "model"]
    assert all((mask == box_mask((2, 2, 12, 12), (SIDE, SIDE))).all() for mask in boxes)
    assert found.main.source == "expert"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regions": 4}, "5 or more random regions"),
        ({"main": "blur"}, "not among the fills"),
        ({"fills": ("blurr",), "main": "blurr"}, "Did you mean"),
        ({"doses": (0.5, 1.0)}, "above 0 and below 1"),
        ({"control_regions": 9}, "Expected 1 to 5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, message):
    with pytest.raises(UserError, match=message):
        study([], predictor(lesion), replace(CONFIG, **change))
