"""The page's parts as HTML: every text is escaped, every style is in `STYLE`.

In:  a `View`.
Out: fragments.
"""

import base64
import io
from collections.abc import Iterable
from html import escape

import numpy as np

from retia.demo.voices import Picture, View
from retia.disclaimer import DISCLAIMER
from retia.figures.overlay import COLOURS, OTHER
from retia.figures.report import NO_ELEMENT, figure
from retia.records import Finding, Sentence
from retia.taxonomy import read_vocabulary

PREVIEW_PX = 900
MARKS = {"supported": "✓", "contradicted": "✗", "unsupported": "?", "": "·"}
STEPS = {
    "reading": "The student looks at the picture …",
    "answering": "The student answers …",
    "graph": "The graph is built and attributed …",
    "done": "",
}

STYLE = """
.gradio-container { max-width: 1240px !important; margin: 0 auto !important; }
footer { display: none !important; }
.html-container { padding: 0 !important; }
#title h1 { font-size: 1.6rem; font-weight: 700; margin: .2rem 0 0; }
#title .lead { color: #57606a; margin: 0 0 .6rem; }
#title .disclaimer { color: #9a3412; background: #fff7ed; border: 1px solid #fed7aa;
  border-radius: 8px; padding: .45rem .9rem; font-size: .92rem; margin: 0; }
#message .error { color: #82071e; background: #ffebe9; border: 1px solid #ffcecb;
  border-radius: 8px; padding: .5rem .9rem; margin: 0; overflow-wrap: anywhere; }
#message .step { color: #57606a; margin: 0; }
#message .step::before { content: ""; display: inline-block; width: .6rem; height: .6rem;
  border-radius: 50%; background: #1f6feb; margin-right: .55rem;
  animation: pulse 1s ease-in-out infinite alternate; }
@keyframes pulse { from { opacity: .2; } to { opacity: 1; } }
#preview img { max-height: 19rem; object-fit: contain; background: #0d1117; }
#examples { min-height: 0; } #examples .caption-label { font-size: .68rem; }
.panel { font-size: .95rem; line-height: 1.5; }
.panel h2 { font-size: 1.05rem; font-weight: 650; margin: .1rem 0 .45rem; }
.panel figure { margin: 0; } .panel img { border-radius: 8px; width: 100%; display: block; }
.panel figcaption { color: #57606a; font-size: .84rem; margin-top: .3rem; }
.nothing { border: 1.5px dashed #d0d7de; border-radius: 8px; color: #57606a; text-align: center;
  padding: 3.2rem 1rem; }
.cards { display: flex; gap: .7rem; flex-wrap: wrap; }
.cards div { flex: 1 1 8rem; border: 1px solid #d8dee4; border-radius: 8px;
  padding: .45rem .85rem; }
.cards b { display: block; font-size: 1.3rem; font-weight: 700; line-height: 1.5; }
.cards span { color: #57606a; font-size: .82rem; }
.asked { color: #57606a; margin: 0 0 .4rem; }
.answer { font: .84rem/1.45 ui-monospace, Consolas, monospace; background: #f6f8fa;
  border-radius: 8px; padding: .55rem .8rem; margin: 0 0 .6rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.sentences { list-style: none !important; margin: 0 !important; padding: 0 !important; }
.sentences li { display: flex; gap: .55rem; padding: .2rem .1rem; margin: 0;
  border-bottom: 1px solid #eaeef2; }
.sentences li:last-child { border: 0; }
.mark { flex: none; width: 1.35rem; height: 1.35rem; border-radius: 50%; text-align: center;
  line-height: 1.35rem; font-size: .82rem; font-weight: 700; background: #eaeef2; color: #57606a; }
.supported .mark { background: #dafbe1; color: #116329; }
.contradicted .mark { background: #ffd7d5; color: #a40e26; }
.unsupported .mark { background: #fff1b8; color: #7d4e00; }
.evidence { color: #57606a; font-size: .8rem; }
.legend { color: #57606a; font-size: .82rem; margin: .4rem 0 0; }
.legend .mark { display: inline-block; }
.panels { display: flex; gap: .8rem; flex-wrap: wrap; } .panels > * { flex: 1 1 16rem; }
.panels svg { width: 100%; display: block; border-radius: 8px; }
.panels rect { fill: transparent; stroke-width: 2; vector-effect: non-scaling-stroke; }
.panels text { font: 650 11px system-ui, sans-serif; paint-order: stroke; stroke: #000c;
  stroke-width: 3px; stroke-linejoin: round; }
table.findings { border: 0 !important; border-collapse: collapse; width: 100%; font-size: .9rem;
  margin: 0 !important; }
table.findings :is(th, td) { text-align: left; padding: .3rem .8rem .3rem 0 !important;
  border: 0 !important; border-bottom: 1px solid #eaeef2 !important; vertical-align: top; }
table.findings th { color: #57606a; font-weight: 600; font-size: .84rem; }
table.findings tr { border: 0 !important; }
.findings .number { font-variant-numeric: tabular-nums; }
.dot { display: inline-block; width: .68rem; height: .68rem; border-radius: 3px;
  margin-right: .4rem; }
"""


