"""The layout of the page and what its buttons do.

In:  two functions: how to read an upload, and how to tell about a picture.
Out: gradio Blocks.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from retia.demo import html
from retia.demo.voices import Picture, View
from retia.errors import UserError

Read = Callable[[Path, str], Picture]
Tell = Callable[[Picture, str], Iterator[View]]

SIDES = {"right (OD)": "OD", "left (OS)": "OS", "unknown": None}
JUDGED = "A student explains its answer to a picture; every sentence is held against the graph."
UNJUDGED = "A student answers questions about a picture; nothing here checks what it says."


def make_page(examples: list[Picture], octa: bool, read: Read, tell: Tell) -> gr.Blocks:
    """Lay the page out.

    Args:
        examples: Shown as thumbnails; may be empty.
        octa: Whether there is a graph to show, and scale and side to ask for.
        read: A file and its name to a picture; raises `UserError`.
        tell: A picture and a question to views; raises `UserError`.
    """
    with gr.Blocks(title="Retia", analytics_enabled=False) as page:
        gr.HTML(html.title(JUDGED if octa else UNJUDGED), elem_id="title")
        chosen, problem = gr.State(None), gr.State("")
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=330):
                preview = gr.HTML(html.preview(None), elem_id="preview")
                gallery = _gallery(examples)
                upload = gr.UploadButton("Upload a picture", elem_id="upload", size="sm")
                with gr.Row(visible=octa):
                    scale = gr.Textbox(
                        label="Side of one pixel, mm", placeholder="0.00987", elem_id="scale"
                    )
                    side = gr.Dropdown(
                        list(SIDES), value="unknown", label="Which eye", elem_id="side"
                    )
                question = gr.Textbox(
                    label="Question",
                    placeholder="empty: what is the stage, and why?" if octa else "",
                    elem_id="question",
                )
                ask = gr.Button("Explain" if octa else "Ask", variant="primary", elem_id="ask")
            with gr.Column(scale=7, min_width=420):
                message = gr.HTML("", elem_id="message")
                cards = gr.HTML("", elem_id="cards")
                student = gr.HTML("", elem_id="student")
                graph = gr.HTML("", elem_id="graph")
        overlay = gr.HTML("", elem_id="overlay")
        findings = gr.HTML("", elem_id="findings")
        told: list[Any] = [message, cards, student, graph, overlay, findings]

        def pick(event: gr.SelectData) -> list[Any]:
            return _shown(examples[event.index])

        def receive(path: str) -> list[Any]:
            file = Path(path)
            try:
                return _shown(read(file, file.name))
            except UserError as error:
                return [None, html.preview(None), gr.skip(), gr.skip(), str(error)]
            finally:
                file.unlink()  # what was uploaded is kept in memory only

        def explain(
            picture: Picture | None, scale: str, side: str, question: str
        ) -> Iterator[list[Any]]:
            try:
                if picture is None:
                    raise UserError("there is no picture. Pick an example, or upload one.")
                for view in tell(_placed(picture, scale, side), question):
                    yield _filled(view)
            except UserError as error:
                yield [html.error(str(error)), *[gr.skip()] * (len(told) - 1)]

        telling = gr.on(
            [ask.click, question.submit],
            explain,
            [chosen, scale, side, question],
            told,
            show_progress="hidden",
            concurrency_limit=1,
            trigger_mode="once",
        )
        start = [chosen, preview, scale, side, problem]
        # A new picture ends what is being told of the last one, and only then clears the page.
        for event, take, given in ((gallery.select, pick, None), (upload.upload, receive, upload)):
            event(take, given, start, show_progress="hidden", cancels=[telling]).then(
                _cleared, problem, told, show_progress="hidden"
            )
    return page


def _gallery(examples: list[Picture]) -> gr.Gallery:
    return gr.Gallery(
        [(picture.pixels, picture.name) for picture in examples],
        label="Examples",
        elem_id="examples",
        columns=3,
        rows=1,
        height=150 if len(examples) <= 3 else 290,
        allow_preview=False,
        interactive=False,
        buttons=[],
        format="png",
        visible=bool(examples),
    )


def _shown(picture: Picture) -> list[Any]:
    """A new picture, with what is known of it; nothing is wrong with it."""
    scale = "" if picture.mm_per_px is None else f"{picture.mm_per_px:.6g}"
    side = next(name for name, side in SIDES.items() if side == picture.laterality)
    return [picture, html.preview(picture), scale, side, ""]


def _cleared(problem: str) -> list[Any]:
    return [html.error(problem) if problem else "", "", "", "", "", ""]


def _placed(picture: Picture, scale: str, side: str) -> Picture:
    """The picture with what the user typed of it."""
    from dataclasses import replace

    text = scale.strip().replace(",", ".")
    try:
        mm_per_px = float(text) if text else None
    except ValueError:
        raise UserError(
            f"the side of one pixel is {scale!r}. Expected a number in mm, such as 0.00987."
        ) from None
    return replace(picture, mm_per_px=mm_per_px, laterality=SIDES[side])


def _filled(view: View) -> list[Any]:
    parts = (html.step, html.cards, html.student, html.graph, html.overlay, html.findings)
    return [part(view) for part in parts]
