"""Galleries: the best, the worst and the most unfaithful explanations, item by item.

In:  what is to be seen of each item.
Out: a section of the report, and links to it at the top of the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from retia.evaluation.report.question_report import small_picture
from retia.figures import Report, sentences_html
from retia.figures.report import figure
from retia.records import Sentence

OPEN = 3
"""So many items of each gallery are seen at once; the others open on a click."""
OUTLINE = (255, 196, 0)
"""Colour of a region's outline, RGB."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One item as it is shown."""

    title: str
    """Why it is here, in a few words: `3 of 4 claims contradicted`."""
    case: str
    picture: np.ndarray
    """Grey or RGB, uint8."""
    region_picture: np.ndarray | None
    """The same with the region outlined; see `outlined`. None where no region is known."""
    edited: np.ndarray | None
    """The counterfactual image: the region removed, or the exact twin."""
    question: str
    gold: str
    before: str
    """Answer on the image as it is."""
    after: str | None
    """Answer on the counterfactual image; None where it was not asked."""
    sentences: tuple[Sentence, ...]
    """Of the explanation, with their verdicts; empty where claims cannot be judged."""
    note: str
    """Small print: numbers of this item."""


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Items under one name."""

    name: str
    anchor: str
    link: str
    """To its first items, at the top of the page."""
    intro: str
    """What puts an item here, and in which order."""
    empty: str
    """Said where there is none: why."""


BEST = Gallery(
    name="Best explanations",
    anchor="best-explanations",
    link="The three best explanations",
    intro="Explanations with the largest share of true claims that leave out least.",
    empty="No explanation could be judged.",
)
WORST = Gallery(
    name="Worst explanations",
    anchor="worst-explanations",
    link="The three worst explanations",
    intro="Most contradicted claims first, then the smallest F1 of the claims.",
    empty="No explanation could be judged.",
)
UNFAITHFUL = Gallery(
    name="Most unfaithful answers",
    anchor="most-unfaithful",
    link="The three most unfaithful answers",
    intro="Answers that lose least when the region they should rest on is removed.",
    empty="No counterfactual was measured.",
)


def add_galleries(
    report: Report,
    shown: Mapping[str, Sequence[Shown]],
    galleries: Sequence[Gallery] = (WORST, BEST),
) -> None:
    """Add a section of galleries, each one click from the top of the page.

    The unfaithful answers stand in the section about counterfactuals, see `faithfulness_report`.

    Args:
        report: Grows.
        shown: By anchor of the gallery its items, the most telling ones first.
        galleries: In their order.
    """
    report.heading("Explanations, one by one", "explanations")
    legend = " ".join(
        f'<span class="{v}">{v}</span>' for v in ("supported", "contradicted", "unsupported")
    )
    report.paragraph(
        "Sentences are the student's, coloured by how their claims fare against what is known of "
        f"the case ({legend}); the evidence shows on hover. Sentences without a colour make no "
        "claim that can be judged."
    )
    for gallery in galleries:
        add_gallery(report, gallery, shown.get(gallery.anchor, ()))


def add_gallery(report: Report, gallery: Gallery, shown: Sequence[Shown]) -> None:
    """Add one gallery to the section that is open, with a link at the top of the page."""
    report.subheading(gallery.name, gallery.anchor)
    if not shown:
        report.paragraph(f"None: {escape(gallery.empty)}")
        return
    report.shortcut(gallery.link if len(shown) >= OPEN else gallery.name, gallery.anchor)
    report.paragraph(escape(gallery.intro))
    for number, item in enumerate(shown[:OPEN], 1):
        report.html(item_html(item, number))
    if rest := shown[OPEN:]:
        with report.collapsed(f"{len(rest)} more: {gallery.name.lower()}"):
            for number, item in enumerate(rest, OPEN + 1):
                report.html(item_html(item, number))


def item_html(item: Shown, number: int) -> str:
    """One item as HTML, with its pictures inside."""
    pictures = [
        (item.picture, f"Case {item.case}", "The image the question is about"),
        (item.region_picture, "The region, outlined", "The same image, region outlined"),
        (item.edited, "The region removed", "The image without the region"),
    ]
    row = "".join(
        figure(small_picture(picture), caption, f"{alt}: case {item.case}.", small=True)
        for picture, caption, alt in pictures
        if picture is not None
    )
    facts = [
        ("Question", escape(item.question)),
        ("Right answer", escape(item.gold)),
        ("Said", escape(item.before) or "(nothing)"),
    ]
    if item.edited is not None:
        after = "(not asked)" if item.after is None else escape(item.after) or "(nothing)"
        facts.append(("Said without the region", after))
    if item.sentences:
        facts.append(("Explanation", sentences_html(item.sentences)))
    listed = "".join(f"<dt>{name}</dt><dd>{html}</dd>" for name, html in facts)
    note = f"<p><small>{escape(item.note)}</small></p>" if item.note else ""
    return (
        f'<article class="shown"><h4>{number}. {escape(item.title)}</h4>'
        f'<div class="row">{row}</div><dl>{listed}</dl>{note}</article>'
    )


def outlined(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw a line around a region of an image; the region itself stays as it is.

    Args:
        image: Grey `(H, W)` or RGB `(H, W, 3)`, uint8.
        mask: Bool, shape `(H, W)`.

    Returns:
        RGB, uint8, longer side at most `PICTURE_PX`: drawn at the size it is shown at, so that the
        line is not thinned away.
    """
    import cv2

    small = small_picture(image)
    height, width = small.shape[:2]
    region = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    inside = (region > 0).astype(np.uint8)
    around = [cv2.dilate(inside, np.ones((3, 3), np.uint8), iterations=n) > 0 for n in (2, 3)]
    # Two pixels around the region, then a black rim: seen on bright and dark ground alike.
    drawn = small.copy()
    drawn[around[1]] = (0, 0, 0)
    drawn[around[0]] = OUTLINE
    drawn[inside > 0] = small[inside > 0]
    return drawn
