"""The part of the report about claims: are the reasons true, and do they agree with themselves?"""

from collections.abc import Mapping, Sequence
from html import escape

from retia.evaluation.claim_audit import RATES, ClaimAudit, Scores
from retia.evaluation.claim_rows import FACETS, ClaimRow, Facet
from retia.figures import Report, sentences_html
from retia.figures.claim_bars import VERDICT_COLOURS, claim_bars
from retia.statistics import Interval

VOICES = {
    "real": "Its own image",
    "blank": "A blank image",
    "shuffled": "Somebody else's image",
}
FACET_TEXT: dict[Facet, str] = {
    "kind": "Claims by kind",
    "quadrant": "Claims by quadrant",
    "ring": "Claims by ring",
    "side": "Claims by side of the body",
    "organ": "Claims by the organ that the image is of",
}


def add_claims(
    report: Report,
    voices: Mapping[str, ClaimAudit],
    gaps: Mapping[str, Mapping[str, Interval]] | None = None,
    examples: int = 4,
    title: str = "Are its reasons true?",
) -> None:
    """Add the section about claims.

    Args:
        report: Grows.
        voices: Per voice (`real`, then controls) the claims of its answers.
        gaps: Of `claim_gaps`: the real voice minus each control.
        examples: How many answers to show with their claims coloured, the most contradicted first.
        title: Heading of the section.
    """
    report.heading(title)
    real = voices["real"]
    if not real.applicable:
        report.paragraph(f"Claims: not applicable ({escape(_reasons(real.unjudged))}).")
        return
    report.paragraph(
        f"<b>{escape(verdict(real, gaps))}</b> Every sentence is read into claims of a closed "
        "vocabulary and held against what is known of the image. Supported: the truth says so. "
        "Contradicted: it says otherwise. Unsupported: nobody looked, it cannot tell. Missed: "
        "known, but named by no supported claim. A claim made twice counts once; hedged claims "
        "stand apart."
    )
    _voices(report, voices)
    _rates(report, voices)
    if gaps:
        _gaps(report, gaps)
    for facet in FACETS:
        _facet(report, facet, voices)
    if real.rings_right.estimate is not None:
        report.paragraph(
            "The quadrant decides about a place. Of the supported claims that name quadrant and "
            f"ring, the ring is right too in {real.rings_right}."
        )
    _left_out(report, voices)
    _examples(report, real, examples)


def verdict(real: ClaimAudit, gaps: Mapping[str, Mapping[str, Interval]] | None = None) -> str:
    """One or two sentences: how many claims are true, and does that need the image?"""
    total = real.total
    if not total.counts.claims:
        return f"Its {len(real.rows)} answers make no firm claim that could be judged."
    first = (
        f"Of {total.counts.claims} claims {total.counts.supported} are supported; of "
        f"{total.counts.items} truth items {total.missed} are missed."
    )
    known = {name: own["precision"] for name, own in (gaps or {}).items()}
    if not known:
        return first
    if any(gap.low is None for gap in known.values()):
        return f"{first} Whether they rest on the image was not tested (too few groups)."
    if all((gap.low or 0) > 0 for gap in known.values()):
        return f"{first} They are truer about its own image than under every control."
    same = [VOICES.get(n, n).lower() for n, gap in known.items() if (gap.low or 0) <= 0]
    return f"{first} They are not clearly truer than about {' or '.join(same)}."


def _voices(report: Report, voices: Mapping[str, ClaimAudit]) -> None:
    rows = [(VOICES.get(n, n), len(a.rows), *_counts(a.total)) for n, a in voices.items()]
    report.table(("Answers about", "answers", *_COLUMNS), rows)


_COLUMNS = (
    *("claims", "supported", "contradicted", "unsupported", "missed"),
    *("precision", "recall", "F1"),
)


def _counts(scores: Scores) -> tuple[object, ...]:
    counts = scores.counts
    missed = f"{scores.missed} of {counts.items}"
    return (
        *(counts.claims, counts.supported, counts.contradicted, counts.unsupported, missed),
        *(_short(i) for i in (scores.precision, scores.recall, scores.f1)),
    )


