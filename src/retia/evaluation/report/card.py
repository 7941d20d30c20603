"""A model card filled from an audit: every number is the audit's, every absent part is named.

In:  what `audit.json` and `run.json` hold.
Out: Markdown, with the front matter of the Hugging Face hub.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from retia.atomic import atomic_file
from retia.disclaimer import DISCLAIMER
from retia.evaluation.answers.frames import FRAMES
from retia.evaluation.answers.scores import MEASURES
from retia.evaluation.report.card_parts import Numbers, part_sections, said, table


def write_card(path: Path, audit: Numbers, record: Numbers) -> None:
    """Write the card, atomically; see `model_card`."""
    with atomic_file(path) as part:
        part.write_text(model_card(audit, record), encoding="utf-8")


def model_card(audit: Numbers, record: Numbers) -> str:
    """The text of `MODEL_CARD.md`.

    Args:
        audit: What `audit.json` holds.
        record: What `run.json` holds, or what a running step knows of it: `config`, `inputs`,
            `versions`, `commit`.
    """
    sections = [_front(), _about(audit, record), _data(audit, record), *_stage(audit)]
    sections += [*_questions(audit), *part_sections(audit), _limits(record)]
    return "\n\n".join(sections) + "\n"


def _front() -> str:
    return (
        "---\nlicense: other\nlanguage: en\npipeline_tag: image-text-to-text\n"
        "tags: [medical, retia, audit]\n---"
    )


def _about(audit: Numbers, record: Numbers) -> str:
    config = record.get("config", {})
    who = next(
        (
            f"{words} `{Path(str(config[key])).name}`"
            for key, words in (
                ("predictions", "the file of answers"),
                ("endpoint_model", "the model"),
                ("endpoint", "the endpoint"),
                ("model", "the model folder"),
            )
            if config.get(key)
        ),
        "the student that Retia ships",
    )
    return f"# Model card: {who}\n\n**{DISCLAIMER}**\n\nAudited with `retia evaluate`. " + _looks(
        audit
    )


def _looks(audit: Numbers) -> str:
    summary = audit.get("summary", {})
    found = {"the stage": summary.get("uses_the_image", "absent")}
    for name, own in summary.get("questions", {}).items():
        found[f"{name} questions"] = own.get("uses_the_image")
    words = {
        True: "it demonstrably uses the image",
        False: "there is no evidence that it uses the image",
        None: "whether it uses the image was not tested",
    }
    said = [f"about {about} {words[value]}" for about, value in found.items() if value in words]
    return f"Asked {'; '.join(said)}." if said else "Nothing was asked."


def _data(audit: Numbers, record: Numbers) -> str:
    config, summary = record.get("config", {}), audit.get("summary", {})
    samples = Path(str(config.get("samples", "unknown"))).name
    lines = [
        f"- samples: `{samples}`, hash `{record.get('inputs', {}).get('samples', 'unknown')}`",
        f"- split: {config.get('split') or 'all'}",
    ]
    if "cases" in summary:
        lines.append(f"- stage: {summary['cases']} eyes of {summary['groups']} groups")
    for name, own in summary.get("questions", {}).items():
        lines.append(
            f"- {name}: {own['questions']} questions about {own['cases']} images of "
            f"{own['groups']} groups; intervals resample {own['intervals_resample']}"
        )
    level = config.get("level")
    if level is not None:
        resamples = config.get("resamples", "an unknown number of")
        lines.append(f"- intervals: {level:.0%}, bootstrap over groups, {resamples} resamples")
    return "## What it was measured on\n\n" + "\n".join(lines)


def _stage(audit: Numbers) -> list[str]:
    title = "## Stage"
    conditions = audit.get("conditions")
    if not conditions:
        return [f"{title}\n\nAbsent: no stage was asked for."]
    rows: list[Sequence[object]] = [
        (
            f"{name} image",
            said(own["balanced_accuracy"]),
            said(own["accuracy"]),
            said(own["claims"]["f1"]),
            said(own["readable"]),
        )
        for name, own in conditions.items()
    ]
    constant = audit.get("majority")
    if constant:
        scores = said(constant["balanced_accuracy"]), said(constant["accuracy"])
        rows.append((f"always {constant['stage']}", *scores, "", ""))
    graph = audit.get("graph")
    if graph:
        rows.append(("graph model", said(graph["balanced_accuracy"]), "", "", ""))
    header = ("", "balanced accuracy", "accuracy", "claim F1", "readable")
    gaps = audit.get("real_minus") or {}
    controls = [f"- real minus {name}, paired: {said(gap)}" for name, gap in gaps.items()]
    return [
        f"{title}\n\n{table(header, rows)}",
        "### Controls\n\n"
        + ("\n".join(controls) or "Absent: blank and shuffled images were not asked."),
    ]


def _questions(audit: Numbers) -> list[str]:
    questions = audit.get("questions")
    if not questions:
        return ["## Questions\n\nAbsent: no question but the stage was asked."]
    sections = []
    for name, own in questions.items():
        voices = own["voices"]
        rows = [
            (title, *(said(voices[v].get(measure)) for v in voices))
            for measure, title in MEASURES.items()
            if measure in voices["real"]
        ]
        header = ("", *(voice.replace("_", " ") for voice in voices))
        sections.append(f"## Questions: {name}\n\n{table(header, rows)}")
        sections += [*_conventions(own["quality"]["real"]), *_frames(own["summary"])]
    return sections


def _conventions(quality: Numbers) -> Iterator[str]:
    """The same answers as others score them."""
    rows = [
        (
            f"{sort} ({own['questions']})",
            *(said(own.get(k)) for k in ("llava_med", "llava_med_as_published", "strict")),
        )
        for sort, own in quality["conventions"].items()
    ]
    if rows:
        header = ("same answers, by convention", "LLaVA-Med", "its published script", "strict")
        yield table(header, rows)
    numbers = [
        (name.replace("_", " "), own["questions"], said(own["absolute_error"]), said(own["bias"]))
        for name, own in quality["quantities"].items()
    ]
    if numbers:
        yield table(("number", "questions", "absolute error", "bias"), numbers)


def _frames(summary: Numbers) -> Iterator[str]:
    """What only surgical frames have."""
    rows = [(title, said(summary[key])) for key, title in FRAMES.items() if key in summary]
    if rows:
        yield table(("frames", "student"), rows)


def _limits(record: Numbers) -> str:
    versions = record.get("versions", {})
    made = f"Retia {versions.get('retia', 'of an unknown version')}"
    commit = record.get("commit")
    return (
        "## Intended use\n\nResearch on explanations that can be checked. "
        f"{DISCLAIMER}\n\n"
        "## Limits\n\n"
        "- The numbers hold for cases like these and for this wording of the questions.\n"
        "- Synthetic images say nothing about a population, nor about real scans.\n"
        "- Claims outside the closed vocabulary are not judged.\n"
        "- Where a part is absent above, nothing is known about it.\n\n"
        f"Measured by {made}{f', commit `{commit}`' if commit else ''}, "
        f"seed {record.get('config', {}).get('seed', 'unknown')}; all numbers are in `audit.json`."
    )
