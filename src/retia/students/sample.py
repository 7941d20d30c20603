"""Ask a student again and again: answers drawn at a temperature, not the likeliest ones."""

from collections.abc import Sequence

import numpy as np

from retia.students.ask import encode, in_pixels, prompt
from retia.students.conversation import Question, check_counts
from retia.students.student import Student


def draw(
    student: Student,
    images: Sequence[np.ndarray],
    questions: Sequence[Question],
    temperature: float,
    max_new_tokens: int,
    seed: int,
    batch_size: int = 32,
) -> list[str]:
    """Draw one answer per image and question from the whole vocabulary.

    The same seed gives the same texts for the same questions in the same batches.

    Args:
        student: From `load_student`.
        images: uint8 arrays, shape `(H, W)` or `(H, W, 3)`.
        questions: One an image, as for `ask`; several draws are asked for by as many entries.
        temperature: Above 0; 1 leaves the model's probabilities as they are.
        max_new_tokens: Longest answer, in tokens.
        seed: Of the draw.
        batch_size: Images at once.

    Raises:
        UserError: As `ask`.
    """
    import torch

    check_counts(images, questions)
    texts: list[str] = []
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(seed)
        for start in range(0, len(images), batch_size):
            part = slice(start, start + batch_size)
            asked = zip(questions[part], images[part], strict=True)
            batch = encode(student, images[part], [prompt(student, q, i) for q, i in asked])
            tokens = student.model.generate(
                **batch,
                max_new_tokens=max_new_tokens,
                do_sample=True,
                temperature=temperature,
                top_k=0,
                top_p=1.0,
            )
            new = tokens[:, batch["input_ids"].shape[1] :]
            texts += student.tokenizer.batch_decode(new, skip_special_tokens=True)
    return [in_pixels(student, text, image) for text, image in zip(texts, images, strict=True)]
