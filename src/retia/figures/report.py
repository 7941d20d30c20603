"""One self-contained HTML page: opens offline, light and dark, prints whole, no script."""

import base64
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path

import numpy as np

from retia.atomic import atomic_file
from retia.disclaimer import DISCLAIMER
from retia.figures.page_style import STYLE
from retia.records import Sentence
from retia.statistics import Interval

LEAST_CONTENTS = 3
"""Fewer sections than this need no table of contents."""
LONG = 20
"""A table of more rows than this scrolls by itself."""
MARKS = "abcdefghijklmnopqrstuvwxyz"
"""Of the notes below a table."""
WEBP_QUALITY = 82
THEME = (
    '<p class="theme"><label><input type="checkbox" id="theme" autocomplete="off">'
    "Swap light and dark</label></p>"
)


class Report:
    """A page that grows from top to bottom; texts are escaped, `html` fragments are not.

    Each `heading` begins a section and a line of the contents. Levels never skip: `subheading`
    stands below a heading.
    """

    def __init__(self, title: str) -> None:
        """Start a page with its title and the research-use notice."""
        self.title = title
        self.parts: list[str] = []
        self.contents: list[tuple[str, str]] = []
        """Anchor and text of every section."""
        self.shortcuts: list[tuple[str, str]] = []
        """Text and anchor of what is one click from the top."""
        self._anchors: set[str] = set()
        self._inside = 0

    def heading(self, text: str, anchor: str | None = None) -> "Report":
        """Begin a section.

        Args:
            text: Its heading.
            anchor: What links point to; made from the text when left out.

        Raises:
            ValueError: If called inside of `collapsed`, or the anchor is taken.
        """
        if self._inside:
            raise ValueError(f"section {text!r} begins inside of a collapsed part")
        name = self._new_anchor(anchor, text)
        end = "</section>" if self.contents else ""
        self.contents.append((name, text))
        return self.html(f'{end}<section id="{name}"><h2>{escape(text)}</h2>')

    def subheading(self, text: str, anchor: str | None = None) -> "Report":
        """Add a heading within a section; it is not among the contents.

        Raises:
            ValueError: If there is no section yet, or the anchor is taken.
        """
        if not self.contents:
            raise ValueError(f"{text!r} stands below no section")
        return self.html(f'<h3 id="{self._new_anchor(anchor, text)}">{escape(text)}</h3>')

    def shortcut(self, text: str, anchor: str) -> "Report":
        """Add a link at the top of the page to an anchor of it."""
        self.shortcuts.append((text, anchor))
        return self

    def paragraph(self, html: str) -> "Report":
        """Add a paragraph; may hold inline HTML."""
        return self.html(f"<p>{html}</p>")

    def headline(self, numbers: Iterable[tuple[str, str, str]]) -> "Report":
        """Add big numbers, each as (value, name, small print)."""
        cards = "".join(
            f"<div><b>{escape(value)}</b>{escape(name)}<br><span>{escape(note)}</span></div>"
            for value, name, note in numbers
        )
        return self.html(f'<div class="headline">{cards}</div>')

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[object]],
        caption: str | None = None,
    ) -> "Report":
        """Add a table of texts and numbers; the first cell of a row names it.

        Args:
            header: One a column.
            rows: One cell a column.
            caption: Above the table. Without one its section names it to screen readers.
        """
        name = caption or (self.contents[-1][1] if self.contents else self.title)
        return self.html(_table(header, rows, name, seen=caption is not None))

    def picture(self, rgb: np.ndarray, caption: str, alt: str | None = None) -> "Report":
        """Add a picture with its caption; `alt` says what it shows, the caption when left out."""
        return self.html(figure(rgb, caption, alt))

    @contextmanager
    def collapsed(self, summary: str) -> Iterator["Report"]:
        """Put what is added within into a part that opens on a click, and in print."""
        self.html(f"<details><summary>{escape(summary)}</summary>")
        self._inside += 1
        yield self
        self._inside -= 1
        self.html("</details>")

    def html(self, fragment: str) -> "Report":
        """Add HTML as it is."""
        self.parts.append(fragment)
        return self

    def write(self, path: Path) -> None:
        """Write the page as one file, atomically.

        Raises:
            ValueError: If a shortcut points nowhere.
        """
        body = "".join(self.parts) + ("</section>" if self.contents else "")
        lost = [anchor for _, anchor in self.shortcuts if f'id="{anchor}"' not in body]
        if lost:
            raise ValueError(f"shortcuts to {lost} point at nothing on the page")
        page = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f"<title>{escape(self.title)}</title><style>{STYLE}</style></head><body>"
            '<a class="skip" href="#main">Skip to the content</a>'
            f"<header><h1>{escape(self.title)}</h1>{THEME}"
            f'<p class="disclaimer">{DISCLAIMER}</p></header>'
            f'{self._navigation()}<main id="main" tabindex="-1">{body}</main></body></html>\n'
        )
        with atomic_file(path) as part:
            part.write_text(page, encoding="utf-8")

    def _navigation(self) -> str:
        lists = []
        if self.shortcuts:
            lists.append(_links('<ul class="first">', [(a, t) for t, a in self.shortcuts]))
        if len(self.contents) >= LEAST_CONTENTS:
            lists.append(_links("<ul>", self.contents))
        return f'<nav aria-label="Contents">{"".join(lists)}</nav>' if lists else ""

    def _new_anchor(self, anchor: str | None, text: str) -> str:
        if anchor is not None and anchor in self._anchors:
            raise ValueError(f"the anchor {anchor!r} is taken")
        plain = anchor or re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"
        name, number = plain, 1
        # The page's own parts are called `main` and `theme`.
        while name in self._anchors | {"main", "theme"}:
            number += 1
            name = f"{plain}-{number}"
        self._anchors.add(name)
        return name


