"""Grown eyes: exact twins, findings that vanish from the text, and the page about it all."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from retia.evaluation.answers.predictions import Prediction
from retia.evaluation.audit import plain as as_plain
from retia.evaluation.faithfulness import (
    StudyConfig,
    faithfulness_numbers,
    make_probes,
    study,
    write_rows,
    write_table,
)
from retia.evaluation.faithfulness.effect_numbers import sign_flip_p
from retia.evaluation.faithfulness.numbers import twin_verdict, verdict
from retia.evaluation.plan.items import stage_items
from retia.evaluation.predictors.predictor import Predictor, Said
from retia.evaluation.report.faithfulness_report import add_faithfulness
from retia.figures import Report, write_png
from retia.images import read_image
from retia.images.image import write_mask
from retia.records import Case, Finding
from retia.records.jsonl import iterate_jsonl

SIDE = 96
SETTINGS = {"resamples": 300, "level": 0.95, "seed": 1}
CONFIG = StudyConfig(seed=1)
TUFT, DROPOUT = (20, 24, 34, 36), (60, 56, 74, 70)
COUNT = 12


def ground(number):
    return np.random.default_rng(number).integers(80, 140, (SIDE, SIDE)).astype(np.uint8)


def block(box):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def finding(name, kind, box, case):
    return Finding(
        id=name, kind=kind, source="simulator", box_px=box, mask=f"lesions/{case}/{name}.png"
    )


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Eyes with a bright tuft and a dark dropout, with a twin for each, laid out as grown."""
    folder = tmp_path_factory.mktemp("cohort")
    cases = []
    for name in ("images", "twins/images", "twins/influence"):
        (folder / name).mkdir(parents=True)
    for number in range(COUNT):
        id = f"{number:06d}"
        (folder / "lesions" / id).mkdir(parents=True)
        healthy, image = ground(number), ground(number)
        image[block(TUFT)], image[block(DROPOUT)] = 250, 15
        write_png(folder / f"images/{id}.png", image)
        found = []
        for name, kind, box in (
            ("f1", "neovascularization", TUFT),
            ("f2", "capillary_dropout", DROPOUT),
        ):
            mask, twin = block(box), image.copy()
            twin[mask] = healthy[mask]
            write_mask(folder / f"lesions/{id}/{name}.png", mask)
            write_png(folder / f"twins/images/{id}-without-{name}.png", twin)
            write_mask(folder / f"twins/influence/{id}-without-{name}.png", mask)
            found.append(finding(name, kind, box, id))
        cases.append(
            Case(
                file_name=f"images/{id}.png",
                id=id,
                group=f"patient-{number}",
                modality="octa",
                stage="pdr",
                findings=tuple(found),
                looked_for=("neovascularization", "capillary_dropout"),
            )
        )
    return folder, cases


def told(image):
    """What a model says that sees both."""
    seen = []
    if (image > 245).sum() > 60:
        seen.append("Neovascularization is seen.")
    if (image < 20).sum() > 60:
        seen.append("Capillary dropout is seen.")
    stage = "PDR" if "Neo" in str(seen) else "NPDR" if seen else "Healthy"
    reasons = ", ".join(f'"{text}"' for text in seen)
    return f'{{"caption": "An eye.", "reasoning": [{reasons}], "answer": "{stage}"}}'


def parrot(image):
    """What a model says that sees nothing."""
    return told(np.where(block(TUFT), 250, np.where(block(DROPOUT), 15, 100)))


def speaker(say):
    def score(images, questions, answers):
        return [0.0 if say(i) == a else -1.0 for i, a in zip(images, answers, strict=True)]

    def answer(images, questions):
        return [Said(text=say(image)) for image in images]

    return Predictor(name="planted", answer=answer, score=score)