def _short(interval: Interval) -> str:
    """Two digits, without the note: there are many cells, and many rare kinds."""
    if interval.estimate is None:
        return "-"
    if interval.low is None or interval.high is None:
        return f"{interval.estimate:.2f} (few groups)"
    return f"{interval.estimate:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _rates(report: Report, voices: Mapping[str, ClaimAudit]) -> None:
    names = [VOICES.get(name, name) for name in voices]
    rows = [(text, *(_of(a.rates[rate]) for a in voices.values())) for rate, text in RATES.items()]
    rows.append(("Of the hallucinated: the kind is there, elsewhere", *_each(voices, "misplaced")))
    rows.append(("Said to be there, the truth cannot tell", *_each(voices, "undecided")))
    hedged = [f"{a.hedged.supported} of {a.hedged.claims}" for a in voices.values()]
    rows.append(("Hedged claims that the truth supports", *hedged))
    report.table(("Rate", *names), rows)
    report.paragraph(
        "Rates with an interval are over the answers to which they apply, and say how many. "
        "The first two rates are of the claims that the truth can decide; number, area and degree "
        "are left out of them. An answer contradicts its reasons when the stage (or phase) it "
        "settles on is not the one that the rule gives for the findings it names, right or wrong."
    )


def _each(voices: Mapping[str, ClaimAudit], name: str) -> list[str]:
    return [str(getattr(audit, name)) for audit in voices.values()]


def _of(interval: Interval) -> str:
    if interval.estimate is None:
        return "-"
    return f"{interval}, {interval.rows} answers"


def _gaps(report: Report, gaps: Mapping[str, Mapping[str, Interval]]) -> None:
    names = [f"minus {VOICES.get(name, name).lower()}" for name in gaps]
    text = {"precision": "Precision", "recall": "Recall", **RATES}
    rows = [(text[m], *(_short(own[m]) for own in gaps.values())) for m in text]
    report.table(("Its own image, paired", *names), rows)


def _facet(report: Report, facet: Facet, voices: Mapping[str, ClaimAudit]) -> None:
    real = voices["real"].facets[facet]
    if not real:
        return
    order = sorted(real, key=lambda n: (-real[n].counts.claims - real[n].missed, n))
    others = {v: a.facets[facet] for v, a in voices.items() if v != "real"}
    report.paragraph(f"<b>{FACET_TEXT[facet]}</b>, about its own image; F1 under the controls.")
    header = (facet, *_COLUMNS, *(f"F1, {VOICES.get(v, v).lower()}" for v in others))
    report.table(
        header,
        [
            (
                *(_name(name), *_counts(real[name])),
                *(_short(own[name].f1) if name in own else "-" for own in others.values()),
            )
            for name in order
        ],
    )
    if facet == "kind":
        shown = order[:20]
        report.picture(
            claim_bars([_name(n) for n in shown], _stacks([real[n] for n in shown])),
            "Claims about its own image by kind: supported, unsupported, contradicted; and truth "
            "items that no claim names.",
        )


def _stacks(scores: Sequence[Scores]) -> dict[str, list[int]]:
    counts = {name: [] for name in VERDICT_COLOURS}
    for own in scores:
        for name in VERDICT_COLOURS:
            counts[name].append(own.missed if name == "missed" else getattr(own.counts, name))
    return counts


def _name(id: str) -> str:
    return id.replace("_", " ")


def _left_out(report: Report, voices: Mapping[str, ClaimAudit]) -> None:
    for what, name in (
        ("Claims not held against the truth", "unjudged"),
        ("Answers not held against their own reasons", "unsettled"),
    ):
        told = {VOICES.get(v, v): _reasons(getattr(a, name)) for v, a in voices.items()}
        parts = [f"{voice.lower()}: {reasons}" for voice, reasons in told.items() if reasons]
        report.paragraph(f"{what}: {escape('; '.join(parts) or 'none')}.")


def _reasons(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} ({why})" for why, n in counts.items())


def _examples(report: Report, real: ClaimAudit, count: int) -> None:
    told = [row for row in real.rows if any(s.verdict for s in row.sentences)]
    worst = sorted(told, key=_harm, reverse=True)[:count]
    if not worst:
        return
    report.paragraph(
        "Answers with their claims coloured, the most contradicted first. "
        '<span class="supported">supported</span> <span class="contradicted">contradicted</span> '
        '<span class="unsupported">unsupported</span>'
    )
    for row in worst:
        clash = f" Affirmed and denied: {', '.join(map(_name, row.clashes))}." * bool(row.clashes)
        own = row.shares.get("conflict")
        against = " The answer contradicts these reasons." if own is not None and own.part else ""
        report.html(
            f"<div><p><small>{escape(row.case.id)}.{escape(clash)}{against}</small></p>"
            f"{sentences_html(row.sentences)}</div>"
        )


def _harm(row: ClaimRow) -> tuple[int, int]:
    return row.total.contradicted, len(row.clashes)
