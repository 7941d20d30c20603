"""Parts of the model card beside stage and questions: claims, confidence, faithfulness, leaks.

In:  a part of `audit.json`.
Out: Markdown, one section a part; what is absent is said to be absent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from retia.statistics import Interval

Numbers = Mapping[str, Any]
ABSENT = "Absent: not measured in this audit."
LEAST_SHOWN = 0.001


def said(value: Any) -> str:
    """A value as people read it; what is not there is said to be absent."""
    if isinstance(value, Mapping):
        interval = Interval(**value)
        if interval.estimate is None or interval.low is not None:
            return str(interval)
        return f"{interval.estimate:.3f} (no interval, {interval.groups} groups)"
    match value:
        case None:
            return "not applicable"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}"
    return str(value)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _small(value: float | None) -> str:
    """A number whose size is what matters: what three digits would show as nothing is `below`."""
    return said(value) if value is None or value >= LEAST_SHOWN else f"below {LEAST_SHOWN}"


def _cell(cell: object) -> str:
    return " ".join(str(cell).replace("|", "\\|").split())


def part_sections(audit: Numbers) -> list[str]:
    """All sections, in their order."""
    sections = []
    for key, (title, make) in PARTS.items():
        text = "\n\n".join(make(audit[key])) if key in audit else ABSENT
        sections.append(f"## {title}\n\n{text}")
    return sections


CLAIM_COLUMNS = {
    "claims": "claims",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "hallucination_rate": "hallucinated",
    "over_denial_rate": "denied, but there",
    "conflict_rate": "contradicts its reasons",
}


def _claims(claims: Numbers) -> Iterator[str]:
    judged = {name: own for name, own in claims.items() if isinstance(own.get("summary"), Mapping)}
    if judged:
        rows = [
            (name, *(said(own["summary"].get(key)) for key in CLAIM_COLUMNS))
            for name, own in judged.items()
        ]
        yield table(("answers to", *CLAIM_COLUMNS.values()), rows)
    for name, own in claims.items():
        if isinstance(own.get("summary"), str):
            yield f"{name}: {own['summary']}."
    for name, own in judged.items():
        kinds = own["voices"]["real"]["by"]["kind"]
        rows = [
            (
                kind.replace("_", " "),
                *(k[c] for c in ("supported", "contradicted", "unsupported", "missed")),
                said(k["f1"]),
            )
            for kind, k in kinds.items()
        ]
        header = ("kind", "supported", "contradicted", "unsupported", "missed", "F1")
        yield f"{name}, on its own image, by kind:\n\n{table(header, rows)}"


CONFIDENCE_COLUMNS = {
    "aurc": "AURC",
    "aurc_minus_random": "minus random order",
    "aurc_minus_oracle": "minus oracle",
    "augrc": "AUGRC",
    "ece": "ECE",
}


def _confidence(parts: Numbers) -> Iterator[str]:
    rows, absent = [], []
    for part, own in parts.items():
        for name, sure in own.items():
            words = name.replace("_", " ")
            if sure["reason"]:
                absent.append(f"- {part}, {words}: not measured ({sure['reason']})")
                continue
            numbers = [said(sure["numbers"][key]) for key in CONFIDENCE_COLUMNS]
            rows.append((part, words, *numbers, said(sure["ece_if_kept"])))
    if rows:
        header = ("answers to", "confidence by", *CONFIDENCE_COLUMNS.values(), "ECE if kept")
        yield table(header, rows)
    if absent:
        yield "\n".join(absent)


RESTS = {
    True: "The answer rests on the region under every fill.",
    False: "The answer does not demonstrably rest on the region under every fill.",
    None: "Whether the answer rests on the region cannot be said: too few groups, or no scores.",
}


def _faithfulness(parts: Numbers) -> Iterator[str]:
    for part, own in parts.items():
        if not own:
            continue
        yield f"**{part}**: {RESTS[own['rests_on_the_region']]}"
        for numbers in own["numbers"]["parts"]:
            yield from _source(numbers)
        if own["left_out"]:
            yield "\n".join(f"- no probe: {why} ({n})" for why, n in own["left_out"].items())


def _source(own: Numbers) -> Iterator[str]:
    """What one source of regions showed."""
    name = f"regions by the {own['source']}, {own['scope']}"
    yield (
        f"{name}: {own['judged']} of {own['probes']} probes judged, {own['right']} answered right, "
        f"{own['groups']} groups; noise floor {_small(own['noise_floor']['estimate'])}"
    )
    rows = [
        (
            e["fill"],
            said(e["delta_roi"]),
            said(e["delta_random"]),
            said(e["effect"]),
            said(e["p_holm"]),
        )
        for e in own["effects"]
    ]
    if rows:
        header = ("fill", "Δ region", "Δ random regions", "effect, nats a token", "p (Holm)")
        yield table(header, rows)
    flips = [
        (f["fill"], f["items"], *(said(f[k]) for k in ("removed", "random", "again", "noise")))
        for f in own["flips"]
    ]
    if flips:
        header = ("answer flips under", "items", "region", "random", "asked again", "noise")
        yield table(header, flips)
    if named := own["named"]:
        yield (
            f"Of {named['named']} findings that the text names and that were removed, "
            f"{said(named['vanished'])} are no longer named; when a random region was removed "
            f"{said(named['vanished_random'])}."
        )


def _contamination(own: Numbers) -> Iterator[str]:
    found = own["summary"]
    yield (
        f"Of {found['test_images']} test images {found['same_images']} are in the training "
        f"({found['training_images']} images), and {found['near_images']} nearly; of "
        f"{found['test_questions']} test questions {found['questions']['question']['count']} are "
        f"found there word for word, {found['questions']['answer']['count']} with the same answer, "
        f"{found['questions']['pair']['count']} about the same image."
    )


def _shortcuts(own: Numbers) -> Iterator[str]:
    rows = [
        (name, n["questions"], said(n["balanced_accuracy"]), said(n["chance"]))
        for name, n in own["nine_statistics"].items()
        if n["not_measured"] is None
    ]
    if rows:
        header = ("nine numbers of the picture on", "questions", "balanced accuracy", "chance")
        yield table(header, rows)
    marked = [row for row in own["burnt_in_text"] if row.get("boxes_px")]
    yield f"Burnt-in text: found in {len(marked)} of {len(own['burnt_in_text'])} sets of pictures."


def _notes(own: Numbers) -> Iterator[str]:
    yield "\n".join(f"- {text}" for text in own.values()) or "Nothing was amiss."


PARTS: dict[str, tuple[str, Callable[[Numbers], Iterator[str]]]] = {
    "claims": ("Claims of its explanations", _claims),
    "selective": ("Confidence: selective prediction and calibration", _confidence),
    "faithfulness": ("Counterfactual faithfulness", _faithfulness),
    "contamination": ("Learned by heart?", _contamination),
    "shortcuts": ("Short cuts in the data", _shortcuts),
    "notes": ("What could not be asked or read", _notes),
}
"""Keys of `audit.json` beside the stage and the questions, what they are called, their text."""
