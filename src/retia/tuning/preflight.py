"""Checks before a run: everything that would ruin it in silence.

In:  samples, and the student that shall learn them.
Out: a line per problem; `retia preflight` and `retia sft` refuse to go on when there is one.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import CheckFailedError, UserError
from retia.records import Sample, read_samples
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.students.student import Student

log = logging.getLogger("retia")

SHOWN = 3
"""Samples named per problem."""
SPELLED_SHARE = 0.02
"""Share of a sample's words that may be spelled before the student counts as not knowing them."""
LONG_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, kw_only=True)
class PreflightConfig(StepConfig):
    """What to check."""

    samples: Path
    """Folder with `samples.jsonl`."""
    model: Path | None = None
    """Model folder that shall learn the samples; without it only the samples are checked."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One kind of problem and the samples that have it."""

    check: str
    text: str
    samples: tuple[str, ...]
    fatal: bool = True

    @property
    def line(self) -> str:
        """One line for the user."""
        named = ", ".join(self.samples[:SHOWN]) + (", …" if len(self.samples) > SHOWN else "")
        return f"{self.check}: {self.text} ({len(self.samples)}: {named})"


def preflight(config: PreflightConfig) -> dict[str, Any]:
    """Refuse samples that would ruin a run."""
    inputs = {"samples": config.samples} | ({"model": config.model} if config.model else {})
    with open_step("preflight", config, inputs) as step:
        if step.done:
            return step.summary
        samples = read_samples(config.samples)
        student = None
        if config.model is not None:
            from retia.students.student import load_student

            student = load_student(config.model)
        problems = find_problems(samples, config.samples, student)
        step.summary = {"samples": len(samples), "problems": [p.line for p in problems]}
        refuse(problems)
    return step.summary


def refuse(problems: Sequence[Problem]) -> None:
    """Log warnings; refuse when a problem is fatal.

    Raises:
        CheckFailedError: With one line per fatal problem.
    """
    for problem in problems:
        if not problem.fatal:
            log.warning("preflight: %s", problem.line)
    fatal = [p.line for p in problems if p.fatal]
    if fatal:
        raise CheckFailedError("preflight found what would ruin the run:\n" + "\n".join(fatal))


def find_problems(
    samples: Sequence[Sample], folder: Path, student: "Student | None" = None
) -> list[Problem]:
    """Return every problem of the samples, and of the student with them.

    Args:
        samples: All splits.
        folder: What their image paths are relative to.
        student: Who shall learn them; None checks the samples alone.

    Raises:
        UserError: If there is no sample.
    """
    if not samples:
        raise UserError(f"{folder} holds no sample. Run `retia write` first.")
    problems = [*_duplicates(samples), *_cut_groups(samples), *_turns(samples)]
    problems += _images(samples, Path(folder))
    if student is not None and not problems:
        problems += _labels(samples, Path(folder), student)
        if student.family.name == "embedded":
            problems += _words(samples, student)
    return problems


def _duplicates(samples: Sequence[Sample]) -> Iterator[Problem]:
    twice = tuple(id for id, times in Counter(s.id for s in samples).items() if times > 1)
    if twice:
        yield Problem(check="ids", text="the same id stands more than once", samples=twice)


def _cut_groups(samples: Sequence[Sample]) -> Iterator[Problem]:
    splits: dict[str, set[str | None]] = {}
    for sample in samples:
        splits.setdefault(sample.group, set()).add(sample.split)
    cut = tuple(group for group, found in splits.items() if len(found) > 1)
    if cut:
        text = "groups (patient, eye or video) lie in more than one split"
        yield Problem(check="splits", text=text, samples=cut)


def _turns(samples: Sequence[Sample]) -> Iterator[Problem]:
    silent = tuple(s.id for s in samples if not s.answers)
    if silent:
        yield Problem(check="answers", text="no assistant turn, nothing to learn", samples=silent)
    empty = tuple(s.id for s in samples if any(not m.text.strip() for m in s.answers))
    if empty:
        yield Problem(check="answers", text="an assistant turn is empty", samples=empty)
    odd = tuple(
        s.id
        for s in samples
        if sum(p.type == "image" for m in s.messages for p in m.content) != len(s.images)
    )
    if odd:
        text = "the messages do not hold one image part per image"
        yield Problem(check="images", text=text, samples=odd)


def _images(samples: Sequence[Sample], folder: Path) -> Iterator[Problem]:
    there = {path: (folder / path).is_file() for path in {p for s in samples for p in s.images}}
    missing = tuple(path for path in sorted(there) if not there[path])
    if missing:
        yield Problem(check="images", text="files are missing", samples=missing)


def _labels(samples: Sequence[Sample], folder: Path, student: "Student") -> Iterator[Problem]:
    from retia.tuning.samples import IGNORED, image_tokens, to_rows, tokenize, training_template

    per_image = image_tokens(student) if student.family.fixed_tokens else 1
    template = training_template(student)
    longest = min(_limit(student.tokenizer.model_max_length), _positions(student))
    masked, cut = [], []
    for row in to_rows(samples, folder, student):
        _, labels = tokenize(student, row["messages"], per_image, template)
        if not (labels != IGNORED).any():
            masked.append(row["id"])
        elif len(labels) > longest:
            cut.append(row["id"])
    if masked:
        text = "no token of the answer would be learned; does the chat template mark `generation`?"
        yield Problem(check="labels", text=text, samples=tuple(masked))
    if cut:
        text = f"longer than the {longest} tokens the model can read"
        yield Problem(check="length", text=text, samples=tuple(cut))


def _limit(value: int | None) -> int:
    return value if value else 10**9


def _positions(student: "Student") -> int:
    config = student.model.config.get_text_config()
    return _limit(getattr(config, "max_position_embeddings", None))


def _words(samples: Sequence[Sample], student: "Student") -> Iterator[Problem]:
    spelled = tuple(
        s.id
        for s in samples
        if spelled_share(student, " ".join(m.text for m in s.messages)) > SPELLED_SHARE
    )
    if spelled:
        text = (
            "words the tokenizer has to spell letter by letter; a small student with tied "
            "embeddings learns them badly; `retia sft` gives it tokens for frequent ones first"
        )
        yield Problem(check="words", text=text, samples=spelled, fatal=False)


def spelled_share(student: "Student", text: str) -> float:
    """Share of the text's words of 4 letters or more that the tokenizer has to spell.

    A word is spelled when its tokens hold less than 2 letters on average.
    """
    from retia.students.new_words import is_spelled

    words = LONG_WORD.findall(text)
    return sum(is_spelled(student.tokenizer, word) for word in words) / len(words) if words else 0.0
