"""Planted overlap is found, whatever file hides it; what is new stays clean."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from worlds import sample, turn

from retia.errors import UserError
from retia.evaluation.plan.contamination import accuracy_by_contamination, find_contamination
from retia.evaluation.plan.fingerprints import fingerprint, look_alikes
from retia.evaluation.plan.items import make_plan
from retia.evaluation.report.contamination_report import add_contamination
from retia.figures import Report
from retia.records import Case, Gold, read_cases, read_samples, write_cases, write_samples

SETTINGS = {"resamples": 200, "level": 0.95, "seed": 0}


def scene(number, side=96):
    """A picture of its own: smooth random hills."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 255, (12, 12), dtype=np.uint8))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))


def case_of(name, split, **more):
    return Case(
        file_name=f"images/{name}.png",
        id=name,
        group=name,
        modality="radiology",
        split=split,
        **more,
    )


def world(folder, entries):
    """Write a folder of samples: (name, split, picture, [(question, answer)])."""
    (folder / "images").mkdir(parents=True)
    cases, samples = [], []
    for name, split, picture, asked in entries:
        case = case_of(name, split)
        Image.fromarray(picture).save(folder / case.file_name)
        turns = [
            turn(q, a, "any", Gold(type="text", value=a), first=not i)
            for i, (q, a) in enumerate(asked)
        ]
        cases.append(case)
        samples.append(sample(case, "stage2", turns))
    write_cases(folder, cases)
    write_samples(folder, samples)
    return folder


def found_in(folder, against=(), limit=None):
    cases, samples = read_cases(folder), read_samples(folder)
    held_out = [c for c in cases if c.split == "test"][:limit]
    plan = make_plan(samples, cases, held_out, 400, 0)
    return find_contamination(plan, samples, folder, against)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """12 test images: 3 are in the training, 2 nearly; some questions are known, too."""
    noise = np.random.default_rng(0).normal(0, 2, (96, 96))
    noisy = np.clip(scene(3) + noise, 0, 255).astype(np.uint8)
    larger = np.asarray(Image.fromarray(scene(4)).resize((120, 120), Image.Resampling.BICUBIC))
    copies = [np.stack([scene(0)] * 3, axis=-1), scene(1), scene(2), noisy, larger]
    training = [(f"a{n}", "train", p, [("Where is it?", "left")]) for n, p in enumerate(copies)]
    training[2] = ("a2", "validation", copies[2], [("What is it?", "a mass")])
    training += [(f"a{n}", "train", scene(50 + n), [("How?", "so")]) for n in range(5, 12)]
    tested = [(f"t{n}", "test", scene(n), [(f"New {n}?", "yes")]) for n in range(12)]
    tested[0] = ("t0", "test", scene(0), [("where IS it", "right")])
    tested[2] = ("t2", "test", scene(2), [("What is it?", "mass"), ("Where is it?", "left")])
    tested[9] = ("t9", "test", scene(9), [("Where is it?", "left")])
    return world(tmp_path_factory.mktemp("planted"), training + tested)


def test_same_and_near_images_are_found_and_no_others(planted):
    rows = {row.case: row for row in found_in(planted).images}
    assert {id: row.same for id, row in rows.items() if row.same} == {
        "t0": ("a0",),
        "t1": ("a1",),
        "t2": ("a2",),
    }
    assert {id: row.near for id, row in rows.items() if row.near} == {
        "t3": ("a3",),
        "t4": ("a4",),
    }
    assert len(rows) == 12


def test_questions_are_known_by_words_by_answer_and_by_image(planted):
    seen = {(row.case, row.question): row.seen for row in found_in(planted).asked}
    assert seen["t0", "where IS it"] == {"image", "question", "pair"}
    assert seen["t2", "What is it?"] == {"image", "question", "answer", "pair"}
    assert seen["t2", "Where is it?"] == {"image", "question", "answer"}
    assert seen["t9", "Where is it?"] == {"question", "answer"}
    assert seen["t3", "New 3?"] == {"image"}
    assert seen["t8", "New 8?"] == set()
    summary = found_in(planted).summary()
    assert (summary["same_images"], summary["near_images"]) == (3, 2)
    assert summary["questions"]["question"]["count"] == 4
    assert summary["questions"]["answer"]["share"] == pytest.approx(3 / 13)
    assert summary["same_image_examples"][0] == ("t0", "a0")
    json.dumps(summary)


