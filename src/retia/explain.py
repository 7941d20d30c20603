"""`retia explain`: one image in, both voices out.

The graph's voice is measured: segmentation, graph, staging, attribution, findings, sentences with
their evidence. The student's voice is generated from the pixels alone; each of its sentences is
held against what the graph found. A scan that cannot be read gets a verdict on its quality, and
neither voice speaks of it.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from retia.disclaimer import DISCLAIMER
from retia.records.explanation import Explanation, Quality, Sentence
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
    """PNG, TIFF, BMP, JPEG, DICOM or NIfTI; may stand without its flag: `retia explain IMAGE`."""
    out: Path = Path("explanation")
    """Folder to write; created if missing."""
    mm_per_px: float | None = None
    """Side of a pixel in mm, where the file does not tell: 0.00987 for a 3 mm scan of 304 px."""
    field_mm: float | None = None
    """Width of the scan in mm, in the place of `mm_per_px`: 3 or 6."""
    slice: int | None = None
    """Page, frame or plane of a file with several, from 1."""
    laterality: Literal["OD", "OS"] | None = None
    """Right (OD) or left (OS) eye, where the file does not tell; decides what is nasal."""
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

    Writes `explanation.json`, `overlay.png` (findings and attribution), `report.html`. Of a scan
    that cannot be staged, these hold the verdict on its quality and the image alone.

    Raises:
        UserError: If the image cannot be read, has no scale, or a model cannot be read.
    """
    from retia.images import read_image_folder
    from retia.images.header import check_file
    from retia.records.jsonl import from_plain, to_json
    from retia.weights import staging_folder, student_folder

    # Everything that can be refused is refused before the folder is made.
    check_file(config.image)
    told = config.mm_per_px, config.field_mm, config.laterality
    (case,) = read_image_folder(config.image, *told)
    scan, refused = _read(config, case)
    staging = config.staging or staging_folder()
    inputs = {"image": config.image, "staging": staging}
    if config.student:
        inputs["student"] = config.model or student_folder()
    with open_step("explain", config, inputs) as step:
        path = step.out / "explanation.json"
        if step.done:
            import json

            return from_plain(Explanation, json.loads(path.read_text()), str(path))
        quality, graph = (refused, None) if refused else look(case, scan)
        if graph is None:
            explanation = _not_staged(config, scan, case, quality)
            overlay = scan.pixels[..., None].repeat(3, axis=2)
        else:
            seen, attribution = graph_voice(case, scan, graph, staging)
            explanation = _compose(config, scan, seen, graph, attribution, quality)
            if config.student:
                explanation = _with_student(explanation, seen, scan, inputs["student"])
            overlay = _overlay(scan, seen, graph, attribution)
        _write(step.out, explanation, overlay, to_json(explanation), case.laterality)
    return explanation


def _read(config: ExplainConfig, case: "Case") -> tuple["ScanImage", Quality | None]:
    """The scan; a coloured picture as grey, with the verdict that it has already."""
    from retia.images import ScanImage, read_image
    from retia.images.grey import ColouredError
    from retia.images.quality import scan_quality

    known = case.mm_per_px, case.laterality
    try:
        return read_image(config.image, *known, config.max_megapixels, config.slice), None
    except ColouredError as error:
        quality = scan_quality(error.grey, case.mm_per_px)
        reasons = ("no OCT angiogram: the picture is coloured", *quality.reasons)
        scan = ScanImage(pixels=error.grey, mm_per_px=known[0], laterality=known[1])
        return scan, replace(quality, score=0.0, usable=False, reasons=reasons)


def look(case: "Case", scan: "ScanImage") -> tuple[Quality, "VesselGraph | None"]:
    """Segment an image and judge it; build its graph where it may be staged."""
    from retia.graphs.build import build_graph
    from retia.images.quality import scan_quality
    from retia.segmentation import segment_image

    scale = float(case.mm_per_px or 0)
    seen = segment_image(scan.pixels, scale)
    quality = scan_quality(scan.pixels, scale, seen.vessels, seen.faz)
    if not quality.usable:
        return quality, None
    return quality, build_graph(
        case.id, seen.vessels, seen.faz, scale, scan.pixels, case.laterality, seen.lesions
    )


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


