"""The page tells what `retia explain` tells, step by step, and refuses in one line."""

import itertools
from dataclasses import replace
from html import escape
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retia.demo import html
from retia.demo.examples import read_examples
from retia.demo.voices import Picture, View, answer_only, both_voices, read_upload
from retia.errors import UserError
from retia.explain import ExplainConfig, explain
from retia.records import Case, Sentence, write_cases
from retia.weights import staging_folder


@pytest.fixture(scope="module")
def views(student, eyes) -> list[View]:
    return list(both_voices(student, staging_folder(), eyes[1], "", 300))


def test_the_answer_only_grows_and_the_graph_comes_last(views):
    answers = [v.answer for v in views]
    assert all(b.startswith(a) for a, b in itertools.pairwise(answers))
    assert len(set(answers)) > 10
    steps = list(dict.fromkeys(v.step for v in views))
    assert steps == ["reading", "answering", "graph", "done"]
    assert all(v.case is None for v in views[:-1]) and views[-1].overlay is not None


def test_the_page_says_what_explain_says(views, eyes, tmp_path: Path):
    file = tmp_path / f"{eyes[1].name}.png"
    Image.fromarray(eyes[1].pixels).save(file)
    out = explain(
        ExplainConfig(
            image=file, out=tmp_path / "out", mm_per_px=eyes[1].mm_per_px, laterality="OD"
        )
    )
    last = views[-1]
    assert last.answer == out.student_text and last.student_stage == out.student_stage
    assert last.said == out.student_sentences and last.told == out.sentences
    assert last.case.findings == out.findings and last.case.measures == out.measures
    assert last.attribution.stage == out.stage
    assert {s.verdict for s in last.said} >= {"supported", "contradicted"}


def test_a_free_question_is_asked_of_the_named_eye(student, eyes):
    eye = replace(eyes[2], laterality="OS")
    last = list(both_voices(student, staging_folder(), eye, " Is there neovascularization? ", 60))[
        -1
    ]
    assert last.question == "This is a left eye. Is there neovascularization?"
    assert last.answer and last.said and last.case.laterality == "OS"


@pytest.mark.parametrize("scale", [None, 0.0, -1.0, float("nan")])
def test_without_a_scale_nothing_is_told(student, eyes, scale):
    told = both_voices(student, staging_folder(), replace(eyes[0], mm_per_px=scale), "", 9)
    with pytest.raises(UserError, match="has no scale"):
        next(told)


def test_a_student_of_another_modality_is_asked_about_a_colour_picture(student):
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    picture = Picture(name="frame.png", pixels=pixels)
    views = list(answer_only(student, picture, "Which organ is seen?", 20))
    assert views[-1].step == "done" and views[-1].case is None
    assert views[-1].answer and html.overlay(views[-1]) == html.cards(views[-1]) == ""
    shown = html.student(views[-1])
    assert escape(views[-1].answer) in shown and "legend" not in shown
    with pytest.raises(UserError, match="there is no question"):
        next(answer_only(student, picture, "  ", 20))


def test_uploads_are_refused_in_the_users_name_for_them(tmp_path: Path):
    file = tmp_path / "upload-77.bin"
    file.write_bytes(b"no image")
    for octa in (True, False):
        with pytest.raises(UserError, match=r"^my eye\.png is no readable image"):
            read_upload(file, "my eye.png", octa, 16)
    Image.fromarray(np.tile(np.uint8([255, 0, 0]), (40, 40, 1))).save(file, "PNG")
    with pytest.raises(UserError, match=r"^my eye\.png is coloured"):
        read_upload(file, "my eye.png", True, 16)
    assert read_upload(file, "my eye.png", False, 16).pixels.shape == (40, 40, 3)
    with pytest.raises(UserError, match="megapixels"):
        read_upload(file, "my eye.png", False, 0.001)


def test_examples_of_a_folder_keep_scale_and_side(tmp_path: Path, eyes):
    with pytest.raises(UserError, match="holds no image"):
        read_examples(tmp_path, True, 16)
    (tmp_path / "images").mkdir()
    Image.fromarray(eyes[0].pixels).save(tmp_path / "images" / "a.png")
    case = Case(
        file_name="images/a.png", id="a", group="p", modality="octa", mm_per_px=0.01,
        laterality="OS",
    )  # fmt: skip
    write_cases(tmp_path, [case])
    (read,) = read_examples(tmp_path, True, 16)
    assert (read.name, read.mm_per_px, read.laterality) == ("a", 0.01, "OS")
    (plain,) = read_examples(tmp_path / "images", True, 16)
    assert plain.mm_per_px is None and np.array_equal(plain.pixels, eyes[0].pixels)


def test_whatever_is_said_or_asked_stays_text(views):
    bad = "<script>alert(1)</script>\"'>"
    sentence = Sentence(text=bad, evidence=(bad,), verdict="supported")
    view = replace(
        views[-1], question=bad, answer=bad, said=(sentence,), told=(sentence,), student_stage="pdr"
    )
    picture = Picture(name=bad, pixels=views[-1].pixels, notes=(bad,))
    parts = (html.step, html.cards, html.student, html.graph, html.overlay, html.findings)
    page = "".join([*(part(view) for part in parts), html.preview(picture), html.error(bad)])
    assert "<script" not in page and 'title="<' not in page and page.count("&lt;script") >= 7


def test_every_finding_has_its_row_and_its_box(views):
    findings = views[-1].case.findings
    assert findings and html.findings(views[-1]).count("<tr>") == len(findings) + 1
    boxes = html.overlay(views[-1])
    assert boxes.count("<rect") == sum(f.box_px is not None for f in findings)
    assert all(id in boxes for f in findings if f.box_px for id in f.evidence)
