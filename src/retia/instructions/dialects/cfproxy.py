"""The files of the medical-VQA source (github namrahrehman/CV801_Project), with true contents.

- `sft_<split>.json`: rows of `text, instruction, input, output, image, question, answer, metadata`,
  as its `prepare_data.py` names them. Caption, reasons and boxes are those of the sample; what
  nobody knows is empty, where the source writes a placeholder box and invented reasons.
- `grpo_<split>.jsonl`: rows of `image_path, question, gold, caption, boxes`, as its
  `train_grpo.py` reads them. The effect of a removed region (`delta_cf_roi`, `delta_cf_rand`) is
  left out: it belongs to an answer that is sampled, not to a row.
"""

import json
from collections.abc import Sequence
from typing import Any

from retia.claims import parse_answer
from retia.instructions.turn import AS_JSON
from retia.records import Answer, Message, Sample

PROMPT = """You answer questions about medical images. Reply with one JSON object and nothing else:
{{
 "caption": "<what the image shows, in one or two sentences>",
 "reasoning": ["<step>", "<step>", "<step>"],
 "boxes": [[x1, y1, x2, y2]],
 "answer": "<short answer>"
}}
Boxes are whole pixels of the image; leave the list empty where no region decides.
Question: "{question}"
"""


def cfproxy_files(samples: Sequence[Sample]) -> tuple[dict[str, list[dict[str, Any]]], int]:
    """Samples as the rows of both files, by file name.

    Only samples of one question with a JSON answer have a place there.

    Returns:
        Rows per file, and how many samples were left out.
    """
    files: dict[str, list[dict[str, Any]]] = {}
    left_out = 0
    for sample in samples:
        single = len(sample.answers) == 1 and len(sample.images) == 1
        turn = sample.answers[0] if single else None
        answer = parse_answer(turn.text, strict=True, modality=sample.modality) if turn else None
        if turn is None or answer is None:
            left_out += 1
            continue
        split = "all" if sample.split is None else sample.split
        if sample.stage == "grpo":
            files.setdefault(f"grpo_{split}.jsonl", []).append(_grpo_row(sample, turn, answer))
        else:
            files.setdefault(f"sft_{split}.json", []).append(_sft_row(sample, answer))
    return files, left_out


def _sft_row(sample: Sample, answer: Answer) -> dict[str, Any]:
    question = _question(sample)
    prompt = PROMPT.format(question=question)
    told = {
        "caption": answer.caption,
        "reasoning": list(answer.reasoning),
        "boxes": _whole(answer),
        "answer": answer.answer,
    }
    output = json.dumps(told, ensure_ascii=False)
    return {
        "id": sample.id,
        "text": f"{prompt}\n{output}",
        "instruction": prompt,
        "input": "",
        "output": output,
        "image": sample.images[0],
        "question": question,
        "answer": answer.answer,
        "metadata": {
            "qid": sample.id,
            "case": sample.case,
            "group": sample.group,
            "split": str(sample.split),
            "modality": sample.modality,
        },
    }


def _grpo_row(sample: Sample, turn: Message, answer: Answer) -> dict[str, Any]:
    boxes = [[round(edge) for edge in turn.roi_px]] if turn.roi_px else _whole(answer)
    return {
        "id": sample.id,
        "image_path": sample.images[0],
        "question": _question(sample),
        "gold": answer.answer,
        "caption": answer.caption,
        "boxes": boxes,
    }


def _question(sample: Sample) -> str:
    asked = " ".join(m.text for m in sample.messages if m.role == "user")
    return asked.removesuffix(AS_JSON)


def _whole(answer: Answer) -> list[list[int]]:
    boxes = [*answer.boxes, *(f.box for f in answer.findings if f.box is not None)]
    return [[round(edge) for edge in box] for box in boxes]
