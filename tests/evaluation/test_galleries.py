"""A gallery shows what happened to an item: the worst first, a click from the top, in few bytes."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retia.evaluation.answers.measure import read_row
from retia.evaluation.report.gallery import (
    BEST,
    OUTLINE,
    WORST,
    Shown,
    add_galleries,
    item_html,
    outlined,
)
from retia.evaluation.report.shown import shown_stage, worst_first
from retia.figures import Report
from retia.records import Case, Finding, Sentence

GREY = np.random.default_rng(1).integers(0, 200, (400, 400), dtype=np.uint8)
ITEM = Shown(
    title="title",
    case="case",
    picture=GREY,
    region_picture=None,
    edited=None,
    question="Which stage?",
    gold="gold",
    before="said <before>",
    after=None,
    sentences=(Sentence(text="A claim.", verdict="contradicted"),),
    note="a note",
)
EYE = Case(
    file_name="images/a.png",
    id="a",
    group="a",
    modality="octa",
    stage="npdr",
    looked_for=("capillary_dropout", "microaneurysm", "neovascularization"),
    findings=(
        Finding(id="f1", kind="capillary_dropout", source="simulator", box_px=(100, 100, 200, 160)),
    ),
)
TRUE = '{"caption": "", "reasoning": ["There is capillary dropout."], "answer": "NPDR"}'
FALSE = '{"caption": "", "reasoning": ["There is neovascularization."], "answer": "PDR"}'
SILENT = '{"caption": "", "reasoning": [], "answer": "NPDR"}'


def page(folder: Path, shown: dict[str, list[Shown]]) -> str:
    report = Report("Title")
    add_galleries(report, shown)
    report.write(folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


def test_the_first_three_are_one_click_away_and_the_others_collapsed(tmp_path: Path):
    items = [replace(ITEM, title=f"item {n}") for n in range(5)]
    text = page(tmp_path, {WORST.anchor: items})
    assert f'<a href="#{WORST.anchor}">{WORST.link}</a>' in text.split("<main")[0]
    seen, hidden = text.split('id="worst-explanations"')[1].split("<details>")
    titles = [re.findall(r"<h4>\d+\. (item \d)</h4>", part) for part in (seen, hidden)]
    assert titles == [["item 0", "item 1", "item 2"], ["item 3", "item 4"]]


def test_an_empty_gallery_says_why_and_has_no_link(tmp_path: Path):
    text = page(tmp_path, {WORST.anchor: [ITEM]})
    assert f"None: {BEST.empty}" in text
    assert f'href="#{BEST.anchor}"' not in text
    # With a single item no link promises three.
    assert WORST.link not in text and f'href="#{WORST.anchor}"' in text


@pytest.mark.parametrize(
    ("edited", "after", "expected"),
    [(None, None, None), (GREY, None, "(not asked)"), (GREY, "", "(nothing)"), (GREY, "b", "b")],
)
def test_the_answer_without_the_region_is_told_apart_from_none(edited, after, expected, tmp_path):
    text = page(tmp_path, {WORST.anchor: [replace(ITEM, edited=edited, after=after)]})
    found = re.findall(r"<dt>Said without the region</dt><dd>(.*?)</dd>", text)
    assert found == ([] if expected is None else [expected])
    assert text.count("<img") == 1 + (edited is not None)
    assert "said &lt;before&gt;" in text and 'class="contradicted"' in text


def test_the_outline_surrounds_the_region_and_leaves_the_rest():
    mask = np.zeros(GREY.shape, bool)
    mask[100:200, 240:300] = True
    drawn = outlined(GREY, mask)
    assert drawn.shape == (320, 320, 3)
    plain = outlined(GREY, np.zeros(GREY.shape, bool))
    # Scaled by .8 the region is rows 80 to 159 and columns 192 to 239; the line is 2 pixels wide.
    line = (drawn == OUTLINE).all(axis=2)
    expected = np.zeros((320, 320), bool)
    expected[78:162, 190:242] = True
    expected[80:160, 192:240] = False
    np.testing.assert_array_equal(line, expected)
    changed = (drawn != plain).any(axis=2) & ~line
    assert (drawn[changed] == 0).all()
    assert not changed[80:160, 192:240].any()
    changed[77:163, 189:243] = False
    assert not changed.any()


def test_contradicted_explanations_come_first_and_silent_ones_before_true_ones():
    rows = [read_row(EYE, text) for text in (TRUE, FALSE, SILENT)]
    assert [row.text for row in worst_first(rows)] == [FALSE, SILENT, TRUE]
    assert worst_first([]) == []


def test_a_stage_answer_becomes_an_item_with_its_findings_outlined():
    row = read_row(EYE, FALSE)
    item = shown_stage(row, lambda _: GREY)
    assert (item.gold, item.before, item.case) == ("NPDR", "PDR", "a")
    assert item.edited is None and item.after is None
    assert item.region_picture is not None
    assert "1 of 1 findings not named" in item.title
    assert [s.verdict for s in item.sentences].count("contradicted") >= 1
    unread = shown_stage(read_row(EYE, "no idea"), lambda _: GREY)
    assert (unread.before, unread.note) == ("no idea", "no stage could be read")


def test_three_galleries_of_eight_stay_below_six_megabytes():
    # Noise is the hardest picture there is to store.
    colour = np.random.default_rng(2).integers(0, 255, (600, 500, 3), dtype=np.uint8)
    item = replace(ITEM, picture=colour, region_picture=colour, edited=colour, after="b")
    html = item_html(item, 1)
    assert html.count("<img") == 3 and 24 * len(html) < 6e6