def _links(opening: str, links: Iterable[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="#{anchor}">{escape(text)}</a></li>' for anchor, text in links)
    return f"{opening}{items}</ul>"


def _table(
    header: Sequence[str], rows: Iterable[Sequence[object]], name: str, *, seen: bool
) -> str:
    notes: dict[str, str] = {}
    listed = [_cells(row, notes) for row in rows]
    caption = f"<caption>{escape(name)}</caption>"
    if not seen:
        caption = f'<caption><span class="unseen">{escape(name)}</span></caption>'
    # A heading without a text confuses screen readers: it is a plain cell.
    head = "".join(f'<th scope="col">{escape(h)}</th>' if h else "<td></td>" for h in header)
    body = "".join(f"<tr>{cells}</tr>" for cells in listed)
    # A table that is too wide or too long scrolls by itself; the keyboard must reach it then.
    return (
        f'<div class="scroll{" long" * (len(listed) > LONG)}" role="group" '
        f'aria-label="{escape(name, quote=True)}" tabindex="0"><table>{caption}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{_notes_html(notes)}"
    )


def _cells(row: Sequence[object], notes: dict[str, str]) -> str:
    first, *others = (_cell(cell, notes) for cell in row)
    named = f'<th scope="row">{first}</th>' if first else "<td></td>"
    return named + "".join(f'<td class="number">{cell}</td>' for cell in others)


def _cell(cell: object, notes: dict[str, str]) -> str:
    """A cell's text; what an interval has to say for itself is said once, below the table."""
    if isinstance(cell, Interval) and cell.note and cell.estimate is not None:
        mark = notes.setdefault(cell.note, MARKS[min(len(notes), len(MARKS) - 1)])
        bare = str(replace(cell, note=None)) if cell.low is not None else f"{cell.estimate:.3f}"
        return f"{bare}<sup>{mark}</sup>"
    return escape(str(cell))


def _notes_html(notes: dict[str, str]) -> str:
    if not notes:
        return ""
    said = "; ".join(f"<sup>{mark}</sup> {escape(note)}" for note, mark in notes.items())
    return f'<p class="notes">{said}</p>'


NO_ELEMENT = {
    "supported": "the record says so; nothing was found where somebody looked",
    "contradicted": "the record says otherwise; nothing of the kind was found there",
    "unsupported": "the record cannot tell",
}
"""Shown on hover where no element of the image can be named."""


def sentences_html(sentences: Iterable[Sentence]) -> str:
    """Sentences as HTML: coloured by verdict, with the evidence on hover."""
    parts = []
    for s in sentences:
        verdict = s.verdict or ""
        evidence = ", ".join(s.evidence) or NO_ELEMENT.get(verdict, "no element of the graph")
        title = escape(f"{verdict}: {evidence}" if verdict else evidence, quote=True)
        parts.append(f'<span class="{verdict}" title="{title}">{escape(s.text)}</span>')
    return f"<p>{' '.join(parts)}</p>"


def figure(rgb: np.ndarray, caption: str, alt: str | None = None, *, small: bool = False) -> str:
    """Return a picture as an HTML figure with its bytes inside; caption and alt are text.

    Args:
        rgb: RGB, uint8, shape `(H, W, 3)`.
        caption: Below the picture.
        alt: What the picture shows, for those who cannot see it; the caption when left out.
        small: Whether to store it as WebP, which loses a little and is some five times as small:
            for scans in galleries. Charts stay PNG.
    """
    from PIL import Image

    buffer = io.BytesIO()
    if small:
        kind = "webp"
        Image.fromarray(rgb).save(buffer, "WEBP", quality=WEBP_QUALITY, method=4)
    else:
        kind = "png"
        Image.fromarray(rgb).save(buffer, "PNG", compress_level=9)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure><img alt="{escape(alt or caption, quote=True)}" '
        f'src="data:image/{kind};base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