def _not_staged(
    config: ExplainConfig, scan: "ScanImage", case: "Case", quality: Quality
) -> Explanation:
    text = f"This image cannot be staged: {'; '.join(quality.reasons)}."
    return Explanation(
        image=config.image.name,
        mm_per_px=float(case.mm_per_px or 0),
        quality=quality,
        sentences=(Sentence(text=text),),
        notes=scan.notes,
        disclaimer=DISCLAIMER,
    )


def _compose(
    config: ExplainConfig,
    scan: "ScanImage",
    seen: "Case",
    graph: "VesselGraph",
    attribution: "Attribution",
    quality: Quality,
) -> Explanation:
    from retia.attribution.aggregate import element_rows, zone_rows
    from retia.attribution.eye_report import sectors_of
    from retia.instructions import stage_answer

    zones = zone_rows(element_rows(attribution, graph))
    _, told = stage_answer(seen, lambda phrasings: phrasings[0])
    return Explanation(
        image=config.image.name,
        mm_per_px=float(seen.mm_per_px or 0),
        quality=quality,
        stage=attribution.stage,
        probabilities={s: round(p, 4) for s, p in attribution.probabilities.items()},
        measures=seen.measures,
        findings=seen.findings,
        sectors=sectors_of(seen, graph, zones, scan.pixels.shape),
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
    from retia.attribution.overlay import draw_attribution
    from retia.attribution.scene import shares_of

    return draw_attribution(scan.pixels, seen, graph, shares_of(attribution))


def _write(
    out: Path, explanation: Explanation, overlay: "np.ndarray", text: str, laterality: str | None
) -> None:
    from retia.atomic import atomic_file
    from retia.attribution.eye_report import CAPTION, add_findings, add_sectors
    from retia.figures import Report, sentences_html, write_png

    write_png(out / "overlay.png", overlay)
    report = Report(f"Explanation of {explanation.image}")
    report.headline(_headline(explanation))
    report.picture(
        overlay,
        CAPTION if explanation.stage else "The image as it was read.",
    )
    report.heading("The graph's voice")
    report.html(sentences_html(explanation.sentences))
    if explanation.stage and explanation.quality.reasons:
        report.heading("Quality of the scan")
        report.html(sentences_html([Sentence(text=f"{r};") for r in explanation.quality.reasons]))
    if explanation.sectors:
        add_sectors(report, explanation.sectors, laterality)
    if explanation.findings:
        add_findings(report, explanation.findings)
    if explanation.student_sentences:
        report.heading("The student's voice, held against the graph's findings")
        report.html(sentences_html(explanation.student_sentences))
    report.write(out / "report.html")
    with atomic_file(out / "explanation.json") as part:
        part.write_text(text + "\n", encoding="utf-8")


def _headline(explanation: Explanation) -> list[tuple[str, str, str]]:
    """Big numbers of the report: quality, stages, measures."""
    from retia.taxonomy import read_vocabulary

    vocabulary = read_vocabulary("octa")
    quality, stage, student = explanation.quality, explanation.stage, explanation.student_stage
    complaints = f"{len(quality.reasons)} complaints" if quality.reasons else "no complaint"
    if stage is None:
        return [("not staged", f"quality {quality.score:.2f}", complaints)]
    cards = [
        (
            vocabulary.stage_name(stage),
            "stage, graph model",
            f"probability {explanation.probabilities[stage]:.2f}",
        )
    ]
    if explanation.student_text is not None:
        said = vocabulary.stage_name(student) if student else "none"
        cards.append((said, "stage, student", "generated from the pixels"))
    cards.append((f"{quality.score:.2f}", "quality", complaints))
    return cards + [
        (f"{m.value:.2f} {m.unit or ''}", vocabulary.measures[m.name][0], m.source)
        for m in explanation.measures
    ]


def describe(explanation: Explanation) -> str:
    """The explanation as text for a terminal."""
    quality, stage = explanation.quality, explanation.stage
    judged = [
        f"quality   {quality.score:.2f}" + ("" if quality.usable else ", not usable"),
        *(f"  {reason}" for reason in quality.reasons),
    ]
    ending = [*(f"note:     {note}" for note in explanation.notes), explanation.disclaimer]
    if stage is None:
        return "\n".join(["stage     none: the image cannot be staged", *judged, *ending])
    lines = [
        f"stage     {stage} (graph model, probability {explanation.probabilities[stage]:.2f})",
        *judged,
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
    return "\n".join([*lines, *ending])
