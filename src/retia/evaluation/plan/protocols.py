"""The medical-VQA source's two ways to ask, beside the project's own.

In:  an `Item`.
Out: one question text a protocol; every one of them asks for JSON.

The source (github namrahrehman/CV801_Project) asks each question twice: for the answer alone
("think→answer"), and for a caption, reasons, a box and then the answer ("caption→reason→answer").
The order of the keys matters: an autoregressive model is bound by what it wrote before.
"""

from typing import Literal, get_args

from retia.evaluation.plan.items import Item
from retia.instructions.turn import AS_JSON

Protocol = Literal["own", "answer_only", "caption_reason"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

TITLES: dict[Protocol, str] = {
    "own": "as in the samples",
    "answer_only": "think→answer",
    "caption_reason": "caption→reason→answer",
}
"""What people call them."""

ANSWER_ONLY = (
    " Think it over without writing that down. Then reply with one JSON object that has one key "
    'and with nothing else: {"answer": "yes, no, or a few words"}'
)
CAPTION_REASON = (
    " Reply with one JSON object and with nothing else, its keys in this order: "
    '{"caption": "what the image shows", "reasoning": ["first step", "next step"], '
    '"boxes": [[x0, y0, x1, y1]], "answer": "yes, no, or a few words"}. '
    "A box has the upper left and the lower right corner of the place that decides the answer; "
    "where no single place does, the list is empty."
)


def ask_as(item: Item, protocol: Protocol) -> str:
    """Word a question after a protocol.

    Args:
        item: Its text may already ask for JSON in the project's words.
        protocol: `own` leaves that text as it is, and adds the request for JSON where it lacks it.

    Returns:
        What is asked. No unit of boxes is named: each model family has its own (see
        `retia.students.boxes`), and answers come back in pixels of the image.
    """
    bare = item.question.removesuffix(AS_JSON)
    match protocol:
        case "own":
            return item.question if item.structured or bare != item.question else bare + AS_JSON
        case "answer_only":
            return bare + ANSWER_ONLY
        case "caption_reason":
            return bare + CAPTION_REASON
