"""The page of `retia import frames --review`, as HTML: one frame and what can be said of it."""

from collections.abc import Mapping
from html import escape

from retia.disclaimer import DISCLAIMER
from retia.records import Case
from retia.taxonomy import Phase, Procedure, Term

STYLE = """
body{font:15px system-ui,sans-serif;margin:1.2rem;color:#222;background:#fafafa}
main{display:flex;gap:1.5rem;flex-wrap:wrap}img{max-width:min(62vw,1024px);background:#000}
fieldset{border:1px solid #ccc;margin:0 0 .8rem;padding:.5rem .8rem}label{margin-right:.9rem}
.problem{color:#a00}.quiet{color:#666;font-size:.85rem}button{font-size:1rem;padding:.4rem 1rem}
"""


def page(case: Case | None, procedure: Procedure, secret: str, left: int, problem: str) -> str:
    """The page for one frame, or the news that none is left.

    Args:
        case: The frame, with the labels it has.
        procedure: What can be said.
        secret: Sent back with the form.
        left: Frames in the queue.
        problem: What was wrong with the last form; empty if nothing was.
    """
    body = "<p>No frame is left to look at. Stop the page with Ctrl-C.</p>"
    if case is not None:
        body = _frame(case, procedure, secret)
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Frames to label</title>
<style>{STYLE}</style><h1>Frames of {escape(procedure.name)}: {left} to look at</h1>
<p class="problem">{escape(problem)}</p>{body}<p class="quiet">{escape(DISCLAIMER)}</p></html>"""


def _frame(case: Case, procedure: Procedure, secret: str) -> str:
    seen = {f.kind for f in case.findings}
    time_s = case.time_s or 0.0
    events = "".join(_event(e, case.labels.get(e, "")) for e in procedure.events)
    return f"""<main><div><img src="/frame/{escape(case.id)}" alt="frame">
<p>Video {escape(case.group)}, {int(time_s // 60)} min {time_s % 60:.1f} s. {_known(case)}</p></div>
<form method="post" action="/"><input type="hidden" name="secret" value="{escape(secret)}">
<input type="hidden" name="frame" value="{escape(case.id)}">
<fieldset><legend>Phase</legend>{_phases(procedure, case.labels.get("phase", ""))}</fieldset>
{_boxes("tools", "Tools", procedure.instruments, seen, case)}
{_boxes("anatomy", "Anatomy", procedure.targets, seen, case)}
<fieldset><legend>Checks and events</legend>{events}</fieldset>
<button>Save and next</button> <button name="skip" value="1">Skip</button></form></main>"""


def _known(case: Case) -> str:
    told = [
        f"{name}: {source}"
        + (f" ({case.label_confidences[name]:.2f})" if name in case.label_confidences else "")
        for name, source in case.label_sources.items()
    ]
    return f"Labels so far: {escape(', '.join(told))}." if told else ""


def _phases(procedure: Procedure, now: str) -> str:
    known: Mapping[str, Phase] = procedure.phases
    options = [("", "not sure"), *((p.id, p.name) for p in known.values())]
    return f'<select name="phase">{_options(options, now)}</select>'


def _event(event: str, now: str) -> str:
    options = [("", "not sure"), ("true", "yes"), ("false", "no")]
    name = escape(event)
    return f'<p>{name} <select name="event_{name}">{_options(options, now)}</select></p>'


def _options(options: list[tuple[str, str]], now: str) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == now else ""}>{escape(text)}'
        "</option>"
        for value, text in options
    )


def _boxes(name: str, title: str, terms: Mapping[str, Term], seen: set[str], case: Case) -> str:
    """Check boxes; the first says that they were looked at, for none ticked then means none."""
    # A label of the whole clip has to be said again of the frame.
    weak = case.label_sources.get(name) == "weak"
    looked = " checked" if set(terms) <= set(case.looked_for) and not weak else ""
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}" value="{escape(t.id)}"'
        f"{' checked' if t.id in seen else ''}>{escape(t.name)}</label>"
        for t in terms.values()
    )
    return (
        f"<fieldset><legend>{title}</legend><p><label><input type='checkbox' name='{name}_seen' "
        f"value='1'{looked}>I looked for all of these</label></p>{boxes}</fieldset>"
    )