def title(tagline: str) -> str:
    """The head of the page, with the research-use notice."""
    return (
        f'<h1>Retia</h1><p class="lead">{escape(tagline)}</p>'
        f'<p class="disclaimer" role="note">{escape(DISCLAIMER)}</p>'
    )


def error(text: str) -> str:
    """One line that says what is wrong."""
    return f'<p class="error" role="alert">{escape(text)}</p>'


def step(view: View) -> str:
    """What is being done; empty at the end."""
    text = STEPS[view.step]
    return f'<p class="step">{escape(text)}</p>' if text else ""


def preview(picture: Picture | None) -> str:
    """The picture that will be asked about."""
    if picture is None:
        text = "Pick an example, or upload a picture."
        return f'<div class="panel"><div class="nothing">{text}</div></div>'
    height, width = picture.pixels.shape[:2]
    notes = "; ".join((f"{picture.name}, {width} x {height} px", *picture.notes))
    return f'<div class="panel">{figure(_small(picture.pixels), notes)}</div>'


def _small(pixels: np.ndarray) -> np.ndarray:
    """At most `PREVIEW_PX` wide and high: the page shows no more."""
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((PREVIEW_PX, PREVIEW_PX))
    return np.asarray(image)


def to_uri(pixels: np.ndarray) -> str:
    """A picture as a data URI."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=6)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def cards(view: View) -> str:
    """The headline: both stages and what was measured; empty where there is no graph."""
    if view.case is None or view.attribution is None:
        return ""
    vocabulary = read_vocabulary("octa")
    stage = view.attribution.stage
    probability = view.attribution.probabilities[stage]
    shown = [(vocabulary.stage_name(stage), f"stage by the graph, probability {probability:.2f}")]
    if view.student_stage is not None:
        agree = "agrees with" if view.student_stage == stage else "disagrees with"
        name = vocabulary.stage_name(view.student_stage)
        shown.append((name, f"stage by the student, {agree} the graph"))
    for measure in view.case.measures:
        value = f"{measure.value:.2f} {measure.unit or ''}"
        shown.append((value, f"{vocabulary.measures[measure.name][0]}, measured"))
    inner = "".join(f"<div><b>{escape(b)}</b><span>{escape(s)}</span></div>" for b, s in shown)
    return f'<div class="cards">{inner}</div>'


def student(view: View) -> str:
    """What was asked, the answer as it was written, and its sentences with their marks."""
    return (
        '<div class="panel"><h2>The student, from the pixels alone</h2>'
        f'<p class="asked">Asked: {escape(view.question)}</p>'
        f'<p class="answer" data-step="{view.step}">{escape(view.answer) or "…"}</p>'
        + _sentences(view.said)
        + (_legend() if view.case is not None else "")
        + "</div>"
    )


def _sentences(sentences: Iterable[Sentence]) -> str:
    rows = []
    for s in sentences:
        verdict = s.verdict or ""
        reason = ", ".join(s.evidence) or NO_ELEMENT.get(verdict, "no claim that can be checked")
        hover = escape(f"{verdict}: {reason}" if verdict else reason, quote=True)
        mark = f'<span class="mark" aria-label="{verdict or "no claim"}">{MARKS[verdict]}</span>'
        rows.append(
            f'<li class="{verdict}" title="{hover}">{mark}<span>{escape(s.text)}</span></li>'
        )
    return f'<ul class="sentences">{"".join(rows)}</ul>'


def _legend() -> str:
    parts = [
        f'<span class="{verdict}"><span class="mark">{mark}</span></span> {verdict}'
        for verdict, mark in MARKS.items()
        if verdict
    ]
    return f'<p class="legend">Against the graph: {" &nbsp; ".join(parts)}. Hover for evidence.</p>'


def graph(view: View) -> str:
    """The graph's sentences with the number of elements each rests on."""
    if view.case is None:
        return ""
    rows = []
    for s in view.told:
        count = len(s.evidence)
        text = f"{count} element{'' if count == 1 else 's'}" if count else "nothing found"
        hover = escape(", ".join(s.evidence) or text, quote=True)
        rows.append(
            f'<li title="{hover}"><span>{escape(s.text)} '
            f'<span class="evidence">({text})</span></span></li>'
        )
    return (
        '<div class="panel"><h2>The graph, measured</h2>'
        f'<ul class="sentences">{"".join(rows)}</ul></div>'
    )