def test_a_test_case_that_was_not_drawn_is_no_training(tmp_path):
    same = [(f"t{n}", "test", scene(0), [("Why?", "so")]) for n in range(2)]
    folder = world(tmp_path / "w", [*same, ("a", "train", scene(9), [("How?", "so")])])
    found = found_in(folder, limit=1)
    assert [row.seen for row in found.images] == [False]
    assert [set(row.seen) for row in found.asked] == [set()]


def test_plain_pictures_are_compared_by_their_pixels_and_said_to_be(tmp_path):
    black, dark = np.zeros((64, 64), np.uint8), np.full((64, 64), 1, np.uint8)
    entries = [
        ("a", "train", black, [("How?", "so")]),
        ("t0", "test", dark, [("Why?", "so")]),
        ("t1", "test", black, [("Why?", "so")]),
    ]
    found = found_in(world(tmp_path / "w", entries))
    assert [row.seen for row in found.images] == [False, True]
    assert sum(found.unmeasured().values()) == 2


def test_further_folders_of_samples_cases_or_pictures_count(planted, tmp_path):
    clean = [("t0", "test", scene(70), [("Why?", "so")]), ("a", "train", scene(71), [("?", "a")])]
    folder = world(tmp_path / "w", clean)
    assert not found_in(folder).images[0].seen
    other = world(tmp_path / "other", [("x", "test", scene(70), [("Why?", "so")])])
    found = found_in(folder, [other])
    assert found.images[0].same == (f"{other}/x",)
    assert found.asked[0].seen == {"image", "question", "answer", "pair"}
    found = found_in(folder, [other / "images"])
    assert found.images[0].same == (str(other / "images" / "x.png"),)
    assert found.asked[0].seen == {"image"}
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match=r"neither metadata\.jsonl nor a picture"):
        found_in(folder, [empty])


def test_images_that_cannot_be_read_are_counted_on_either_side(tmp_path):
    entries = [(f"t{n}", "test", scene(n), [("Why?", "so")]) for n in range(2)]
    folder = world(tmp_path / "w", [*entries, ("a", "train", scene(9), [("How?", "so")])])
    (folder / "images/t1.png").write_bytes(b"no picture")
    (folder / "images/a.png").unlink()
    found = found_in(folder)
    assert found.unmeasured() == {"its image cannot be read": 1}
    assert len(found.images) == 2
    assert found.trained_images == 0
    assert found.unreadable[0].startswith("a: ")
    assert any("could not be read: 1 training" in line for line in found.lines())


def test_accuracy_on_known_and_new_items_shows_who_learned_by_heart(tmp_path):
    training = [(f"a{n}", "train", scene(n), [("What?", "x")]) for n in range(15)]
    tested = [(f"t{n}", "test", scene(n), [(f"Q {n}?", "yes")]) for n in range(30)]
    found = found_in(world(tmp_path / "w", training + tested))
    scored = {(row.case, row.question): float("image" in row.seen) for row in found.asked}
    clusters = {row.case: row.case for row in found.asked}
    numbers = accuracy_by_contamination(found, scored, clusters, SETTINGS)["image"]
    assert (numbers["seen"].estimate, numbers["new"].estimate) == (1.0, 0.0)
    assert (numbers["seen"].rows, numbers["new"].rows) == (15, 15)
    assert numbers["gap"].low == 1.0
    same = accuracy_by_contamination(found, dict.fromkeys(scored, 1.0), clusters, SETTINGS)
    assert same["image"]["gap"].estimate == 0.0
    assert same["question"]["gap"].estimate is None
    assert accuracy_by_contamination(found, {}, clusters, SETTINGS) == {}
    report = Report("x")
    add_contamination(
        report, found, {"All": accuracy_by_contamination(found, scored, clusters, SETTINGS)}
    )
    page = "".join(report.parts)
    assert "15 of 30" in page
    assert "t0" in page
    assert "1.000 (1.000 to 1.000)" in page