def studied(cohort, say, cases=None):
    folder, every = cohort
    items = stage_items(every if cases is None else cases)
    load = lambda case: read_image(folder / case.file_name).pixels  # noqa: E731
    answered = [
        (item, Prediction(case=item.case.id, question=item.question, text=say(load(item.case))))
        for item in items
    ]
    probes, reasons = make_probes(answered, folder, load)
    rows = study(probes, speaker(say), CONFIG)
    return rows, faithfulness_numbers(rows, SETTINGS, reasons), load


@pytest.fixture(scope="module")
def faithful(cohort):
    return studied(cohort, told)


def test_twins_are_exact_and_stand_in_rows_of_their_own(faithful):
    _, found, _ = faithful
    whole, kinds = found.part("simulator"), found.part("simulator", "kind")
    assert [own.fill for own in whole.effects] == sorted(CONFIG.fills)
    assert [own.fill for own in kinds.effects] == ["other twin", "twin"]
    assert (whole.probes, kinds.probes) == (COUNT, 2 * COUNT)
    twin = kinds.effects[1]
    # Without either finding the answer is no longer said word by word: it loses 1 nat.
    assert twin.delta_roi.estimate == 1.0
    assert twin.delta_random.estimate == 0.0
    assert twin.effect.low == twin.effect.high == 1.0
    # The twin that lacks the other finding costs as much: nothing is left beyond it.
    assert kinds.effects[0].effect.estimate == 0.0
    assert found.rests is True
    assert "rests on the lesions" in verdict(whole)
    assert "twins agree" in twin_verdict(found)


def test_the_region_of_the_stage_is_all_findings(faithful, cohort):
    rows, _, _ = faithful
    whole = [row.probe.region for row in rows if row.probe.region.scope == "answer"]
    for region in whole:
        np.testing.assert_array_equal(region.mask, block(TUFT) | block(DROPOUT))
        assert region.kinds == ("neovascularization", "capillary_dropout")
        assert region.twin is None


def test_removed_findings_vanish_from_a_faithful_text(faithful):
    named = faithful[1].part("simulator", "kind").named
    assert named.named == named.others == 2 * COUNT
    assert named.vanished.estimate == 1.0
    assert named.vanished_random.estimate == named.others_vanished.estimate == 0.0
    assert named.advantage.low == 1.0
    assert named.enough
    assert (named.not_named, named.unanswered) == (0, 0)


def test_all_numbers_are_plain_json(faithful):
    plain = json.loads(json.dumps(as_plain(faithful[1]), allow_nan=False))
    assert plain["parts"][0]["effects"][0]["effect"]["groups"] == COUNT
    summary = json.loads(json.dumps(as_plain(faithful[1].summary()), allow_nan=False))
    assert summary["rests_on_the_region"] is True


def test_they_stay_in_the_text_of_a_parrot(cohort):
    _, found, _ = studied(cohort, parrot)
    named = found.part("simulator", "kind").named
    assert named.vanished.estimate == named.advantage.estimate == 0.0
    assert found.rests is False
    assert "show no effect" in twin_verdict(found)
    assert all(own.effect.estimate == 0 for part in found.parts for own in part.effects)


def test_flips_without_the_twin_by_hand(faithful):
    by_fill = {own.fill: own for own in faithful[1].part("simulator", "kind").flips}
    # Without the tuft the stage is NPDR; without the dropout it stays PDR.
    assert by_fill["twin"].removed.estimate == 0.5
    test = by_fill["twin"].test
    assert (test.only_first, test.only_second) == (COUNT, 0)
    assert test.p == pytest.approx(2 / 2**COUNT)
    assert by_fill["twin"].again.estimate is None


def test_an_image_drawn_anew_has_no_twin(cohort, tmp_path):
    """Its twins are of other pixels; the main fill takes their place."""
    folder, cases = cohort
    changed = read_image(folder / cases[0].file_name).pixels.copy()
    changed[0] ^= 1
    item = stage_items(cases[:1])[0]
    said = Prediction(case=item.case.id, question=item.question, text=told(changed))
    probes, _ = make_probes([(item, said)], folder, lambda case: changed)
    rows = study(probes, speaker(told), CONFIG)
    kinds = [row.measured for row in rows if row.probe.region.scope == "kind"]
    assert [list(own.fills) for own in kinds] == [["inpaint"], ["inpaint"]]
    assert {own.asked for own in kinds} == {"inpaint"}


