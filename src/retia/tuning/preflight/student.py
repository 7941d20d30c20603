"""Samples as one student would read them: what is learnt, what is cut, what is spelled."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retia.records import Sample
from retia.tuning.preflight.problems import Problem, named

if TYPE_CHECKING:
    from retia.students.student import Student

SPELLED_SHARE = 0.02
"""Share of a sample's words that may be spelled before the student counts as not knowing them."""
LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_UNLIMITED = 10**9


def check_labels(samples: Sequence[Sample], folder: Path, student: "Student") -> list[Problem]:
    """Answers without a single token to learn, and conversations beyond the context.

    Image tokens count: their number is the processor's own for each image.
    """
    from retia.tuning.samples import IGNORED, to_rows, tokenize, training_template

    template = training_template(student)
    longest = min(_limit(student.tokenizer.model_max_length), _positions(student))
    per_image = _image_tokens(student)
    masked, cut = [], []
    for row in to_rows(samples, folder, student):
        tokens = max((per_image(Path(path)) for path in row["images"]), default=1)
        _, labels = tokenize(student, row["messages"], tokens, template)
        if not (labels != IGNORED).any():
            masked.append(row["id"])
        elif len(labels) > longest:
            cut.append(row["id"])
    text = "no token of the answer would be learned; does the chat template mark `generation`?"
    return [
        *named("labels", text, masked),
        *named("length", f"longer than the {longest} tokens the model can read", cut),
    ]


def _image_tokens(student: "Student"):
    """A function from the path of an image to the number of its tokens."""
    import functools

    from retia.images import read_picture
    from retia.students.conversation import to_rgb
    from retia.tuning.samples import image_tokens

    if student.family.fixed_tokens:
        fixed = image_tokens(student)
        return lambda path: fixed
    merged = getattr(student.processor.image_processor, "merge_size", 1) ** 2

    @functools.cache
    def count(path: Path) -> int:
        out = student.processor.image_processor([to_rgb(read_picture(path))], return_tensors="np")
        return int(out["image_grid_thw"][0].prod()) // merged

    return count


def _limit(value: int | None) -> int:
    return value if value else _UNLIMITED


def _positions(student: "Student") -> int:
    config = student.model.config.get_text_config()
    return _limit(getattr(config, "max_position_embeddings", None))


def check_words(samples: Sequence[Sample], student: "Student") -> list[Problem]:
    """Words that a small student would have to spell."""
    spelled = [
        s.id
        for s in samples
        if spelled_share(student, " ".join(m.text for m in s.messages)) > SPELLED_SHARE
    ]
    text = (
        "words the tokenizer has to spell letter by letter; a small student with tied "
        "embeddings learns them badly; `retia sft` gives it tokens for frequent ones first"
    )
    return named("words", text, spelled, fatal=False)


def spelled_share(student: "Student", text: str) -> float:
    """Share of the text's words of 4 letters or more that the tokenizer has to spell.

    A word is spelled when its tokens hold less than 2 letters on average.
    """
    from retia.students.new_words import is_spelled

    words = LONG_WORD.findall(text)
    return sum(is_spelled(student.tokenizer, word) for word in words) / len(words) if words else 0.0
