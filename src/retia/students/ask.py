"""Ask a student: images and questions in, answers out.

Decoding is greedy, so the same student gives the same answer every time. Boxes in questions and
answers are pixels of the given image.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from retia.students.boxes import from_family, to_family
from retia.students.conversation import Question, check_counts, to_chat, to_rgb
from retia.students.student import Student


def ask(
    student: Student,
    images: Sequence[np.ndarray],
    questions: Sequence[Question],
    max_new_tokens: int = 256,
    batch_size: int = 32,
) -> list[str]:
    """Return one answer per image and question.

    Args:
        student: From `load_student`.
        images: uint8 arrays, shape `(H, W)` or `(H, W, 3)`.
        questions: One an image: the user's text, or the turns so far, ending with the user's.
        max_new_tokens: Longest answer, in tokens.
        batch_size: Images at once; does not change the answers.

    Raises:
        UserError: If the counts differ, an image has the wrong shape or type, or a conversation
            does not end with the user's turn.
    """
    said = ask_aloud(student, images, questions, max_new_tokens, batch_size)
    return [text for text, _ in said]


def ask_aloud(
    student: Student,
    images: Sequence[np.ndarray],
    questions: Sequence[Question],
    max_new_tokens: int = 256,
    batch_size: int = 32,
) -> list[tuple[str, float]]:
    """Return the answers of `ask`, each with its mean log-probability a token.

    The log-probabilities are those of decoding itself, without the end token, so they cost next to
    nothing; `retia.students.score` gives the same up to rounding where a text is tokenized again
    as it was written. An empty answer has 0.

    Args and errors as of `ask`.
    """
    check_counts(images, questions)
    prompts = [prompt(student, q, i) for q, i in zip(questions, images, strict=True)]
    # Prompts of like length go together, so that little is padded.
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = [("", 0.0)] * len(prompts)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        chosen = [images[i] for i in rows]
        said = _generate(student, chosen, [prompts[i] for i in rows], max_new_tokens)
        for row, own in zip(rows, said, strict=True):
            answers[row] = own
    return answers


def prompt(student: Student, question: Question, image: np.ndarray) -> str:
    """Render the chat up to where the answer begins; boxes in the family's numbers."""
    text = student.processor.apply_chat_template(to_chat(question), add_generation_prompt=True)
    return to_family(text, image.shape[:2], student.family.boxes, seen_size(student, image))


def seen_size(student: Student, image: np.ndarray) -> tuple[int, int] | None:
    """(height, width) of the image as a model of varying resolution sees it; None for others."""
    if student.family.boxes != "resized_pixels":
        return None
    grid = student.processor.image_processor([to_rgb(image)], return_tensors="np")["image_grid_thw"]
    patch = student.processor.image_processor.patch_size
    return int(grid[0][1]) * patch, int(grid[0][2]) * patch


def encode(student: Student, images: Sequence[np.ndarray], prompts: Sequence[str]) -> Any:
    """Tokenize prompts and process images, padded on the left, on the model's device."""
    return student.processor(
        text=list(prompts),
        images=[to_rgb(image) for image in images],
        padding=True,
        padding_side="left",
        add_special_tokens=False,
        return_tensors="pt",
    ).to(student.model.device)


def in_pixels(student: Student, text: str, image: np.ndarray) -> str:
    """A completion with its boxes in pixels of the image."""
    size = image.shape[:2]
    return from_family(text.strip(), size, student.family.boxes, seen_size(student, image))


def _generate(
    student: Student, images: list[np.ndarray], prompts: list[str], max_new_tokens: int
) -> list[tuple[str, float]]:
    import torch

    batch = encode(student, images, prompts)
    best: list[torch.Tensor] = []

    def watch(_: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        # Greedy decoding takes the likeliest token: its log-probability is known here, and the
        # scores of a whole vocabulary need not be kept.
        best.append((scores.amax(dim=-1) - scores.logsumexp(dim=-1)).float())
        return scores

    with torch.inference_mode():
        tokens = student.model.generate(
            **batch, max_new_tokens=max_new_tokens, do_sample=False, logits_processor=[watch]
        )
    new = tokens[:, batch["input_ids"].shape[1] :]
    texts = student.tokenizer.batch_decode(new, skip_special_tokens=True)
    # The end of an answer, and the filling after it, are no part of it.
    own = student.tokenizer
    special = torch.tensor([*own.all_special_ids, own.pad_token_id], device=new.device)
    said = ~torch.isin(new, special)
    logprobs = torch.stack(best, dim=1) * said
    means = logprobs.sum(1) / said.sum(1).clamp(min=1)
    return [
        (in_pixels(student, text, image), mean)
        for text, image, mean in zip(texts, images, means.tolist(), strict=True)
    ]