def test_healthy_eyes_and_findings_a_model_found_have_no_region(cohort):
    _, cases = cohort
    healthy = replace(cases[0], stage="healthy", findings=())
    seen = tuple(replace(f, source="attribution") for f in cases[1].findings)
    _, found, _ = studied(cohort, told, [healthy, replace(cases[1], findings=seen)])
    assert found.parts == ()
    assert found.left_out == {"no finding with a place: nothing to remove": 2}
    assert found.rests is None


def test_experts_findings_are_another_source(cohort):
    _, cases = cohort
    marked = tuple(replace(f, source="annotation") for f in cases[0].findings)
    _, found, _ = studied(cohort, told, [replace(cases[0], findings=marked), *cases[1:]])
    assert {(p.source, p.scope, p.probes) for p in found.parts} == {
        ("expert", "answer", 1),
        ("expert", "kind", 2),
        ("simulator", "answer", COUNT - 1),
        ("simulator", "kind", 2 * COUNT - 2),
    }


def test_the_page_shows_verdict_tables_and_examples(faithful, tmp_path):
    rows, found, load = faithful
    report = Report("An audit")
    add_faithfulness(report, found, rows, load, 2)
    report.write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    text = re.sub(r"<[^>]+>", " ", page)
    assert "The answer rests on the lesions" in text
    for words in ("other twin", "Dose and response", "invisible noise", "no longer named"):
        assert words in text
    assert page.count('<article class="shown">') == 4
    assert 'id="most-unfaithful"' in page
    assert "nan" not in text.lower().split()


def test_a_study_of_nothing_says_so(tmp_path):
    report = Report("An audit")
    found = faithfulness_numbers([], SETTINGS, {"no answer": 3})
    add_faithfulness(report, found, [], lambda case: ground(0), 2)
    report.write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "Not applicable: no answer has a region" in page
    assert "no answer" in page


def test_rows_are_written_with_what_they_are_about(faithful, tmp_path):
    rows, _, _ = faithful
    write_rows(tmp_path / "counterfactuals.jsonl", rows)
    lines = [line for _, line in iterate_jsonl(tmp_path / "counterfactuals.jsonl")]
    assert len(lines) == len(rows)
    assert lines[1]["box_px"] == list(DROPOUT)
    assert lines[1]["fills"]["twin"]["removed"] == -1.0
    assert {line["scope"] for line in lines} == {"answer", "kind"}
    write_table(tmp_path / "counterfactuals.csv", rows)
    with (tmp_path / "counterfactuals.csv").open() as file:
        table = list(csv.DictReader(file))
    # Three fills of all findings; the twin against tissue and against the other twin, twice.
    assert len(table) == COUNT * (3 + 2 * 2)
    twin = next(line for line in table if line["fill"] == "twin")
    assert (twin["delta_roi"], twin["effect"], twin["right"]) == ("1.0", "1.0", "True")


def test_sign_flips_against_all_of_them():
    """Of ten groups there are 1024 sign patterns: the exact p-value is counted."""
    rng = np.random.default_rng(2)
    values = rng.normal(0.3, 1, 30)
    groups = [f"g{i % 10}" for i in range(30)]
    sums = np.array([values[i::10].sum() for i in range(10)])
    signs = np.array(np.meshgrid(*[[-1, 1]] * 10)).reshape(10, -1)
    exact = np.mean(np.abs(sums @ signs) >= abs(sums.sum()) - 1e-9)
    assert sign_flip_p(values.tolist(), groups, 0) == pytest.approx(exact, abs=0.015)
    assert sign_flip_p(values.tolist(), ["one"] * 30, 0) is None
    assert sign_flip_p([1.0] * 20, [str(i) for i in range(20)], 0) == pytest.approx(1e-4, abs=1e-9)
