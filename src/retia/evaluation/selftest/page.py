"""The self-test as a page for people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retia.evaluation.selftest.planted import SAMPLES
from retia.evaluation.selftest.verdicts import LEVEL_P, SMALLEST_NATS, TESTS
from retia.figures import Report
from retia.records import read_cases, read_samples
from retia.statistics import Interval
from retia.students.pictures import shown_picture

EXAMPLES = 4
ENLARGED = 3


def write_page(path: Path, summary: Mapping[str, Any], folders: Mapping[str, Path]) -> None:
    """Write the page alone."""
    report = Report("Self-test of the audit")
    add_self_test(report, summary, folders)
    report.write(path)


def add_self_test(report: Report, summary: Mapping[str, Any], folders: Mapping[str, Path]) -> None:
    """Add what was planted, what the audit must say and what it says.

    Args:
        report: Grows.
        summary: As in `selftest.json`.
        folders: Of the models by name, with their samples.
    """
    models = summary["models"]
    report.heading("Does the audit see through them?")
    good = summary["planted"] and summary["separated"]
    report.headline(
        [("yes" if good else "no", "told apart", f"{len(models)} models, {len(TESTS)} tests")]
    )
    report.paragraph(
        "One model reads the lesion. One reads a hint in the question, one a watermark in the "
        "corner, one says the commonest answer. In the pictures below all three cues name the same "
        "answer, so that accuracy alone cannot tell the first three apart."
    )
    report.table(
        ["Test", *(own["title"] for own in models.values())],
        [
            [title, *(_cell(own["tests"][test]) for own in models.values())]
            for test, title in TESTS.items()
        ],
    )
    report.paragraph(
        "A test is passed when the whole interval lies above 0; of effects, above "
        f"{SMALLEST_NATS:g} nats a token; of flips, when McNemar's p is below {LEVEL_P:g}. "
        "These criteria were set before."
    )
    _figures(report, models)
    _pictures(report, folders)


def _cell(test: Mapping[str, Any]) -> str:
    seen = {True: "passes", False: "fails", None: "cannot be told"}[test["seen"]]
    must = "pass" if test["expected"] else "fail"
    return seen if test["seen"] is test["expected"] else f"{seen}, but must {must}"


def _figures(report: Report, models: Mapping[str, Any]) -> None:
    report.heading("The figures behind it")
    rows: list[list[object]] = []
    voices = list(dict.fromkeys(v for own in models.values() for v in own["accuracy"]))
    for voice in voices:
        cells = [_interval(own["accuracy"].get(voice)) for own in models.values()]
        rows.append([f"Accuracy, {voice.replace('_', ' ')}", *cells])
    for test in ("rests_on_region", "flips", "region_enough"):
        own = {name: model["tests"][test]["measured"] for name, model in models.items()}
        for part in dict.fromkeys(p for measured in own.values() for p in measured):
            cells = [_interval(measured.get(part)) for measured in own.values()]
            rows.append([f"{TESTS[test]}: {part}", *cells])
    report.table(["", *(own["title"] for own in models.values())], rows)
    report.heading("What they really follow")
    report.paragraph(
        "Measured without the audit, on pictures whose three cues name three different answers: "
        "the share of answers that are what each cue says."
    )
    cues = list(next(iter(models.values()))["follows"])
    report.table(
        ["Model", "Planted", *cues],
        [
            [m["title"], m["planted"] or "nothing", *(f"{m['follows'][c]:.2f}" for c in cues)]
            for m in models.values()
        ],
    )


def _interval(plain: Mapping[str, Any] | None) -> str:
    return "not measured" if plain is None else str(Interval(**plain))


def _pictures(report: Report, folders: Mapping[str, Path]) -> None:
    """Some test pictures; they are the same for every model."""
    folder = next(iter(folders.values())) / SAMPLES
    cases = {c.id: c for c in read_cases(folder)}
    report.heading("What they are shown")
    for sample in [s for s in read_samples(folder) if s.split == "test"][:EXAMPLES]:
        picture = shown_picture(folder / sample.images[0], cases[sample.case].modality)
        large = np.kron(picture, np.ones((ENLARGED, ENLARGED, 1), np.uint8))
        asked, answer = sample.messages
        report.picture(large, f"{asked.text} The right answer: {answer.text}.")
