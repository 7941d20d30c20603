"""When the medical-VQA source calls an answer right, beside when this project does.

In:  an answer and the right one, as texts.
Out: right or wrong, by each of three conventions.

The two lenient ones are kept as they are, faults included, so that figures can be compared: "MRI"
is "mass" to the first, "nodule" is "no" to the second, and an empty answer is right where nothing
was expected.
"""

import re
import string

from retia.evaluation.answers.scores import QuestionRow
from retia.evaluation.plan.blind import gold_text

CONVENTIONS = {
    "strict": "Strict: the whole answer, by its type",
    "source": "Source's notebooks: whatever begins with y or n is yes or no",
    "first_character": "Source's reward: the first character alone",
}
"""Convention to what it is called in the report."""


def collapsed(text: str) -> str:
    """A text as the source's notebooks compare it.

    Lower-case words without punctuation; anything that begins with y is "yes", with n "no".
    """
    words = re.sub(f"[{re.escape(string.punctuation)}]", " ", text.lower()).split()
    plain = " ".join(words)
    return {"y": "yes", "n": "no"}.get(plain[:1], plain)


def same_first_character(text: str, right: str) -> bool:
    """Whether both begin alike, as the source's reward asks; two empty texts do."""
    return text.strip().lower()[:1] == right.strip().lower()[:1]


def right_by(row: QuestionRow) -> dict[str, bool]:
    """Whether an answer is right, by each convention.

    Args:
        row: The answer, read; `said` is empty where it could not be read.
    """
    right = gold_text(row.item.gold)
    return {
        "strict": row.right,
        "source": collapsed(row.said) == collapsed(right),
        "first_character": same_first_character(row.said, right),
    }
