"""The part of the report about confidence: risk and coverage, calibration."""

from html import escape

import numpy as np

from retia.evaluation.selective import ConfidenceAudit, SelectiveAudit
from retia.figures import Report, reliability_chart, risk_coverage_chart
from retia.statistics import Interval, oracle_risk_coverage

NAMES = {
    "logprob": "Log-probability",
    "self_consistency": "Self-consistency",
    "caption_question": "Caption against question",
}
ABOUT = {
    "logprob": "e to the power of the mean log-probability a token of the answer; for answers read "
    "from a file, the confidence stated there",
    "self_consistency": "share of answers sampled at temperature that say the same as the greedy "
    "one",
    "caption_question": "0.7 of the share of the question's terms in the caption plus 0.3 of the "
    "partial ratio of both texts: no probability, and it looks at neither image nor answer",
}
AREAS = {
    "aurc": "AURC, area under risk over coverage",
    "aurc_oracle": "… of the oracle order",
    "aurc_random": "… of random order",
    "aurc_minus_oracle": "Excess AURC: minus oracle (0 is best)",
    "aurc_minus_random": "AURC minus random (below 0 is better than chance)",
    "augrc": "AUGRC, area under generalised risk",
    "auroc": "AUROC of confidence against right (0.5 is chance)",
}
CALIBRATION = {
    "ece": "ECE, expected calibration error",
    "brier": "Brier score of the confidence",
}


def add_selective(
    report: Report, audit: SelectiveAudit, title: str = "Does it know what it does not know?"
) -> None:
    """Add the section about confidence.

    Args:
        report: Grows.
        audit: The numbers.
        title: Heading of the section.
    """
    report.heading(title)
    measured = audit.measured
    if measured:
        report.paragraph(f"<b>{escape(' '.join(map(verdict, measured)))}</b>")
    told = "; ".join(f"{NAMES[own.name]}: {ABOUT[own.name]}" for own in audit.confidences.values())
    report.paragraph(
        "Answers are accepted from the surest down. Coverage is the share accepted, risk the share "
        f"of them that is wrong. {escape(told)}."
    )
    for own in audit.confidences.values():
        if own.reason is not None:
            report.paragraph(f"{NAMES[own.name]}: not measured ({escape(own.reason)}).")
    if not measured:
        return
    _table(report, audit, measured)
    _curves(report, audit, measured)
    for own in measured:
        _reliability(report, own)


def verdict(own: ConfidenceAudit) -> str:
    """One sentence: does this confidence put right answers before wrong ones?"""
    gap = own.numbers["aurc_minus_random"]
    words = {
        True: "puts right answers before wrong ones",
        False: "puts wrong answers before right ones",
        None: "is not shown to be better than random order",
    }
    lacking = sum(own.missing.values())
    # What tells answers with a confidence from those without may then be all that it tells.
    caveat = f"; {lacking} of {len(own.rows)} answers have none and come last" if lacking else ""
    return f"{NAMES[own.name]} {words[own.better_than_random]} (AURC minus random: {gap}{caveat})."


def _table(report: Report, audit: SelectiveAudit, measured: list[ConfidenceAudit]) -> None:
    titles = {
        **AREAS,
        **{f"coverage_at_risk_{r:g}": f"Coverage at risk {r:g}" for r in audit.config.risks},
        **{f"risk_at_coverage_{c:g}": f"Risk at coverage {c:g}" for c in audit.config.coverages},
        **CALIBRATION,
    }
    rows: list[tuple[object, ...]] = [
        ("Answers", *(len(own.rows) for own in measured)),
        ("… without this confidence, put last", *(_missing(own) for own in measured)),
    ]
    for key, name in titles.items():
        rows.append((name, *(own.numbers[key] for own in measured)))
        if key == "ece":
            kept = (f"{own.ece_if_kept:.3f}" for own in measured)
            rows.append(("… if each of these confidences were kept", *kept))
    report.table(("", *(NAMES[own.name] for own in measured)), rows)
    first = measured[0].numbers["aurc"]
    report.paragraph(
        f"{first.level:.0%} intervals, bootstrap over {first.groups} groups. Equally sure answers "
        "have no order: the areas are what is expected over a random one, and a coverage at a risk "
        "accepts them together. The threshold behind a coverage at a risk is chosen on these same "
        "answers, so new answers will show a somewhat higher risk. ECE and Brier rest on the "
        "answers that have a confidence. An ECE of few answers is never 0, and resampling raises "
        "it further: compare it with that of confidences that are kept."
    )


def _missing(own: ConfidenceAudit) -> str:
    total = sum(own.missing.values())
    why = "; ".join(f"{reason}: {count}" for reason, count in own.missing.items())
    return f"{total} ({why})" if total else "0"


def _curves(report: Report, audit: SelectiveAudit, measured: list[ConfidenceAudit]) -> None:
    bounds = {
        NAMES[own.name]: [
            (c, *pair)
            for c in audit.config.coverages
            if (pair := _bounds(own.numbers[f"risk_at_coverage_{c:g}"])) is not None
        ]
        for own in measured
    }
    curves = {NAMES[own.name]: own.curve() for own in measured}
    oracle = oracle_risk_coverage(np.array([row.right for row in measured[0].rows]))
    report.picture(
        risk_coverage_chart(curves, oracle, bounds, "Risk over coverage"),
        "Lower is better. Dashed: the best order there is; dotted: random order. Vertical lines: "
        "intervals of the risk. At low coverage a curve rests on few answers.",
    )


def _bounds(interval: Interval) -> tuple[float, float] | None:
    if interval.low is None or interval.high is None:
        return None
    return interval.low, interval.high


def _reliability(report: Report, own: ConfidenceAudit) -> None:
    name = NAMES[own.name]
    report.picture(
        reliability_chart(own.bins, name),
        f"{name}: bars, share of answers that is right; dots, their mean confidence; below, how "
        "many answers a bar rests on. A bar below its dot: too sure; above it: not sure enough.",
    )
