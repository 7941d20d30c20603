"""Whether samples are conversations that a trainer can take apart.

In:  samples, and the cases they are about where these are known.
Out: problems of ids, roles, answers and image parts.
"""

from collections import Counter
from collections.abc import Sequence

from retia.errors import UserError
from retia.records import Case, Sample
from retia.taxonomy import read_vocabulary
from retia.tuning.preflight.problems import Problem, named

PLACEHOLDERS = ("<image>", "<video>", "<|image_pad|>", "<|vision_start|>")
"""Texts that trainers take for a picture."""
EVIDENCE = ("grown", "seen", "mask", "label", "taxonomy")
"""What the id of a piece of evidence begins with."""


def check_structure(samples: Sequence[Sample]) -> list[Problem]:
    """Problems that can be seen in the conversations alone."""
    twice = [id for id, times in Counter(s.id for s in samples).items() if times > 1]
    return [
        *named("ids", "the same id stands more than once", twice),
        *named(
            "roles", "turns are not the user's and the assistant's in turn", _unordered(samples)
        ),
        *named(
            "answers",
            "no assistant turn, nothing to learn",
            (s.id for s in samples if not s.answers),
        ),
        *named(
            "answers",
            "an assistant turn is empty",
            (s.id for s in samples if any(not m.text.strip() for m in s.answers)),
        ),
        *named(
            "answers",
            "a sample for GRPO has more than one assistant turn",
            (s.id for s in samples if s.stage == "grpo" and len(s.answers) > 1),
        ),
        *named(
            "images",
            "the messages do not hold one image part per image",
            (s.id for s in samples if _image_parts(s) != len(s.images)),
        ),
        *named(
            "images",
            "a text holds the placeholder of an image",
            (s.id for s in samples if any(p in m.text for m in s.messages for p in PLACEHOLDERS)),
        ),
        *named("modality", "there is no vocabulary of this name", _unknown_modalities(samples)),
    ]


def check_ids(samples: Sequence[Sample], cases: Sequence[Case]) -> list[Problem]:
    """Problems of what samples refer to: their cases and their evidence.

    Args:
        samples: All of them.
        cases: Of the samples' own `metadata.jsonl`; none where there is no such file.
    """
    by_id = {case.id: case for case in cases}
    known = [s for s in samples if s.case in by_id]
    return [
        *named("ids", "no such case in metadata.jsonl", _strangers(samples, by_id)),
        *named(
            "ids",
            "group or split are not those of the case",
            (
                s.id
                for s in known
                if (s.group, s.split) != (by_id[s.case].group, by_id[s.case].split)
            ),
        ),
        *named(
            "ids",
            f"an evidence id does not begin with {', '.join(EVIDENCE)}",
            (s.id for s in samples if any(not _is_evidence(id) for id in _evidence(s))),
        ),
    ]


def _strangers(samples: Sequence[Sample], by_id: dict[str, Case]) -> list[str]:
    return [s.id for s in samples if by_id and s.case not in by_id]


def _unordered(samples: Sequence[Sample]) -> list[str]:
    """A leading system turn is left aside; a conversation may end with a question to nobody."""
    found = []
    for sample in samples:
        roles = [m.role for m in sample.messages]
        turns = roles[1:] if roles[:1] == ["system"] else roles
        wanted = ["user", "assistant"] * len(turns)
        if turns != wanted[: len(turns)] or (len(turns) % 2 and sample.answers):
            found.append(sample.id)
    return found


def _image_parts(sample: Sample) -> int:
    return sum(part.type == "image" for m in sample.messages for part in m.content)


def _unknown_modalities(samples: Sequence[Sample]) -> list[str]:
    return [m for m in sorted({s.modality for s in samples}) if not has_vocabulary(m)]


def has_vocabulary(modality: str) -> bool:
    """Whether there is a vocabulary of this name."""
    try:
        read_vocabulary(modality)
    except UserError:
        return False
    return True


def _evidence(sample: Sample) -> list[str]:
    return [id for turn in sample.answers for ids in turn.evidence for id in ids]


def _is_evidence(id: str) -> bool:
    first, _, rest = id.partition("/")
    return first in EVIDENCE and bool(rest)
