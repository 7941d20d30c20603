"""`retia explain`: one image in, both voices out.

The graph's voice is measured: segmentation, graph, staging, attribution, findings, sentences with
their evidence. The student's voice is generated from the pixels alone; each of its sentences is
held against what the graph found.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from retia.disclaimer import DISCLAIMER
from retia.records.explanation import Explanation, Sentence
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    import numpy as np

    from retia.images import ScanImage
    from retia.records import Attribution, Case, VesselGraph

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class ExplainConfig(StepConfig):
    """What `retia explain` takes."""

    image: Path
    """PNG, TIFF, BMP or JPEG; may stand without its flag: `retia explain IMAGE`."""
    out: Path = Path("explanation")
    """Folder to write; created if missing."""
    mm_per_px: float | None = None
    """Side of a pixel in mm: 0.00987 for a 3 mm scan of 304 px."""
    laterality: Literal["OD", "OS"] | None = None
    """Right (OD) or left (OS) eye; decides what is nasal and what is temporal."""
    model: Path | None = None
    """Student folder; the shipped student when left out."""
    staging: Path | None = None
    """Folder of `retia stage train`; the shipped model when left out."""
    student: bool = True
    """Whether the student speaks too."""
    max_megapixels: float = 64.0
    """Larger images are refused."""


def explain(config: ExplainConfig) -> Explanation:
    """Explain one image in both voices.

    Writes `explanation.json`, `overlay.png` (findings and attribution), `report.html`.

    Raises:
        UserError: If the image cannot be used, has no scale, or a model cannot be read.
    """
    from retia.images import read_image, read_image_folder
    from retia.records.jsonl import from_plain, to_json
    from retia.weights import staging_folder, student_folder

    # Everything that can be refused is refused before the folder is made.
    (case,) = read_image_folder(config.image, config.mm_per_px)
    case = replace(case, laterality=config.laterality)
    scan = read_image(config.image, case.mm_per_px, case.laterality, config.max_megapixels)
    staging = config.staging or staging_folder()
    inputs = {"image": config.image, "staging": staging}
    if config.student:
        inputs["student"] = config.model or student_folder()
    with open_step("explain", config, inputs) as step:
        path = step.out / "explanation.json"
        if step.done:
            import json

            return from_plain(Explanation, json.loads(path.read_text()), str(path))
        graph = build(case, scan)
        seen, attribution = graph_voice(case, scan, graph, staging)
        explanation = _compose(config, scan, seen, attribution)
        if config.student:
            explanation = _with_student(explanation, seen, scan, inputs["student"])
        overlay = _overlay(scan, seen, graph, attribution)
        _write(step.out, explanation, overlay, to_json(explanation))
    return explanation


def build(case: "Case", scan: "ScanImage") -> "VesselGraph":
    """Segment an image and build its graph."""
    from retia.graphs.build import build_graph
    from retia.segmentation import segment_image

    scale = float(case.mm_per_px or 0)
    vessels, faz = segment_image(scan.pixels, scale)
    return build_graph(case.id, vessels, faz, scale, scan.pixels)


def graph_voice(
    case: "Case", scan: "ScanImage", graph: "VesselGraph", staging: Path
) -> tuple["Case", "Attribution"]:
    """Stage and attribute a graph; the case returned carries its findings and FAZ area."""
    from retia.attribution.voice import attribute_one
    from retia.records import Measure

    seen, attribution = attribute_one(case, graph, staging, scan.pixels.shape)
    area = Measure(
        name="faz_area_mm2", value=float(graph.faz["area_mm2"][0]), source="mask", unit="mm²"
    )
    return replace(seen, measures=(area,)), attribution


def _compose(
    config: ExplainConfig, scan: "ScanImage", seen: "Case", attribution: "Attribution"
) -> Explanation:
    from retia.instructions import stage_answer

    _, told = stage_answer(seen, lambda phrasings: phrasings[0])
    return Explanation(
        image=config.image.name,
        mm_per_px=float(seen.mm_per_px or 0),
        stage=attribution.stage,
        probabilities={s: round(p, 4) for s, p in attribution.probabilities.items()},
        measures=seen.measures,
        findings=seen.findings,
        sentences=tuple(Sentence(text=t.text, evidence=t.evidence) for t in told),
        notes=scan.notes,
        disclaimer=DISCLAIMER,
    )


def _with_student(
    explanation: Explanation, seen: "Case", scan: "ScanImage", folder: Path
) -> Explanation:
    from retia.claims import judge_text, stage_in
    from retia.claims.parser import parse_answer
    from retia.instructions import stage_question
    from retia.students.ask import ask
    from retia.students.student import load_student

    (text,) = ask(load_student(folder), [scan.pixels], [stage_question(seen)])
    answer = parse_answer(text)
    stage = stage_in(answer.answer if answer else text)
    sentences, _ = judge_text(text, seen)
    return replace(
        explanation,
        student_stage=stage,
        student_sentences=tuple(sentences),
        student_text=text,
        agreement=stage == explanation.stage,
    )


def _overlay(
    scan: "ScanImage", seen: "Case", graph: "VesselGraph", attribution: "Attribution"
) -> "np.ndarray":
    from retia.attribution.findings import shares_of
    from retia.attribution.overlay import draw_attribution

    return draw_attribution(scan.pixels, seen, graph, shares_of(attribution))


def _write(out: Path, explanation: Explanation, overlay: "np.ndarray", text: str) -> None:
    from retia.atomic import atomic_file
    from retia.figures import Report, sentences_html, write_png
    from retia.taxonomy import read_vocabulary

    vocabulary = read_vocabulary("octa")
    student = explanation.student_stage
    write_png(out / "overlay.png", overlay)
    report = Report(f"Explanation of {explanation.image}")
    probability = explanation.probabilities[explanation.stage]
    report.headline(
        [
            (
                vocabulary.stage_name(explanation.stage),
                "stage, graph model",
                f"probability {probability:.2f}",
            ),
            (
                vocabulary.stage_name(student) if student else "none",
                "stage, student",
                "generated from the pixels",
            ),
            *(
                (f"{m.value:.2f} {m.unit or ''}", vocabulary.measures[m.name][0], m.source)
                for m in explanation.measures
            ),
        ]
    )
    report.picture(
        overlay,
        "Left: vessels and FAZ as segmented. Middle: what spoke for the stage (red, by integrated "
        "gradients). Right: findings.",
    )
    report.heading("The graph's voice")
    report.html(sentences_html(explanation.sentences))
    report.table(
        ["finding", "severity", "place", "values", "importance"],
        [
            (
                f.kind.replace("_", " "),
                f.severity or "",
                " ".join(p for p in (f.zone.quadrant, f.zone.ring) if p) if f.zone else "",
                ", ".join(f"{k} {v:g}" for k, v in f.values.items()),
                f"{f.importance or 0:.3f}",
            )
            for f in explanation.findings
        ],
    )
    if explanation.student_sentences:
        report.heading("The student's voice, held against the graph's findings")
        report.html(sentences_html(explanation.student_sentences))
    report.write(out / "report.html")
    with atomic_file(out / "explanation.json") as part:
        part.write_text(text + "\n", encoding="utf-8")


def describe(explanation: Explanation) -> str:
    """The explanation as text for a terminal."""
    probability = explanation.probabilities[explanation.stage]
    lines = [
        f"stage     {explanation.stage} (graph model, probability {probability:.2f})",
        *(f"{m.name:<14}{m.value:.3f} {m.unit or ''}" for m in explanation.measures),
        f"findings  {len(explanation.findings)}",
    ]
    for f in explanation.findings:
        values = ", ".join(f"{k} {v:g}" for k, v in f.values.items())
        place = " ".join(p for p in (f.zone.quadrant, f.zone.ring) if p) if f.zone else ""
        lines.append(f"  {f.kind:<20}{f.severity or '':<10}{place:<30}{values}")
    lines.append("graph:    " + " ".join(s.text for s in explanation.sentences))
    if explanation.student_text is not None:
        agree = "agrees" if explanation.agreement else "disagrees"
        lines.append(f"student:  {explanation.student_stage} ({agree})")
        lines += [f"  [{s.verdict or 'no claim'}] {s.text}" for s in explanation.student_sentences]
    lines += [f"note:     {note}" for note in explanation.notes]
    return "\n".join([*lines, explanation.disclaimer])
