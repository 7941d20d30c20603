"""One sample as one row of another tool's file.

- LLaVA: JSON list; `id, image, conversations` of `{from: human|gpt, value}`, `<image>` in the first
  turn (github haotian-liu/LLaVA, `docs/Finetune_Custom_Data.md`).
- ShareGPT and LLaMA-Factory: JSON list; `conversations` and `images`, described by
  `dataset_info.json` (github hiyouga/LLaMA-Factory, `data/README.md`).
- TRL: JSON Lines; `messages` of typed content parts, and `images` in the order of the image parts
  (TRL's "Dataset formats", vision datasets).

Roles are `human` and `gpt`: LLaMA-Factory leaves out rows with other roles after a mere warning.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.records import Message, Part, Sample
from retia.records.jsonl import to_plain

IMAGE = "<image>"
FILE_SUFFIX = {"trl": ".jsonl", "llava": ".json", "sharegpt": ".json", "llama-factory": ".json"}
_ROLES = {"user": "human", "assistant": "gpt", "system": "system"}
_READ = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}


def to_row(sample: Sample, format: str) -> dict[str, Any]:
    """A sample as a row.

    Raises:
        UserError: If a text holds `<image>`, or there are not as many image parts as images.
    """
    parts = [part for message in sample.messages for part in message.content]
    if any(IMAGE in (part.text or "") for part in parts):
        raise UserError(f"sample {sample.id}: a text holds {IMAGE}, which stands for a picture.")
    if sum(part.type == "image" for part in parts) != len(sample.images):
        raise UserError(
            f"sample {sample.id}: {len(sample.images)} images, but "
            f"{sum(part.type == 'image' for part in parts)} places for them in its messages."
        )
    if format == "trl":
        return _trl(sample)
    if format == "llava" and any(m.role == "system" for m in sample.messages):
        raise UserError(f"sample {sample.id}: LLaVA files have no place for a system message.")
    row: dict[str, Any] = {"id": sample.id}
    if format == "llava":
        single = len(sample.images) == 1
        row["image"] = sample.images[0] if single else list(sample.images)
    else:
        row["images"] = list(sample.images)
    row["conversations"] = [{"from": _ROLES[m.role], "value": _tagged(m)} for m in sample.messages]
    row["meta"] = _meta(sample)
    return row


def _trl(sample: Sample) -> dict[str, Any]:
    messages = [
        {
            "role": m.role,
            "content": [
                {"type": "image"} if p.type == "image" else {"type": "text", "text": p.text or ""}
                for p in m.content
            ],
        }
        for m in sample.messages
    ]
    return {"id": sample.id, "images": list(sample.images), "messages": messages} | {
        "meta": _meta(sample)
    }


def _tagged(message: Message) -> str:
    """A turn as text, `<image>` on a line of its own before what is said about it."""
    pictures = "".join(f"{IMAGE}\n" for p in message.content if p.type == "image")
    return pictures + message.text


def _meta(sample: Sample) -> dict[str, Any]:
    """What tells where a row is from; every value is a text, for loaders that infer columns."""
    gold = [to_plain(m.gold) if m.gold else None for m in sample.answers]
    return {
        "case": sample.case,
        "group": sample.group,
        "split": str(sample.split),
        "stage": sample.stage,
        "modality": sample.modality,
        "kind": sample.meta.get("kind", ""),
        "question_kinds": [m.question_kind or "" for m in sample.answers],
        "gold": json.dumps(gold, ensure_ascii=False),
    }


def dataset_info(files: Sequence[str]) -> dict[str, Any]:
    """LLaMA-Factory's description of ShareGPT files: columns and tags, all named.

    Args:
        files: Names of the files, such as `train.json`.
    """
    return {
        f"retia_{Path(file).stem}": {
            "file_name": file,
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "images": "images"},
            "tags": {
                "role_tag": "from",
                "content_tag": "value",
                "user_tag": "human",
                "assistant_tag": "gpt",
                "system_tag": "system",
            },
        }
        for file in files
    }


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as a JSON list (`.json`, one row a line) or as JSON Lines, atomically."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = "".join(f"{line}\n" for line in lines)
    if path.suffix == ".json":
        text = "[\n" + ",\n".join(lines) + "\n]\n"
    with atomic_file(path) as part:
        part.write_text(text, encoding="utf-8")


def read_llava(path: Path) -> list[Sample]:
    """Read a LLaVA file as samples; `assistant` is taken for `gpt`, and `user` for `human`.

    Args:
        path: A JSON list of rows with `conversations` and, but for texts alone, `image`.

    Returns:
        Samples without gold and evidence; image paths as the file gives them.

    Raises:
        UserError: Naming file and row of the first problem.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: {error}.") from None
    if not isinstance(rows, list):
        raise UserError(f"{path} holds {type(rows).__name__}, expected a list of conversations.")
    return [_from_llava(row, f"{path}, row {number}", number) for number, row in enumerate(rows, 1)]


def _from_llava(row: Any, where: str, number: int) -> Sample:
    turns = row.get("conversations") if isinstance(row, dict) else None
    if not isinstance(turns, list) or not turns:
        raise UserError(f"{where}: no `conversations`. Expected a list of turns.")
    image = row.get("image", row.get("images", []))
    images = tuple(image) if isinstance(image, list) else (image,)
    messages = tuple(_message(turn, f"{where}, turn {n}") for n, turn in enumerate(turns, 1))
    for n, message in enumerate(messages, 1):
        expected = "user" if n % 2 else "assistant"
        if message.role != expected:
            raise UserError(f"{where}, turn {n}: is of {message.role}, expected {expected}.")
    places = sum(part.type == "image" for message in messages for part in message.content)
    if places != len(images):
        raise UserError(f"{where}: {len(images)} images, but {IMAGE} stands {places} times.")
    id = str(row.get("id", number))
    return Sample(id=id, case=id, group=id, images=images, messages=messages, stage="stage2")


def _message(turn: Any, where: str) -> Message:
    if not isinstance(turn, dict) or not isinstance(turn.get("value"), str):
        raise UserError(f"{where}: {turn!r:.60}. Expected `from` and `value`.")
    role = _READ.get(str(turn.get("from")))
    if role is None:
        raise UserError(f"{where}: role {turn.get('from')!r}. Expected {', '.join(_READ)}.")
    pictures = (Part(type="image"),) * turn["value"].count(IMAGE)
    text = turn["value"].replace(IMAGE, "").strip()
    return Message(role=role, content=(*pictures, Part(type="text", text=text)))  # type: ignore[arg-type]
