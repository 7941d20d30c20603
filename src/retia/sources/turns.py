"""The turns of a row of another tool: who says what, in the order that trainers need.

In:  a row of LLaVA, ShareGPT, TRL, ms-swift or a question with its answer.
Out: pairs of role and text, `<image>` where a picture stands.
"""

from typing import Any, Literal

from retia.errors import UserError
from retia.records import Gold
from retia.sources.questions import gold_type, text_of

IMAGE = "<image>"
BOX = "<bbox>"
Role = Literal["system", "user", "assistant"]
ROLES: dict[str, Role] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "system": "system",
}


def turns_of(row: dict[str, Any]) -> list[tuple[Role, str]]:
    """The turns of a conversation.

    Raises:
        UserError: If a role is unknown, a turn is empty, or they are out of order.
    """
    key = "conversations" if "conversations" in row else "messages"
    turns = row[key]
    if not isinstance(turns, list) or not turns:
        raise UserError(f"`{key}` is {turns!r:.60}. Expected a list of turns.")
    read = [_turn(turn, number) for number, turn in enumerate(turns, 1)]
    if row.get("objects"):
        read = _with_boxes(read, row["objects"])
    start = 1 if read[0][0] == "system" else 0
    for place, (role, _) in enumerate(read[start:]):
        expected = "assistant" if place % 2 else "user"
        if role != expected:
            raise UserError(f"turn {start + place + 1} is of {role}, expected {expected}.")
    if read[-1][0] != "assistant":
        raise UserError(f"the last turn is of {read[-1][0]}, expected assistant.")
    return read


def _turn(turn: Any, number: int) -> tuple[Role, str]:
    if not isinstance(turn, dict):
        raise UserError(f"turn {number} is {turn!r:.60}. Expected an object.")
    said = turn.get("from", turn.get("role"))
    role = ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        raise UserError(f"turn {number}: role {said!r}. Expected {', '.join(ROLES)}.")
    text = _text(turn.get("value", turn.get("content")), number)
    if not text.replace(IMAGE, "").strip():
        raise UserError(f"turn {number}, of {said}, is empty.")
    return role, text


def _text(content: Any, number: int) -> str:
    """A text, or typed parts as TRL and the OpenAI API write them."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise UserError(f"turn {number} says {content!r:.60}. Expected a text or typed parts.")
    texts = []
    for part in content:
        sort = part.get("type") if isinstance(part, dict) else None
        if sort not in ("text", "image") or (sort == "text" and not isinstance(part["text"], str)):
            raise UserError(f"turn {number}: part {part!r:.60}. Expected a text or an image.")
        texts.append(part["text"] if sort == "text" else IMAGE)
    return "".join(texts)


def _with_boxes(turns: list[tuple[Role, str]], objects: Any) -> list[tuple[Role, str]]:
    """Put ms-swift's boxes where their places stand."""
    boxes = objects.get("bbox", []) if isinstance(objects, dict) else None
    places = sum(text.count(BOX) for _, text in turns)
    if not isinstance(boxes, list) or places != len(boxes):
        raise UserError(f"`objects` is {objects!r:.60}, but {BOX} stands {places} times.")
    sort = objects.get("bbox_type", "real")
    if boxes and sort != "real":
        raise UserError(f"bbox_type is {sort!r}. Expected `real`: pixels of the stored image.")
    left = iter(boxes)
    full: list[tuple[Role, str]] = []
    for role, text in turns:
        head, *others = text.split(BOX)
        full.append((role, head + "".join(f"{_box(next(left))}{rest}" for rest in others)))
    return full


def _box(box: Any) -> str:
    if not (
        isinstance(box, list) and len(box) == 4 and all(isinstance(e, int | float) for e in box)
    ):
        raise UserError(f"a box is {box!r:.60}. Expected four numbers.")
    return "[" + ", ".join(f"{edge:g}" for edge in box) + "]"


def question_and_answer(
    row: dict[str, Any], images: int
) -> tuple[list[tuple[Role, str]], Gold | None]:
    """The two turns of a row without a conversation, and its typed right answer.

    Args:
        row: `instruction` (with `input`) and `output`, or `question` and `answer`.
        images: How many pictures stand before the question.

    Raises:
        UserError: If it has neither.
    """
    pictures = f"{IMAGE}\n" * images
    answer = row.get("answer")
    short = text_of(row, "answer", "the row") if answer is not None else None
    if "output" in row:
        asked = "\n".join(filter(None, (_plain(row, "instruction"), str(row.get("input") or ""))))
        return [("user", pictures + asked), ("assistant", _plain(row, "output"))], (
            None if short is None else _gold(str(row.get("question", "")), short)
        )
    if "question" not in row:
        keys = ", ".join(sorted(map(str, row)))
        raise UserError(
            f"no conversation in keys {keys:.200}. Expected `conversations`, `messages`, "
            "`instruction` and `output`, or `question` and `answer`."
        )
    question = text_of(row, "question", "the row")
    right = text_of(row, "answer", "the row")
    return [("user", pictures + question), ("assistant", right)], _gold(question, right)


def _plain(row: dict[str, Any], key: str) -> str:
    """A text as it stands, line breaks and all."""
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"`{key}` is {value!r:.60}. Expected a text that is not empty.")
    return value


def _gold(question: str, answer: str) -> Gold:
    kind = gold_type(question, answer, closed=False)
    if kind == "number":
        return Gold(type="number", value=float(answer))
    return Gold(type=kind, value=answer.lower().rstrip(".") if kind == "yes_no" else answer)
