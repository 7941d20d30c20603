"""What is measured alike of the stage and of the questions of each modality.

In:  questions, answers, whether they are right, and what removing regions showed.
Out: a `Part`: claims, confidence, faithfulness, contamination.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retia.evaluation.answers.grounding import grounding_numbers
from retia.evaluation.answers.predictions import Prediction
from retia.evaluation.claim_audit import ClaimAudit, audit_claims, claim_gaps
from retia.evaluation.examine import Examined
from retia.evaluation.faithfulness import Faithfulness, ProbeRow, faithfulness_numbers
from retia.evaluation.plan.contamination import accuracy_by_contamination
from retia.evaluation.plan.items import Item
from retia.evaluation.selective import SelectiveAudit, answered, audit_confidence
from retia.records import Case
from retia.statistics import Interval

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """The stage, or the questions of one modality."""

    claims: dict[str, ClaimAudit]
    """Per voice (`real`, then controls) the claims of its reasons; empty where none are asked
    for."""
    claim_gaps: dict[str, dict[str, Interval]]
    """Per control and measure: the real image minus that control."""
    grounding: dict[str, Any] | None
    """Boxes of the findings in structured answers; None where no case has a finding with a box."""
    selective: SelectiveAudit
    faithfulness: Faithfulness | None
    """None where no region was removed."""
    probes: list[ProbeRow]
    seen: dict[str, dict[str, Interval]]
    """Accuracy on what the training holds too, and on what is new."""

    def as_json(self) -> dict[str, dict[str, Any]]:
        """All numbers, by what they are about."""
        real = self.claims.get("real")
        return {
            "claims": {} if real is None else {"summary": real.summary()} | self._voices(),
            "grounding": self.grounding or {},
            "selective": self.selective.as_json(),
            "faithfulness": {}
            if self.faithfulness is None
            else self.faithfulness.summary() | {"numbers": self.faithfulness},
            "contamination": self.seen,
        }

    def _voices(self) -> dict[str, Any]:
        voices = {name: own.as_json() for name, own in self.claims.items()}
        return {"voices": voices, "real_minus": self.claim_gaps}

    def lines(self) -> list[str]:
        """The headline numbers for people."""
        about = [] if self.faithfulness is None else self.faithfulness.lines()
        return [*self.selective.lines(), *about]


def measure_part(
    name: str,
    items: Sequence[Item],
    rights: Sequence[bool],
    texts: Mapping[str, Sequence[tuple[Case, str, str]]],
    clusters: Sequence[str],
    found: Examined,
    settings: Settings,
) -> Part:
    """Measure one part.

    Args:
        name: `stage`, or a modality.
        items: The questions.
        rights: Per question whether its answer is right.
        texts: Per voice the case, text and cluster of each answer that gives reasons.
        clusters: What the intervals resample, one a question.
        found: All that was asked and answered.
        settings: Of the intervals.
    """
    claims = {voice: audit_claims(rows, settings) for voice, rows in texts.items() if rows}
    predictions: list[Prediction] = found.predictions
    of_case = {item.case.id: cluster for item, cluster in zip(items, clusters, strict=True)}
    scored = {(i.case.id, i.question): float(r) for i, r in zip(items, rights, strict=True)}
    probed = found.probed.get(name)
    return Part(
        claims=claims,
        claim_gaps=claim_gaps(claims, settings) if len(claims) > 1 else {},
        grounding=_grounding(texts.get("real", ()), settings),
        selective=audit_confidence(answered(items, rights, predictions), clusters, settings),
        faithfulness=None
        if probed is None
        else faithfulness_numbers(probed.rows, settings, probed.left_out, of_case),
        probes=[] if probed is None else probed.rows,
        seen=accuracy_by_contamination(found.contamination, scored, of_case, settings),
    )


def _grounding(texts: Sequence[tuple[Case, str, str]], settings: Settings) -> dict[str, Any] | None:
    """Of the first answer about each case."""
    first = {case.id: (case, text, cluster) for case, text, cluster in reversed(texts)}
    rows = list(reversed(first.values()))
    answers = [(case, text) for case, text, _ in rows]
    return grounding_numbers(answers, [cluster for *_, cluster in rows], settings)