def test_fingerprints_do_not_depend_on_how_a_picture_is_stored():
    grey = scene(5)
    colour = np.stack([grey] * 3, axis=-1)
    assert fingerprint("a", grey).pixels == fingerprint("b", colour).pixels
    tinted = colour.copy()
    tinted[0, 0, 0] ^= 1
    assert fingerprint("a", tinted).pixels != fingerprint("a", colour).pixels
    assert fingerprint("a", grey.reshape(48, 192)).pixels != fingerprint("a", grey).pixels


def changed(picture):
    """The same picture: darker, shaded, coded anew, halved, moved, noisy."""
    image = Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=50)
    height, width = picture.shape
    noise = np.random.default_rng(1).normal(0, 4, picture.shape)
    yield (picture * 0.7).astype(np.uint8)
    yield np.clip(picture * np.linspace(0.6, 1, width), 0, 255).astype(np.uint8)
    yield np.asarray(Image.open(stream))
    yield np.asarray(image.resize((width // 2, height // 2), Image.Resampling.BICUBIC))
    yield np.roll(picture, 1, axis=1)
    yield np.clip(picture + noise, 0, 255).astype(np.uint8)


def test_a_changed_picture_looks_like_itself_and_like_no_other():
    # More than are compared at once.
    known = [fingerprint(str(n), scene(n, 192)) for n in range(300)]
    for number in (0, 271):
        tested = [fingerprint("changed", p) for p in changed(scene(number, 192))]
        assert [[one.name for one in found] for found in look_alikes(tested, known)] == [
            [str(number)]
        ] * len(tested)
    assert [len(found) for found in look_alikes(known, known)] == [1] * 300


def test_pictures_of_the_same_field_are_not_alike():
    """A bright disc on black, as in photographs of the fundus: only what is in it counts."""
    rows, columns = np.mgrid[:192, :192]
    disc = (rows - 96) ** 2 + (columns - 96) ** 2 < 80**2
    prints = [
        fingerprint(str(n), np.where(disc, 120 + scene(n, 192) // 8, 0).astype(np.uint8))
        for n in range(30)
    ]
    assert all(one.detail is not None for one in prints)
    assert [len(found) for found in look_alikes(prints, prints)] == [1] * 30


@pytest.fixture(scope="module")
def rad(shared_data, tmp_path_factory):
    """VQA-RAD split by question: its images are on both sides, as in the official split."""
    folder = tmp_path_factory.mktemp("rad")
    rows = json.loads((shared_data / "vqa_rad/trainset.json").read_text())[:240]
    (folder / "images").symlink_to(shared_data / "vqa_rad/images")
    cases, samples = {}, []
    for row in rows:
        split = "test" if row["qid"] % 3 == 0 else "train"
        stem = row["image_name"].split(".")[0]
        case = replace(case_of(f"{stem}-{split}", split), file_name=f"images/{row['image_name']}")
        cases[case.id] = case
        gold = Gold(type="text", value=str(row["answer"]))
        asked = turn(row["question"], str(row["answer"]), "any", gold, True)
        samples.append(replace(sample(case, "stage2", [asked]), id=f"q{row['qid']}"))
    write_cases(folder, cases.values())
    write_samples(folder, samples)
    return folder


def test_vqa_rad_split_by_question_is_found_out(rad):
    found = found_in(rad)
    names = {split: set() for split in ("train", "test")}
    for case in read_cases(rad):
        names[str(case.split)].add(case.file_name)
    shared = names["train"] & names["test"]
    assert shared
    same = [row for row in found.images if row.same]
    assert len(same) == len(shared)
    assert found.summary()["questions"]["image"]["count"] >= len(shared)
