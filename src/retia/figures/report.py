"""One self-contained HTML page: opens offline, prints well."""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from retia.atomic import atomic_file
from retia.disclaimer import DISCLAIMER
from retia.records import Sentence

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; color: #24292f; background: #fff;
  max-width: 62rem; margin: 2.2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.65rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem;
  border-bottom: 1px solid #d8dee4; padding-bottom: .25rem; }
.disclaimer { color: #9a3412; background: #fff7ed; border: 1px solid #fed7aa; border-radius: 6px;
  padding: .45rem .8rem; font-size: .9rem; }
table { border-collapse: collapse; margin: .8rem 0; font-size: .92rem; }
th, td { text-align: left; padding: .32rem .9rem .32rem 0; border-bottom: 1px solid #eaeef2;
  vertical-align: top; }
th { font-weight: 600; } td.number { font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; } figcaption { font-size: .85rem; color: #57606a; max-width: 46rem; }
img { max-width: 100%; height: auto; }
.row { display: flex; gap: 1.4rem; flex-wrap: wrap; align-items: flex-start; margin: 1.2rem 0; }
.row figure { margin: 0; } .row > div { flex: 1 1 20rem; }
.supported { background: #dafbe1; } .contradicted { background: #ffd7d5; }
.unsupported { background: #fff8c5; } .missed { background: #eaeef2; }
.supported, .contradicted, .unsupported, .missed { border-radius: 3px; padding: 0 .2rem; }
.headline { display: flex; gap: 1rem; flex-wrap: wrap; margin: 1.1rem 0; }
.headline div { border: 1px solid #d8dee4; border-radius: 8px; padding: .6rem 1rem;
  min-width: 9.5rem; }
.headline b { display: block; font-size: 1.5rem; } .headline span { font-size: .82rem;
  color: #57606a; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; }
  figure, .row { break-inside: avoid; } }
"""


class Report:
    """A page that grows from top to bottom; texts are escaped, `html` fragments are not."""

    def __init__(self, title: str) -> None:
        """Start a page with its title and the research-use notice."""
        self.title = title
        self.parts = [f"<h1>{escape(title)}</h1>", f'<p class="disclaimer">{DISCLAIMER}</p>']

    def heading(self, text: str) -> "Report":
        """Add a section heading."""
        return self.html(f"<h2>{escape(text)}</h2>")

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

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> "Report":
        """Add a table of texts and numbers."""
        head = "".join(f"<th>{escape(h)}</th>" for h in header)
        body = "".join(
            "<tr>" + "".join(f'<td class="number">{escape(str(c))}</td>' for c in row) + "</tr>"
            for row in rows
        )
        return self.html(f"<table><tr>{head}</tr>{body}</table>")

    def picture(self, rgb: np.ndarray, caption: str) -> "Report":
        """Add a picture with its caption."""
        return self.html(figure(rgb, caption))

    def html(self, fragment: str) -> "Report":
        """Add HTML as it is."""
        self.parts.append(fragment)
        return self

    def write(self, path: Path) -> None:
        """Write the page as one file, atomically."""
        page = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{STYLE}</style></head>"
            f"<body>{''.join(self.parts)}</body></html>\n"
        )
        with atomic_file(path) as part:
            part.write_text(page, encoding="utf-8")


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


def figure(rgb: np.ndarray, caption: str) -> str:
    """Return a picture as an HTML figure with the PNG inside; caption is text."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG", compress_level=9)
    data = base64.b64encode(buffer.getvalue()).decode()
    alt = escape(caption, quote=True)
    return (
        f'<figure><img alt="{alt}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
