"""Numbers over judged claims: precision, recall, F1; FAZ and count errors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retia.claims.extract import extract, statements
from retia.claims.verdicts import Judgement, judge, true_measure
from retia.records import Case, Claim, Finding, Sentence, Verdict
from retia.taxonomy import read_vocabulary

_WORST: tuple[Verdict, ...] = ("contradicted", "unsupported", "supported")


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Counts that can be added up over cases; shares are None where there is nothing to share."""

    supported: int = 0
    contradicted: int = 0
    unsupported: int = 0
    found: int = 0
    items: int = 0
    rings_right: int = 0
    rings: int = 0

    def __add__(self, other: "Agreement") -> "Agreement":
        """Add the counts of two cases."""
        return Agreement(**{k: v + getattr(other, k) for k, v in self.__dict__.items()})

    @property
    def claims(self) -> int:
        """Distinct claims."""
        return self.supported + self.contradicted + self.unsupported

    @property
    def precision(self) -> float | None:
        """Supported claims of all claims."""
        return self.supported / self.claims if self.claims else None

    @property
    def recall(self) -> float | None:
        """Truth items (a kind, a kind in a quadrant) that a supported claim names."""
        return self.found / self.items if self.items else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean; nothing to find counts as all found, no claim at all as nothing right."""
        if not self.claims and not self.items:
            return None
        precision = self.precision or 0.0
        recall = 1.0 if self.recall is None else self.recall
        both = precision + recall
        return 2 * precision * recall / both if both else 0.0


def agreement(judgement: Judgement, case: Case) -> Agreement:
    """Count verdicts; a claim that is made twice counts once."""
    once = {_key(j.claim): j for j in reversed(judgement.judged)}
    verdicts = [j.verdict for j in once.values()]
    rings = [r for j in once.values() for r in _ring(j.claim, j.findings, case)]
    return Agreement(
        supported=verdicts.count("supported"),
        contradicted=verdicts.count("contradicted"),
        unsupported=verdicts.count("unsupported"),
        found=judgement.found,
        items=judgement.items,
        rings_right=sum(rings),
        rings=len(rings),
    )


def _key(claim: Claim) -> tuple[object, ...]:
    return tuple(v for k, v in claim.__dict__.items() if k not in ("span", "hedged"))


def _ring(claim: Claim, findings: Sequence[Finding], case: Case) -> list[bool]:
    """Whether the ring is right, of a supported claim that names quadrant and ring."""
    zone = claim.zone
    if zone is None or zone.ring is None or zone.quadrant is None or not claim.polarity:
        return []
    rings = [f.zone.ring for f in findings if f.zone and f.zone.ring]
    return [zone.ring in rings] if rings else []


def judge_text(completion: str, case: Case) -> tuple[list[Sentence], Judgement]:
    """Judge a completion sentence by sentence.

    Args:
        completion: JSON answer or plain text.
        case: What is known of the image.

    Returns:
        Each sentence with its worst verdict (None when it claims nothing) and the evidence of the
        findings it was held against; and the judgement of all claims together.
    """
    shown, claims = [], []
    for text in statements(completion, case.modality):
        own = extract(text, case.modality)
        judged = judge(own, case).judged
        verdicts = {j.verdict for j in judged}
        shown.append(
            Sentence(
                text=text,
                evidence=tuple(dict.fromkeys(id for j in judged for id in j.evidence)),
                verdict=next((v for v in _WORST if v in verdicts), None),
            )
        )
        claims += own
    return shown, judge(claims, case)


def said_number(claims: Iterable[Claim], kind: str) -> float | None:
    """The first number given for a measure, or the first count of a kind (0 when it is denied)."""
    for claim in claims:
        if claim.kind != kind:
            continue
        if not claim.polarity and claim.zone is None:
            return 0.0
        if claim.quantity is not None and (claim.unit is None or kind.endswith("_mm2")):
            return claim.quantity
    return None


def true_number(case: Case, kind: str) -> float | None:
    """The true value of a measure, or the true count of a kind; None when nobody looked."""
    if kind in read_vocabulary(case.modality).measures:
        return true_measure(case, kind)
    count = sum(f.kind == kind for f in case.findings)
    return float(count) if count or kind in case.looked_for else None
