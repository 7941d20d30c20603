"""A page holds together: links lead somewhere, headings keep their order, texts can be read."""

import base64
import io
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retia.figures import Report, figure
from retia.figures.page_style import PALETTE

TEXTS = ("ink", "soft", "link")
GROUNDS = ("ground", "card")
VERDICTS = ("supported", "contradicted", "unsupported", "missed")
PICTURE = np.full((20, 30, 3), 90, np.uint8)


class Outline(HTMLParser):
    """Elements in their order, and whether they are closed as they were opened."""

    VOID = frozenset({"meta", "img", "br", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, tag: str, name: str) -> list[str | None]:
        return [attributes.get(name) for own, attributes in self.elements if own == tag]


def written(report: Report, folder: Path) -> str:
    report.write(folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


def full_page(folder: Path) -> str:
    report = Report("Title").paragraph("Before any section.")
    report.table(["a", "b"], [("x", 1)])
    report.heading("Results & more").subheading("Below").table(["", "n"], [("y", 2)], "Caption <1>")
    report.heading("Results & more").picture(PICTURE, "caption", alt="what it shows")
    with report.collapsed("More of it") as more:
        more.table(["", "n"], [("z", 3)])
    report.heading("Main", "last").shortcut("To the end", "last")
    return written(report, folder)


def test_tags_nest_and_anchors_are_unique_and_lead_somewhere(tmp_path: Path):
    page = Outline(full_page(tmp_path))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [str(link).removeprefix("#") for link in page.values("a", "href")]
    assert set(links) <= set(ids)
    # The skip link, the shortcut, and one line a section in their order.
    assert links == ["main", "last", "results-more", "results-more-2", "last"]


def test_a_page_has_its_language_its_landmarks_and_headings_in_order(tmp_path: Path):
    page = Outline(full_page(tmp_path))
    assert page.values("html", "lang") == ["en"]
    tags = [tag for tag, _ in page.elements]
    assert [tags.count(tag) for tag in ("header", "nav", "main", "h1")] == [1, 1, 1, 1]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_tables_name_their_columns_their_rows_and_themselves(tmp_path: Path):
    text = full_page(tmp_path)
    page = Outline(text)
    assert text.count("<caption>") == text.count("<table>") == 3
    assert "<caption>Caption &lt;1&gt;</caption>" in text
    scopes = page.values("th", "scope")
    assert scopes.count("row") == 3 and scopes.count("col") == 4 and len(scopes) == 7
    # A table that scrolls can be reached by the keyboard and says what it is.
    assert text.count('role="group" aria-label="') == text.count('tabindex="0"><table>') == 3


def test_a_short_page_has_no_contents(tmp_path: Path):
    assert "<nav" not in written(Report("Title").heading("One").heading("Two"), tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda r: r.subheading("below nothing"),
        lambda r: r.heading("a", "taken").heading("b", "taken"),
        lambda r: r.shortcut("nowhere", "nowhere").write(Path("never.html")),
    ],
)
def test_a_page_that_would_not_hold_together_is_refused(wrong, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"nothing|no section|taken"):
        wrong(Report("Title"))
    assert not list(tmp_path.iterdir())


def test_no_section_begins_inside_of_a_collapsed_part():
    report = Report("Title")
    with report.collapsed("More"), pytest.raises(ValueError, match="collapsed"):
        report.heading("Section")


def test_a_picture_has_a_text_in_its_place_and_small_ones_are_small():
    noise = np.random.default_rng(0).integers(60, 120, (200, 200, 3), dtype=np.uint8)
    plain, small = figure(noise, 'a "b"'), figure(noise, "a", "what it <shows>", small=True)
    assert 'alt="a &quot;b&quot;"' in plain and 'alt="what it &lt;shows&gt;"' in small
    assert len(small) < len(plain) / 3
    data = re.search(r"data:image/webp;base64,([^\"]+)", small)
    assert data
    back = np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1]))).convert("RGB"), float)
    assert back.shape == noise.shape and np.abs(back - noise).mean() < 12


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, two: str) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_formula_knows_black_white_and_the_grey_at_the_limit():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_texts_can_be_read_in_both_themes(theme: int):
    colour = {name: pair[theme] for name, pair in PALETTE.items()}
    for text in TEXTS:
        for ground in GROUNDS:
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
    assert contrast(colour["notice"], colour["notice-ground"]) >= 4.5
    for verdict in VERDICTS:
        assert contrast(colour["ink"], colour[verdict]) >= 4.5, verdict
        # The line below a sentence tells verdicts apart where colours cannot.
        assert contrast(colour[f"{verdict}-edge"], colour[verdict]) >= 3, verdict


def test_every_colour_of_the_style_is_one_of_the_palette(tmp_path: Path):
    style = full_page(tmp_path).split("<style>")[1].split("</style>")[0]
    assert set(re.findall(r"var\(--([\w-]+)\)", style)) - {"edge"} <= set(PALETTE)
