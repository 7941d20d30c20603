"""Pictures are RGB bytes of the size promised; a report stands alone, is safe, says its limits."""

import re
from pathlib import Path

import numpy as np
import pytest

from retia.disclaimer import DISCLAIMER
from retia.figures import (
    COLOURS,
    Report,
    bar_chart,
    confusion_chart,
    contact_sheet,
    draw_findings,
    draw_mask_edges,
    draw_weights,
    line_chart,
    sentences_html,
    to_rgb,
    write_png,
)
from retia.images import read_image
from retia.records import Finding, Sentence
from retia.taxonomy import read_vocabulary

GREY = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)


def finding(kind: str, box: tuple[float, ...] | None) -> Finding:
    return Finding(id="f1", kind=kind, source="simulator", box_px=box)  # type: ignore


@pytest.mark.parametrize(
    ("count", "columns", "shape"), [(1, 4, (1, 1)), (4, 4, (1, 4)), (5, 4, (2, 4)), (3, 1, (3, 1))]
)
def test_a_contact_sheet_has_a_cell_an_image(count: int, columns: int, shape: tuple[int, int]):
    sheet = contact_sheet([GREY] * count, ["caption"] * count, columns)
    single = contact_sheet([GREY], ["caption"])
    gap = 2 * single.shape[1] - contact_sheet([GREY] * 2, ["", ""]).shape[1]
    cell = (single.shape[0] - gap, single.shape[1] - gap)
    assert sheet.shape == (shape[0] * cell[0] + gap, shape[1] * cell[1] + gap, 3)
    assert sheet.dtype == np.uint8


def test_a_contact_sheet_shows_every_image_at_the_size_of_the_first():
    sheet = contact_sheet([GREY, to_rgb(GREY, 2)], ["", ""])
    rows = [r for r in range(len(sheet)) if (sheet[r] != 255).any()]
    assert rows[-1] - rows[0] + 1 == 40
    row, column = np.argwhere((sheet != 255).any(axis=2)).min(axis=0)
    np.testing.assert_array_equal(sheet[row : row + 40, column : column + 60], to_rgb(GREY))


@pytest.mark.parametrize(
    "chart",
    [
        lambda: confusion_chart(np.array([[3, 1, 0], [0, 2, 2], [0, 0, 0]]), "abc", "title"),
        lambda: bar_chart(["a", "b"], [0.2, 0.9], [(0.1, 0.3), None], "title", baseline=0.5),
        lambda: line_chart([1, 2, 3], {"a": [1, 2, 3], "b": [3, 2, 1]}, "title", "x", "y"),
    ],
)
def test_a_chart_is_an_rgb_picture_and_the_same_every_time(chart):
    picture = chart()
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert len(np.unique(picture)) > 10
    np.testing.assert_array_equal(picture, chart())


@pytest.mark.parametrize("scale", [1, 2])
def test_findings_are_drawn_in_their_colour_and_only_near_their_box(scale: int):
    plain = np.full((100, 200), 80, np.uint8)
    drawn = draw_findings(plain, [finding("microaneurysm", (20, 30, 40, 50))], scale)
    assert drawn.shape == (100 * scale, 200 * scale, 3) and drawn.dtype == np.uint8
    rows, columns = np.nonzero((drawn != 80).any(axis=2))
    assert (rows.min(), rows.max() + 1) == (30 * scale, 50 * scale)
    assert (columns.min(), columns.max() + 1) == (20 * scale, 40 * scale)
    assert tuple(drawn[30 * scale, 30 * scale]) == COLOURS["microaneurysm"]


def test_findings_at_the_border_or_without_a_box_are_no_error():
    boxes = [(0, 0, 60, 40), (55, 35, 60, 40), (0, 39, 1, 40), None]
    for kind in read_vocabulary("octa").kinds:
        assert draw_findings(GREY, [finding(kind, box) for box in boxes]).shape == (80, 120, 3)
    np.testing.assert_array_equal(draw_findings(GREY, [finding("irma", None)], 2), to_rgb(GREY, 2))


def test_drawing_changes_no_input():
    before, canvas = GREY.copy(), to_rgb(GREY)
    untouched = canvas.copy()
    draw_findings(GREY, [finding("irma", (3, 3, 20, 20))])
    draw_weights(GREY, np.ones(GREY.shape))
    draw_mask_edges(canvas, GREY > 100, (255, 0, 0))
    np.testing.assert_array_equal(GREY, before)
    np.testing.assert_array_equal(canvas, untouched)


def test_weights_tint_for_red_against_blue_and_nothing_grey():
    weights = np.zeros(GREY.shape)
    weights[:10], weights[30:] = 1.0, -1.0
    drawn = draw_weights(GREY, weights, scale=1).astype(int)
    assert (drawn[:10, :, 0] > drawn[:10, :, 2]).all()
    assert (drawn[30:, :, 2] > drawn[30:, :, 0]).all()
    assert (drawn[10:30, :, 0] == drawn[10:30, :, 2]).all()
    assert draw_weights(GREY, np.zeros(GREY.shape)).shape == (80, 120, 3)


def test_a_picture_written_and_read_is_the_same(tmp_path: Path):
    write_png(tmp_path / "new" / "a.png", GREY)
    np.testing.assert_array_equal(read_image(tmp_path / "new" / "a.png").pixels, GREY)


EVIL = '<script>alert("1")</script> & "quotes"'


def page(folder: Path) -> str:
    report = Report(EVIL).heading(EVIL).headline([(EVIL, EVIL, EVIL)])
    report.table([EVIL], [[EVIL], [3]]).picture(to_rgb(GREY), EVIL)
    sentence = Sentence(text=EVIL, evidence=(EVIL,), verdict="supported")
    report.html(sentences_html([sentence, Sentence(text=EVIL)]))
    report.write(folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_report_bears_the_disclaimer(tmp_path: Path):
    assert DISCLAIMER in page(tmp_path)


def test_texts_in_a_report_are_escaped(tmp_path: Path):
    text = page(tmp_path)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 9
    assert 'title="supported: &lt;script&gt;' in text


def test_a_report_needs_nothing_from_elsewhere(tmp_path: Path):
    text = page(tmp_path)
    assert not re.findall(r"https?://|//[a-z]+\.[a-z]|url\(|@import|<link|<script|<iframe", text)
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert any(s.startswith("data:") for s in sources)
    assert all(s.startswith(("data:image/png;base64,", "#")) for s in sources)


def test_the_same_report_is_the_same_bytes(tmp_path: Path):
    assert page(tmp_path / "a") == page(tmp_path / "b")
