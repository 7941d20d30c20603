"""What a language model is told of a case: findings in words and numbers, and nothing else.

No file name, group, id, age, sex, device or date: a scene cannot be led back to a person.
"""

from collections.abc import Iterable

from retia.instructions.eyes.facts import places_of
from retia.instructions.eyes.wording import join
from retia.records import Case, Finding
from retia.taxonomy import Vocabulary, read_vocabulary


def scene_text(case: Case, with_stage: bool) -> str:
    """The scene, one thing a line.

    Args:
        case: As far as its answer may show it: without laterality where the question names no eye.
        with_stage: Whether the answer speaks of the stage; else it is kept back.
    """
    vocabulary = read_vocabulary(case.modality)
    lines = [f"image: {vocabulary.image}"]
    if with_stage and case.stage is not None:
        grade = f" ({case.grade})" if case.grade else ""
        lines.append(f"stage: {vocabulary.stage_name(case.stage)}{grade}")
    for measure in case.measures:
        if measure.name in vocabulary.measures:
            name, unit = vocabulary.measures[measure.name]
            lines.append(f"{name}: {measure.value:.2f} {unit}".rstrip())
    lines += [f"present: {text}" for text in _present(case, vocabulary)]
    there = {f.kind for f in case.findings}
    kinds = vocabulary.kinds
    absent = [kinds[k].name for k in case.looked_for if k in kinds and k not in there]
    if absent:
        lines.append(f"absent: {', '.join(absent)}")
    return "\n".join(lines)


def _present(case: Case, vocabulary: Vocabulary) -> Iterable[str]:
    """One line for all findings of a kind and severity."""
    groups: dict[tuple[str, str | None, str], list[Finding]] = {}
    for finding in case.findings:
        does = " ".join(v for k in ("verb", "target") if (v := finding.attributes.get(k)))
        groups.setdefault((finding.kind, finding.severity, does), []).append(finding)
    for (kind, severity, does), found in groups.items():
        if kind not in vocabulary.kinds:
            continue
        entry = vocabulary.kinds[kind]
        parts = [f"{severity or ''} {entry.name} {does.replace('_', ' ')}".strip()]
        if len(found) > 1:
            parts.append(f"count {len(found)}")
        places = places_of(tuple(found))
        if places:
            parts.append(join(places))
        area = sum(f.values.get("area_mm2", 0.0) for f in found)
        if area:
            parts.append(f"{area:.2f} mm² in all" if len(found) > 1 else f"{area:.2f} mm²")
        yield ", ".join(parts)
