"""Which regions of an image an answer should rest on, and who says so.

In:  an item, its answer, the folder of its case.
Out: regions with their source, and in words why there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from retia.claims import box_in, claims_of, parse_answer
from retia.counterfactuals import box_mask
from retia.evaluation.plan.items import Item
from retia.images.image import read_mask
from retia.records import Case, Finding
from retia.records.case import Box
from retia.taxonomy import read_vocabulary

RegionSource = Literal["expert", "simulator", "model"]
"""An annotation; the mask of a grown lesion; the model's own box. They never share a row."""

Scope = Literal["answer", "kind"]
"""All that the answer rests on, or the findings of one kind, which the explanation may name."""

_EXPERTS = ("annotation", "mask")
MOST_KINDS = 3
"""Kinds removed one by one from an image, those first that the answer names."""


@dataclass(frozen=True, kw_only=True)
class Twin:
    """The same eye grown without a finding."""

    image: Path
    without: str
    """Kind of the finding it lacks."""


@dataclass(frozen=True, kw_only=True)
class ProbedRegion:
    """A region to remove."""

    source: RegionSource
    scope: Scope
    name: str
    """For people: what it is."""
    kinds: tuple[str, ...]
    """Of the findings that go with it."""
    mask: np.ndarray
    """bool, shape `(H, W)`."""
    twin: Twin | None = None
    """Where the image without exactly this region is known."""
    other: Twin | None = None
    """The same eye without another finding, of another kind: the control of a twin."""


def named_kinds(text: str, modality: str) -> frozenset[str]:
    """Kinds of findings that a text says are there."""
    # The stage and measures are claims as well, but nothing that could be removed.
    kinds = read_vocabulary(modality).kinds
    return frozenset(c.kind for c in claims_of(text, modality) if c.polarity and c.kind in kinds)


def regions_of(
    item: Item, text: str, folder: Path, size: tuple[int, int]
) -> tuple[list[ProbedRegion], list[str]]:
    """Find all regions of an item.

    Args:
        item: The question; its case knows the findings.
        text: The model's answer about the real image.
        folder: What paths of the case are relative to.
        size: (height, width) of the image.

    Returns:
        The regions, and the reasons for what there is none of.
    """
    found: list[ProbedRegion | str] = []
    kind_masks = _kind_masks(item.case, folder, size)
    source: RegionSource = "simulator" if _is_grown(item.case) else "expert"
    if item.roi_px is not None:
        found.append(_boxed(source, "annotated region", [item.roi_px], size))
    elif item.gold.type == "stage" and kind_masks:
        union = np.any([mask for _, mask in kind_masks.values()], axis=0)
        findings = [f for own, _ in kind_masks.values() for f in own]
        found.append(_finding_region(item, folder, source, "answer", findings, union))
    elif item.gold.type == "stage":
        found.append("no finding with a place: nothing to remove")
    else:
        found.append("the question has no region")
    if _explains(text, item.case.modality):
        named = named_kinds(text, item.case.modality)
        order = sorted(kind_masks, key=lambda kind: (kind not in named, kind))
        for kind in order[:MOST_KINDS]:
            findings, mask = kind_masks[kind]
            found.append(_finding_region(item, folder, source, "kind", findings, mask))
    boxes = _own_boxes(text, item.case.modality)
    if boxes:
        found.append(_boxed("model", "the answer's own box", boxes, size))
    regions = [r for r in found if not isinstance(r, str)]
    return regions, [r for r in found if isinstance(r, str)]


def _is_grown(case: Case) -> bool:
    # A healthy eye has no finding, but its measures tell.
    return any(known.source == "simulator" for known in (*case.findings, *case.measures))


def _explains(text: str, modality: str) -> bool:
    """Whether the answer gives reasons, which removing a finding could change."""
    answer = parse_answer(text, strict=True, modality=modality)
    return answer is not None and bool(answer.reasoning or answer.caption or answer.findings)


def _own_boxes(text: str, modality: str) -> list[Box]:
    answer = parse_answer(text, strict=True, modality=modality)
    if answer is None:
        box = box_in(text)
        return [] if box is None else [box]
    return [*answer.boxes, *(f.box for f in answer.findings if f.box is not None)]


def _boxed(
    source: RegionSource, name: str, boxes: Sequence[Box], size: tuple[int, int]
) -> ProbedRegion | str:
    mask = np.any([box_mask(box, size) for box in boxes], axis=0)
    if not mask.any():
        return f"{name}: holds no pixel of the image"
    if mask.all():
        return f"{name}: is the whole image"
    return ProbedRegion(source=source, scope="answer", name=name, kinds=(), mask=mask)


def _kind_masks(
    case: Case, folder: Path, size: tuple[int, int]
) -> dict[str, tuple[list[Finding], np.ndarray]]:
    """Per kind the findings that somebody who knows has placed, and where they are."""
    trusted = ("simulator",) if _is_grown(case) else _EXPERTS
    found: dict[str, tuple[list[Finding], np.ndarray]] = {}
    for finding in case.findings:
        mask = _finding_mask(finding, folder, size) if finding.source in trusted else None
        if mask is not None and mask.any():
            findings, union = found.get(finding.kind, ([], np.zeros(size, bool)))
            found[finding.kind] = ([*findings, finding], union | mask)
    return found


def _finding_mask(finding: Finding, folder: Path, size: tuple[int, int]) -> np.ndarray | None:
    if finding.mask is not None and (folder / finding.mask).is_file():
        mask = read_mask(folder / finding.mask)
        # An image cut or scaled for the student no longer fits the mask; its box was moved along.
        if mask.shape == size:
            return mask
    return None if finding.box_px is None else box_mask(finding.box_px, size)


def _finding_region(
    item: Item,
    folder: Path,
    source: RegionSource,
    scope: Scope,
    findings: Sequence[Finding],
    mask: np.ndarray,
) -> ProbedRegion | str:
    kinds = tuple(dict.fromkeys(f.kind for f in findings))
    name = f"all {kinds[0]}" if scope == "kind" else "all findings"
    if mask.all():
        return f"{name}: is the whole image"
    twin, other = None, None
    if len(findings) == 1 and source == "simulator":
        twins = _twins(item.case, folder)
        lacking = twins.get(findings[0].id)
        influence = lacking and _influence(lacking.image, mask.shape)
        if influence is not None and influence.any():
            twin, mask = lacking, influence
            others = [t for t in twins.values() if t.without not in kinds]
            other = others[0] if others else None
    return ProbedRegion(
        source=source, scope=scope, name=name, kinds=kinds, mask=mask, twin=twin, other=other
    )


def _twins(case: Case, folder: Path) -> dict[str, Twin]:
    """Finding to the image without it, as `retia grow --twins` lays them out beside the images."""
    images = (folder / case.file_name).parent.parent / "twins" / "images"
    if not images.is_dir():
        return {}
    paths = {f.id: images / f"{case.id}-without-{f.id}.png" for f in case.findings}
    return {
        f.id: Twin(image=paths[f.id], without=f.kind)
        for f in case.findings
        if paths[f.id].is_file()
    }


def _influence(image: Path, size: tuple[int, ...]) -> np.ndarray | None:
    """The pixels in which a twin may differ."""
    path = image.parent.parent / "influence" / image.name
    mask = read_mask(path) if path.is_file() else None
    return mask if mask is not None and mask.shape == size else None
