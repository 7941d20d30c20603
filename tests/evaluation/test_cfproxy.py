"""The source's protocol on worlds whose truth is known: what must move moves, nothing else does."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from worlds import as_json, turn

from retia.evaluation import EvaluateConfig
from retia.evaluation.answers.scores import read_answer
from retia.evaluation.cfproxy.conventions import collapsed, right_by, same_first_character
from retia.evaluation.cfproxy.regions import choose_region
from retia.evaluation.cfproxy.run import run_cfproxy
from retia.evaluation.cfproxy.settings import CfproxySettings
from retia.evaluation.cfproxy.tables import SOURCE_FIELDS
from retia.evaluation.cfproxy.write import write_cfproxy
from retia.evaluation.plan.items import Item
from retia.evaluation.plan.protocols import PROTOCOLS, ask_as
from retia.evaluation.predictors.predictor import Predictor, Said
from retia.instructions.turn import AS_JSON
from retia.records import Case, Gold, Sample, write_cases, write_samples
from retia.records.jsonl import iterate_jsonl

SIDE_PX = 64
LESION_PX = 10
GROUND, LESION = 90, 250


def place(number):
    """Where the lesion of a picture lies, `[x0, y0, x1, y1]`; never in the corner."""
    x, y = 12 + 7 * number % 40, 12 + 11 * number % 40
    return float(x), float(y), float(x + LESION_PX), float(y + LESION_PX)


def world(folder, count=24, annotated=False):
    """Pictures, every second one with a bright lesion; a corner pixel tells the truth as well.

    `annotated`: the turns say where it is.
    """
    cases, samples = [], []
    for split in ("train", "test"):
        for number in range(count):
            ill = number % 2 == 0
            pixels = np.full((SIDE_PX, SIDE_PX), GROUND, np.uint8)
            x0, y0, x1, y1 = (int(e) for e in place(number))
            pixels[y0:y1, x0:x1] = LESION if ill else GROUND + 20
            pixels[0, 0] = LESION if ill else 40
            case = Case(
                file_name=f"images/{split}{number:02d}.png",
                id=f"{split}-{number:02d}",
                group=f"patient-{split}-{number // 2 if number < 4 else number:03d}",
                split=split,
                modality="radiology",
            )
            path = folder / case.file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
            gold = Gold(type="yes_no", value="yes" if ill else "no")
            told = as_json(str(gold.value))
            asked = turn(f"Is there a lesion?{AS_JSON}", told, "presence", gold, True)
            if annotated:
                asked = (asked[0], replace(asked[1], roi_px=place(number)))
            cases.append(case)
            samples.append(
                Sample(
                    id=f"{case.id}-stage1",
                    case=case.id,
                    group=case.group,
                    images=(case.file_name,),
                    messages=asked,
                    stage="stage1",
                    split=split,
                    modality="radiology",
                )
            )
    write_cases(folder, cases)
    write_samples(folder, samples)
    return folder


def grey_of_lesion(image):
    """Brightest pixel that is not the corner."""
    grey = (image if image.ndim == 2 else image.max(axis=2)).copy()
    grey[0, 0] = 0
    return int(grey.max())


def bright_box(image):
    """Box around what stands out of the ground, wide enough to be shrunk."""
    grey = (image if image.ndim == 2 else image.max(axis=2)).astype(int)
    grey[0, 0] = GROUND
    rows, columns = np.nonzero(grey > GROUND + 5)
    if not len(rows):
        return (0, 0, SIDE_PX, SIDE_PX)
    return (columns.min() - 2, rows.min() - 2, columns.max() + 3, rows.max() + 3)


def looks(image):
    """Evidence for "yes" of a student that looks at the lesion."""
    return (grey_of_lesion(image) - 180) / 10


def corner(image):
    """Evidence for "yes" of a student that reads the corner."""
    return (int(np.max(image[0, 0])) - 180) / 10


def student(evidence, scores=True, boxes=True):
    """A student that answers by its evidence, says where the bright thing is, and can score."""

    def answer(images, questions):
        said = []
        for image, question in zip(images, questions, strict=True):
            word = "yes" if evidence(image) > 0 else "no"
            told = {"caption": "a lesion there", "reasoning": [], "answer": word}
            if boxes and "lesion" in question:
                told["boxes"] = [[int(e) for e in bright_box(image)]]
            said.append(Said(text=json.dumps(told)))
        return said

    def score(images, questions, answers):
        return [
            float(-np.logaddexp(0, -evidence(image) * (1 if '"yes"' in text else -1)))
            for image, text in zip(images, answers, strict=True)
        ]

    return Predictor(name="planted", answer=answer, score=score if scores else None)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return world(tmp_path_factory.mktemp("cfproxy"))


@pytest.fixture(scope="module")
def annotated(tmp_path_factory):
    return world(tmp_path_factory.mktemp("annotated"), annotated=True)


def config(samples, tmp_path, **more):
    return EvaluateConfig(samples=samples, out=tmp_path / "audit", resamples=200, **more)


def test_deltas_tell_the_student_that_looks_from_the_one_that_reads_the_corner(pictures, tmp_path):
    faithful = run_cfproxy(config(pictures, tmp_path), student(looks))
    cheat = run_cfproxy(config(pictures, tmp_path), student(corner))
    for found in (faithful, cheat):
        assert found.prompts["own"]["strict"].estimate == 1.0
    assert faithful.effects["model"]["right"]["effect"].low > 0
    assert abs(cheat.effects["model"]["all"]["effect"].estimate) < 1e-12
    # A lesion that is removed makes "yes" a "no"; where none was, nothing changes.
    assert faithful.flips["model"]["roi"].estimate == 0.5
    assert faithful.flips["model"]["rand"].estimate == 0.0
    assert faithful.flips["model"]["noise"].estimate == 0.0
    assert faithful.flips["model"]["roi_alone"] == 12
    assert faithful.flips["model"]["p"] == pytest.approx(2 * 0.5**12)
    assert cheat.flips["model"]["p"] is None
    assert "0 items flip" in cheat.flips["model"]["note"]


def test_deltas_are_those_of_the_scorer_on_the_very_images(annotated, tmp_path):
    found = run_cfproxy(config(annotated, tmp_path), student(looks), CfproxySettings(fill="mean"))
    row = next(r for r in found.rows if r.reply.item.gold.value == "yes")
    assert row.region_source == "annotated"
    assert row.box_px == row.reply.item.roi_px

    def sure(grey):
        return -np.log1p(np.exp(-(grey - 180) / 10))

    # Mean of the rest: the ground, but for one corner pixel of 4,096.
    assert row.delta_roi == pytest.approx(sure(LESION) - sure(GROUND), rel=1e-6)
    assert row.delta_rand == 0.0


def test_without_scores_deltas_are_flips_and_say_so(pictures, tmp_path):
    found = run_cfproxy(config(pictures, tmp_path), student(looks, scores=False))
    assert found.counts["delta_kinds"] == {"flip": 24}
    for row in found.rows:
        assert row.delta_roi == float(row.flips.roi) == float(row.reply.item.gold.value == "yes")
        assert row.delta_rand == 0.0


def test_every_question_has_a_row_and_every_absence_a_reason(pictures, tmp_path):
    found = run_cfproxy(config(pictures, tmp_path), student(looks, boxes=False))
    assert len(found.rows) == 24
    assert found.unmeasured == {"no box in the reply": 24}
    assert found.effects == {}
    assert found.prompts["own"]["box"] == 0.0


def test_a_reply_that_cannot_be_read_is_dropped_by_the_source_and_wrong_here(pictures, tmp_path):
    knows = student(looks)

    def answer(images, questions):
        said = knows.answer(images, questions)
        return [Said(text="yes") if n % 4 == 0 else s for n, s in enumerate(said)]

    found = run_cfproxy(config(pictures, tmp_path), Predictor(name="half", answer=answer))
    own = found.prompts["own"]
    assert own["parsed"] == 0.75
    assert (own["strict"].estimate, own["source"].estimate) == (0.75, 0.75)
    assert own["source_parsed_only"].estimate == 1.0
    assert found.unmeasured["the reply cannot be read"] == 6


def test_a_lost_reply_is_no_flip_and_no_answer(pictures, tmp_path):
    knows = student(looks, scores=False)
    seen = []

    def answer(images, questions):
        said = knows.answer(images, questions)
        # Only images that were changed: those of the questions themselves come first.
        seen.extend(images)
        if len(seen) > 3 * 24:
            return [Said(text="", trouble="rate_limited: 429") for _ in said]
        return said

    found = run_cfproxy(config(pictures, tmp_path), Predictor(name="lost", answer=answer))
    assert found.unmeasured == {"no reply about a changed image": 24}
    assert all(row.flips is None and row.delta_roi is None for row in found.rows)
    assert found.prompts["own"]["strict"].estimate == 1.0


def test_an_image_that_is_missing_is_named_and_wrong(tmp_path):
    folder = world(tmp_path / "world", count=12)
    (folder / "images" / "test03.png").unlink()
    found = run_cfproxy(config(folder, tmp_path), student(looks))
    assert found.counts["no_reply"] == 1
    assert found.prompts["own"]["strict"].estimate == pytest.approx(11 / 12)
    row = next(r for r in found.rows if r.reply.item.case.id == "test-03")
    assert row.reply.trouble.startswith("no image")
    assert row.unmeasured == "no reply"


def test_same_seed_same_bytes_and_the_source_fields_come_first(pictures, tmp_path):
    for name in ("first", "second"):
        found = run_cfproxy(config(pictures, tmp_path, limit=12), student(looks))
        write_cfproxy(found, tmp_path / name)
    for name in ("cfproxy.jsonl", "cfproxy.csv", "cfproxy.json", "cfproxy_replies.jsonl"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    rows = [row for _, row in iterate_jsonl(tmp_path / "first" / "cfproxy.jsonl")]
    assert len(rows) == 12
    assert all(tuple(row)[: len(SOURCE_FIELDS)] == SOURCE_FIELDS for row in rows)
    assert all(Path(row["image_path"]).is_file() for row in rows)
    table = list(csv.DictReader((tmp_path / "first" / "cfproxy.csv").read_text().splitlines()))
    assert [float(r["delta_cf_roi"]) for r in table] == [r["delta_cf_roi"] for r in rows]
    replies = (tmp_path / "first" / "cfproxy_replies.jsonl").read_text().splitlines()
    assert len(replies) == len(PROTOCOLS) * 12


def test_the_page_says_what_was_left_out(pictures, tmp_path):
    found = run_cfproxy(config(pictures, tmp_path), student(looks, boxes=False))
    write_cfproxy(found, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "no box in the reply" in page
    assert "nothing is measured" in page
    found = run_cfproxy(config(pictures, tmp_path), student(looks))
    write_cfproxy(found, tmp_path, examples=2)
    page = (tmp_path / "report.html").read_text()
    assert page.count("data:image/") == 2
    assert "caption→reason→answer" in page


def test_thresholds_keep_what_repeats_the_question(pictures, tmp_path):
    found = run_cfproxy(config(pictures, tmp_path), student(looks))
    whole, *others = found.thresholds
    assert (whole["threshold"], whole["coverage"].estimate) == (0.0, 1.0)
    assert [row["threshold"] for row in others] == [0.3, 0.4, 0.5, 0.6]
    covered = [row["coverage"].estimate for row in found.thresholds]
    assert covered == sorted(covered, reverse=True)
    assert found.ordering["aurc"] == found.ordering["random_aurc"] == 0.0


def item(gold, **more):
    case = Case(file_name="a.png", id="a", group="a", modality="radiology")
    more = {"question": f"Which?{AS_JSON}", "structured": True} | more
    return Item(case=case, question_kind="any", gold=gold, **more)


@pytest.mark.parametrize(
    ("said", "gold", "kind", "strict", "source", "first"),
    [
        ("Yes.", "yes", "yes_no", True, True, True),
        ("yellow", "yes", "yes_no", False, True, True),
        ("nodule", "no", "yes_no", False, True, True),
        ("MRI", "mass", "text", False, False, True),
        ("Left lobe.", "left lobe", "text", True, True, True),
        ("the left lobe", "left lobe", "text", True, False, False),
        ("normal", "nodule", "text", False, True, True),
        ("right", "left", "text", False, False, False),
    ],
)
def test_three_conventions_by_hand(said, gold, kind, strict, source, first):
    row = read_answer(item(Gold(type=kind, value=gold)), as_json(said))
    expected = {"strict": strict, "source": source, "first_character": first}
    assert right_by(row) == expected


def test_collapsed_words_and_first_characters():
    assert collapsed("Yes, it is!") == collapsed("YEAH") == "yes"
    assert collapsed("None") == "no"
    assert collapsed("CT, axial") == "ct axial"
    assert collapsed("") == ""
    assert same_first_character("", "")
    assert not same_first_character("", "yes")


@pytest.mark.parametrize(
    ("text", "roi", "source", "expected"),
    [
        ("{}", None, None, "the reply cannot be read"),
        (as_json("yes"), None, None, "no box in the reply"),
        (as_json("yes"), None, "annotated", "no annotated region"),
        ('{"answer": "yes", "boxes": [[0, 0, 100, 71]]}', None, None, "more than 70%"),
        ('{"answer": "yes", "boxes": [[200, 0, 300, 50]]}', None, None, "holds no pixel"),
        ('{"answer": "yes", "boxes": [[50, 50, 40, 40]]}', None, None, "holds no pixel"),
    ],
)
def test_regions_that_cannot_be_used_have_a_reason(text, roi, source, expected):
    gold = Gold(type="yes_no", value="yes")
    found = choose_region(item(gold, roi_px=roi), text, (100, 100), CfproxySettings(region=source))
    assert isinstance(found, str)
    assert expected in found


def test_own_boxes_shrink_by_a_fifth_and_annotated_ones_stay():
    gold = Gold(type="yes_no", value="yes")
    text = '{"answer": "yes", "boxes": [[10, 20, 60, 40]]}'
    own = choose_region(item(gold), text, (100, 100), CfproxySettings())
    assert (own.source, own.box_px) == ("model", (15.0, 22.0, 55.0, 38.0))
    both = item(gold, roi_px=(10.0, 20.0, 60.0, 40.0))
    assert choose_region(both, text, (100, 100), CfproxySettings()).box_px == (
        10.0,
        20.0,
        60.0,
        40.0,
    )
    assert choose_region(both, text, (100, 100), CfproxySettings()).source == "annotated"
    assert choose_region(both, text, (100, 100), CfproxySettings(region="model")).source == "model"


def test_wordings_ask_the_same_in_three_ways():
    gold = Gold(type="yes_no", value="yes")
    asked = {name: ask_as(item(gold), name) for name in PROTOCOLS}
    assert len(set(asked.values())) == 3
    assert all(text.startswith("Which?") and "JSON" in text for text in asked.values())
    assert asked["own"] == f"Which?{AS_JSON}"
    assert AS_JSON not in asked["answer_only"] + asked["caption_reason"]
    assert '"boxes"' in asked["caption_reason"]
    assert '"boxes"' not in asked["answer_only"]
    keys = [asked["caption_reason"].index(f'"{k}"') for k in ("caption", "reasoning", "answer")]
    assert keys == sorted(keys)
    plain = ask_as(item(gold, question="Which?", structured=False), "own")
    assert plain == asked["own"]
