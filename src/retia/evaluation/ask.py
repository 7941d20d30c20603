"""Questions to texts: by a student, or from a file of earlier answers.

In:  held-out cases and conversations.
Out: one `Prediction` a question and condition.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from retia.errors import UserError
from retia.evaluation.controls import blank, derange
from retia.instructions.writer import eye_sentence, stage_question
from retia.records import Case, Gold, Sample
from retia.records.jsonl import iterate_jsonl
from retia.records.record import record
from retia.runs import track
from retia.taxonomy import read_vocabulary

log = logging.getLogger("retia")

Predictor = Callable[[list[np.ndarray], list[str]], list[str]]
"""Images (uint8) and as many questions in, texts out."""

Condition = Literal["real", "blank", "shuffled"]
CONDITIONS: tuple[Condition, ...] = ("real", "blank", "shuffled")
BATCH = 64


@record
class Prediction:
    """What was answered to one question about one case."""

    case: str
    question: str
    text: str
    condition: Condition = "real"
    question_kind: str = "stage"
    image_of: str | None = None
    """Under `shuffled`: the case whose image was shown."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question with its right answer."""

    case: Case
    question: str
    question_kind: str
    gold: Gold


def stage_items(cases: Sequence[Case]) -> list[Item]:
    """The stage question, once a case."""
    items = []
    for case in cases:
        name = read_vocabulary(case.modality).stage_name(str(case.stage))
        gold = Gold(type="stage", value=name)
        question = stage_question(case)
        items.append(Item(case=case, question=question, question_kind="stage", gold=gold))
    return items


def turn_items(samples: Iterable[Sample], cases: Sequence[Case]) -> list[Item]:
    """Every turn of the conversations about these cases, but for the stage.

    Each is asked on its own: earlier turns would give the answers away.
    """
    by_id = {case.id: case for case in cases}
    items: dict[tuple[str, str], Item] = {}
    for sample in samples:
        case = by_id.get(sample.case)
        if case is None or sample.stage != "stage2":
            continue
        lead = eye_sentence(case.laterality)
        for asked, answer in zip(sample.messages, sample.messages[1:], strict=False):
            if answer.role != "assistant" or answer.gold is None or answer.gold.type == "stage":
                continue
            text = asked.text if asked.text.startswith(lead) else lead + asked.text
            kind = answer.question_kind or answer.gold.type
            item = Item(case=case, question=text, question_kind=kind, gold=answer.gold)
            items.setdefault((case.id, text), item)
    return list(items.values())


def ask_all(
    stage: Sequence[Item],
    turns: Sequence[Item],
    predictor: Predictor,
    load: Callable[[Case], np.ndarray],
    seed: int,
) -> list[Prediction]:
    """Ask the stage under every condition, and the turns about the real image.

    Args:
        stage: From `stage_items`.
        turns: From `turn_items`.
        predictor: Answers.
        load: Reads the image of a case, uint8.
        seed: Of the shuffled control.
    """
    cases = [item.case for item in stage]
    partner = derange(cases, seed)
    predictions: list[Prediction] = []
    for condition in CONDITIONS:
        if condition == "shuffled" and partner is None:
            log.warning("evaluate: too few groups to shuffle images, control left out")
            continue
        shown = cases
        if condition == "shuffled" and partner is not None:
            shown = [cases[i] for i in partner]
        predictions += _ask(stage, shown, condition, predictor, load)
    return predictions + _ask(turns, [t.case for t in turns], "real", predictor, load)


def _ask(
    items: Sequence[Item],
    shown: Sequence[Case],
    condition: Condition,
    predictor: Predictor,
    load: Callable[[Case], np.ndarray],
) -> list[Prediction]:
    predictions: list[Prediction] = []
    what = f"asking about {'regions' if items and items[0].question_kind != 'stage' else condition}"
    for start in track(range(0, len(items), BATCH), what):
        part = items[start : start + BATCH]
        images = [load(case) for case in shown[start : start + BATCH]]
        if condition == "blank":
            images = [blank(image) for image in images]
        texts = predictor(images, [item.question for item in part])
        if len(texts) != len(part):
            raise UserError(
                f"{len(part)} questions were asked, but {len(texts)} answers came back."
            )
        for item, case, text in zip(part, shown[start : start + BATCH], texts, strict=True):
            predictions.append(
                Prediction(
                    case=item.case.id,
                    question=item.question,
                    text=text,
                    condition=condition,
                    question_kind=item.question_kind,
                    image_of=case.id if condition == "shuffled" else None,
                )
            )
    return predictions


def read_predictions(path: Path, stage: Sequence[Item], turns: Sequence[Item]) -> list[Prediction]:
    """Read answers made elsewhere: JSON Lines of `case, question, text` and maybe `condition`.

    A question counts as the stage question of its case when it is the same text or the only one of
    that case. Questions without an answer are answered by an empty text, which is wrong.

    Raises:
        UserError: If a row lacks `case` or `text`, or no row belongs to the held-out cases.
    """
    rows: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for number, row in iterate_jsonl(path):
        if not isinstance(row, dict) or not all(
            isinstance(row.get(k), str) for k in ("case", "text")
        ):
            raise UserError(f"{path}, line {number}: expected texts `case`, `question` and `text`.")
        key = (row["case"], str(row.get("condition", "real")))
        rows.setdefault(key, []).append((str(row.get("question", "")), row["text"]))
    if not any((item.case.id, "real") in rows for item in stage):
        raise UserError(
            f"{path} answers none of the {len(stage)} held-out cases. "
            f"Expected `case` to be an id such as {stage[0].case.id!r}."
        )
    conditions = [c for c in CONDITIONS if any(key[1] == c for key in rows)]
    wanted = [(item, c) for c in conditions for item in stage] + [(t, "real") for t in turns]
    predictions, absent = [], 0
    for item, condition in wanted:
        answers = rows.get((item.case.id, condition), [])
        text = dict(answers).get(item.question)
        if text is None and item.question_kind == "stage" and len(answers) == 1:
            text = answers[0][1]
        if text is None and item.question_kind != "stage":
            continue
        absent += text is None
        predictions.append(
            Prediction(
                case=item.case.id,
                question=item.question,
                text=text or "",
                condition=condition,  # type: ignore[arg-type]
                question_kind=item.question_kind,
            )
        )
    if absent:
        log.warning("evaluate: %d stage questions have no answer and count as wrong", absent)
    return predictions