def overlay(view: View) -> str:
    """Structure, attribution and findings side by side; boxes tell their evidence on hover."""
    if view.overlay is None or view.case is None or view.pixels is None:
        return ""
    width = view.overlay.shape[1] // 3
    structure, weights = view.overlay[:, :width], view.overlay[:, width : 2 * width]
    return (
        '<div class="panel"><h2>Where it lies</h2><div class="panels">'
        + figure(structure, "Vessels and FAZ as segmented; larger vessels in amber.")
        + figure(weights, "What spoke for the stage (red) and against it (blue).")
        + _boxes(view.pixels, view.case.findings)
        + "</div></div>"
    )


def _boxes(pixels: np.ndarray, findings: Iterable[Finding]) -> str:
    """The picture with a box a finding: lines stay sharp at any size."""
    height, width = pixels.shape[:2]
    shapes = "".join(_box(f, 11 * width / 380) for f in findings if f.box_px is not None)
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="findings">'
        f'<image href="{to_uri(pixels)}" width="{width}" height="{height}"/>{shapes}</svg>'
        "<figcaption>Findings; hover for their evidence.</figcaption></figure>"
    )


def _box(finding: Finding, letter_px: float) -> str:
    x0, y0, x1, y1 = finding.box_px or (0, 0, 0, 0)
    name = finding.kind.replace("_", " ")
    words = (finding.severity, name, _place(finding), "| evidence:", ", ".join(finding.evidence))
    colour = _colour(finding)
    text_y = y0 - 0.4 * letter_px if y0 > 1.5 * letter_px else y1 + 1.1 * letter_px
    return (
        f"<g><title>{escape(' '.join(w for w in words if w))}</title>"
        f'<rect x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" stroke="{colour}"/>'
        f'<text x="{x0}" y="{text_y:.1f}" fill="{colour}" style="font-size:{letter_px:.1f}px">'
        f"{escape(name)}</text></g>"
    )


def _colour(finding: Finding) -> str:
    r, g, b = COLOURS.get(finding.kind, OTHER)
    return f"rgb({r},{g},{b})"


def _place(finding: Finding) -> str:
    zone = finding.zone
    return " ".join(p for p in (zone.quadrant, zone.ring) if p) if zone else ""


def findings(view: View) -> str:
    """The table of findings."""
    if view.case is None:
        return ""
    head = "".join(f"<th>{h}</th>" for h in ("finding", "severity", "place", "values", "share"))
    rows = "".join(_finding(f) for f in view.case.findings)
    rows = rows or '<tr><td colspan="5">none of the kinds that were looked for</td></tr>'
    return (
        '<div class="panel"><h2>Findings of the graph</h2>'
        f'<table class="findings"><tr>{head}</tr>{rows}</table></div>'
    )


def _finding(finding: Finding) -> str:
    vocabulary = read_vocabulary("octa")
    kind = vocabulary.kind(finding.kind)
    values = ", ".join(
        f"{name.rsplit('_', 1)[0].replace('_', ' ')} {value:.2f}"
        + (f" {kind.values[name]}" if kind.values.get(name, "ratio") != "ratio" else "")
        for name, value in finding.values.items()
    )
    cells = (finding.severity or "", _place(finding), values, f"{finding.importance or 0:.3f}")
    return (
        f'<tr><td><span class="dot" style="background:{_colour(finding)}"></span>'
        f"{escape(finding.kind.replace('_', ' '))}</td>"
        + "".join(f'<td class="number">{escape(c)}</td>' for c in cells)
        + "</tr>"
    )
