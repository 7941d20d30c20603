"""How likely an answer is to a student: images, questions and answers in, numbers out."""

from collections.abc import Sequence

import numpy as np

from retia.students.ask import encode, prompt, seen_size
from retia.students.boxes import to_family
from retia.students.conversation import Question, check_counts
from retia.students.student import Student


def score(
    student: Student,
    images: Sequence[np.ndarray],
    questions: Sequence[Question],
    answers: Sequence[str],
    batch_size: int = 32,
) -> list[float]:
    """Return the mean log-probability per token of each answer, teacher-forced.

    Args:
        student: From `load_student`.
        images: uint8 arrays, shape `(H, W)` or `(H, W, 3)`.
        questions: One an image, as for `ask`.
        answers: One an image, with boxes in pixels. An empty answer scores 0.
        batch_size: Images at once.

    Raises:
        UserError: If the counts differ, an image has the wrong shape or type, or a conversation
            does not end with the user's turn.
    """
    check_counts(images, questions, answers)
    scores: list[float] = []
    for start in range(0, len(images), batch_size):
        rows = slice(start, start + batch_size)
        scores += _score_batch(student, images[rows], questions[rows], answers[rows])
    return scores


def _score_batch(
    student: Student,
    images: Sequence[np.ndarray],
    questions: Sequence[Question],
    answers: Sequence[str],
) -> list[float]:
    import torch

    batch = encode(
        student, images, [prompt(student, q, i) for q, i in zip(questions, images, strict=True)]
    )
    texts = [
        to_family(a, i.shape[:2], student.family.boxes, seen_size(student, i))
        for a, i in zip(answers, images, strict=True)
    ]
    added = [student.tokenizer(t, add_special_tokens=False)["input_ids"] for t in texts]
    longest = max(1, *map(len, added)) if len(added) > 1 else max(1, len(added[0]))
    prompts = batch["input_ids"]
    new = torch.full((len(added), longest), student.tokenizer.pad_token_id, device=prompts.device)
    known = torch.zeros_like(new)
    for row, ids in enumerate(added):
        new[row, : len(ids)] = torch.tensor(ids, device=new.device)
        known[row, : len(ids)] = 1
    tails = {"input_ids": new, "attention_mask": known}
    inputs = {}
    for name, value in batch.items():
        if value.shape == prompts.shape:
            value = torch.cat([value, tails.get(name, torch.zeros_like(new))], dim=1)
        inputs[name] = value
    with torch.inference_mode():
        # Only the positions that predict the answer are projected to the vocabulary.
        logits = student.model(**inputs, logits_to_keep=longest + 1).logits[:, :-1].float()
    chosen = torch.log_softmax(logits, dim=-1).gather(2, new[..., None])[..., 0]
    means = (chosen * known).sum(1) / known.sum(1).clamp(min=1)
    return np.asarray(means.cpu(), dtype=float).tolist()
