"""Replies under the three protocols.

In:  questions, a predictor, a protocol.
Out: one `Reply` a question; one that cannot be read stays, and is wrong.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from retia.claims import parse_answer
from retia.errors import UserError
from retia.evaluation.answers.scores import QuestionRow, read_answer
from retia.evaluation.cfproxy.conventions import CONVENTIONS, right_by
from retia.evaluation.cfproxy.regions import own_box
from retia.evaluation.confidence import caption_question
from retia.evaluation.plan.items import Item
from retia.evaluation.plan.protocols import TITLES, Protocol, ask_as
from retia.evaluation.predictors.predictor import Predictor, Said
from retia.instructions.turn import AS_JSON
from retia.records import Answer, Case
from retia.runs import track
from retia.students.pictures import shown_picture

log = logging.getLogger("retia")

BATCH = 64
"""Questions at once."""

Load = Callable[[Case], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One reply, read."""

    protocol: Protocol
    read: QuestionRow
    answer: Answer | None
    """None where the reply is no JSON answer."""
    trouble: str | None = None
    """Why there is no reply at all."""

    @property
    def item(self) -> Item:
        """What was asked."""
        return self.read.item

    @property
    def question(self) -> str:
        """What was asked, without how to answer."""
        return self.item.question.removesuffix(AS_JSON)

    @property
    def right(self) -> dict[str, bool]:
        """Whether it is right, by each convention; what cannot be read is wrong in all of them."""
        if self.answer is None:
            return dict.fromkeys(CONVENTIONS, False)
        return right_by(self.read)

    @property
    def caption(self) -> str:
        """Its caption; empty without one."""
        return self.answer.caption if self.answer else ""

    @property
    def confidence(self) -> float:
        """The source's score of caption against question, in [0, 1]; 0 without a caption."""
        return caption_question(self.question, self.caption) if self.caption else 0.0

    @property
    def has_box(self) -> bool:
        """Whether it gives a box."""
        return own_box(self.answer) is not None


def ask_protocol(
    items: Sequence[Item], protocol: Protocol, predictor: Predictor, load: Load
) -> list[Reply]:
    """Ask every question once about its own image.

    Args:
        items: What to ask.
        protocol: How to word it.
        predictor: Answers.
        load: Reads the image of a case, uint8; one that cannot be read is a reply's trouble.
    """
    replies: list[Reply] = []
    for start in track(range(0, len(items), BATCH), f"cfproxy, {TITLES[protocol]}"):
        part = items[start : start + BATCH]
        said = _ask(part, [ask_as(item, protocol) for item in part], predictor, load)
        replies += [read_reply(i, protocol, s) for i, s in zip(part, said, strict=True)]
    return replies


def _ask(
    items: Sequence[Item], questions: Sequence[str], predictor: Predictor, load: Load
) -> list[Said]:
    pictures = [try_load(item.case, load) for item in items]
    seen = [n for n, picture in enumerate(pictures) if not isinstance(picture, str)]
    shown = [picture for picture in pictures if not isinstance(picture, str)]
    answers = iter(predictor.answer(shown, [questions[n] for n in seen]) if seen else ())
    return [Said(text="", trouble=p) if isinstance(p, str) else next(answers) for p in pictures]


def loader_of(folder: Path) -> Load:
    """Return a function that reads the image of a case of this folder, uint8."""
    return lambda case: shown_picture(folder / case.file_name, case.modality)


def try_load(case: Case, load: Load) -> np.ndarray | str:
    """The image of a case, or in words why there is none."""
    try:
        return load(case)
    except UserError as error:
        return f"no image: {error}"


def read_reply(item: Item, protocol: Protocol, said: Said) -> Reply:
    """Read a reply; whatever the samples say of the form, here it must be JSON."""
    must = replace(item, structured=True)
    return Reply(
        protocol=protocol,
        read=read_answer(must, said.text),
        answer=parse_answer(said.text, strict=True, modality=item.case.modality),
        trouble=said.trouble,
    )
