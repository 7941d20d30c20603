"""From attributed graph elements to findings with place, numbers and evidence.

Three things must come together. The segmenter's evidence names elements that may belong to a
lesion; elements that touch are one candidate. The model's attribution must speak for it: the
candidate holds some of what led to the stage. And the measurement must support it: a size, and a
place among healthy elements of the same ring.

A changed calibre is not told: neither evidence nor features tell it apart from other vessels on
grown eyes, so it counts as not looked for.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from retia.attribution.scene import Region, Scene, shares_of
from retia.graphs.reference import HealthyReference
from retia.records import Attribution, Case, Finding, VesselGraph
from retia.taxonomy import read_vocabulary

LOOKED_FOR = (
    "capillary_dropout",
    "microaneurysm",
    "neovascularization",
    "irma",
    "tortuosity",
    "faz_enlargement",
    "faz_irregularity",
)
"""Kinds that the elements are tested for."""

LIKELY = {
    "capillary_dropout": 0.5,
    "microaneurysm": 0.2,
    "neovascularization": 0.7,
    "irma": 0.8,
    "tortuosity": 0.95,
}
"""Evidence from which an element is a candidate; best on the validation part of grown eyes."""
SMALLEST_MM2 = {"capillary_dropout": 0.03, "neovascularization": 0.03, "irma": 0.024}
"""Smaller candidates are left out: healthy eyes show such by chance."""
SPARSE, DENSE = 0.5, 0.5
"""Places among healthy elements of the same ring: lost capillaries lie below, tufts above."""
WINDING = 0.5
"""Place among healthy segments of the same ring above which a vessel winds."""
SAC_MM = 0.025
"""Radius of a usual sac, where the vessel it sits on is thinner."""
ROUND_FAZ = 0.05
"""Share of healthy eyes whose zone is less round than one that is called irregular."""


def findings_of(
    case: Case,
    graph: VesselGraph,
    attribution: Attribution,
    reference: HealthyReference,
    shape: tuple[int, int],
) -> tuple[Finding, ...]:
    """Turn the attributed elements of one image into findings.

    Args:
        case: For scale and laterality.
        graph: Its graph.
        attribution: Of its predicted stage; a healthy prediction has no findings.
        reference: Quantiles of healthy eyes.
        shape: Height and width of the image.

    Returns:
        Findings of source `attribution`, most important first, with ids `a1`, `a2`, ...
    """
    if attribution.stage == "healthy":
        return ()
    scene = Scene(case, graph, shares_of(attribution), reference, shape)
    found = [
        *find_dropout(scene),
        *find_microaneurysms(scene),
        *find_tufts(scene),
        *find_irma(scene),
        *find_winding(scene),
        *find_faz_changes(scene),
    ]
    found.sort(key=lambda f: -(f.importance or 0.0))
    return tuple(replace(f, id=f"a{number}") for number, f in enumerate(found, 1))


def _candidates(scene: Scene, kind: str, node: str) -> Iterator[Region]:
    """Regions of likely elements that are large enough and that the attribution speaks for."""
    likely = scene.column(node, f"evidence_{kind}") >= LIKELY[kind]
    for region in scene.regions(node, likely):
        large = scene.area_mm2(region.mask) >= SMALLEST_MM2.get(kind, 0.0)
        if large and scene.share(region) > 0:
            yield region


def find_dropout(scene: Scene) -> list[Finding]:
    """Areas whose surroundings have lost capillaries; density against the rest of the eye."""
    regions = list(_candidates(scene, "capillary_dropout", "area"))
    if not regions:
        return []
    vessels = scene.painted("segment", np.ones(scene.tables["segment"].height, bool))
    rest = ~scene.faz_mask()
    for region in regions:
        rest &= ~region.mask
    usual = float(vessels[rest].mean()) if rest.any() else 1.0
    sparse = scene.percentile("area", "relative_density")
    found = []
    for region in regions:
        ratio = float(vessels[region.mask].mean()) / max(usual, 1e-6)
        values = {"area_mm2": scene.area_mm2(region.mask), "density_ratio": ratio}
        finding = scene.finding("capillary_dropout", region, values)
        weight = scene.column("area", "area_mm2")[region.inside]
        place = float(np.average(sparse[region.inside], weights=weight))
        if finding.severity is not None and place <= SPARSE:
            found.append(finding)
    return found


def find_microaneurysms(scene: Scene) -> list[Finding]:
    """Sacs on capillaries; those whose discs touch are one."""
    likely = scene.column("segment", "evidence_microaneurysm") >= LIKELY["microaneurysm"]
    radius_px = np.maximum(
        scene.column("segment", "radius_max_um") / 1000 / scene.mm_per_px, SAC_MM / scene.mm_per_px
    )
    found = []
    for region in scene.sacs(likely, radius_px):
        radius_um = 1000 * float(np.sqrt(scene.area_mm2(region.mask) / np.pi))
        if scene.share(region) > 0:
            found.append(scene.finding("microaneurysm", region, {"radius_um": radius_um}))
    return found


def find_tufts(scene: Scene) -> list[Finding]:
    """Segments of new vessels, in denser surroundings than most healthy ones of the ring."""
    dense = scene.percentile("segment", "relative_density")
    found = []
    for region in _candidates(scene, "neovascularization", "segment"):
        if float(np.median(dense[region.inside])) >= DENSE:
            values = {"area_mm2": scene.area_mm2(region.mask)}
            found.append(scene.finding("neovascularization", region, values))
    return found


def find_irma(scene: Scene) -> list[Finding]:
    """Channels that are too wide for capillaries and lead where none should."""
    length_mm, found = scene.column("segment", "length_mm"), []
    for region in _candidates(scene, "irma", "segment"):
        channel = scene.painted("segment", region.inside)
        values = {
            "area_mm2": scene.area_mm2(channel),
            "length_mm": float(length_mm[region.inside].sum()),
        }
        found.append(scene.finding("irma", region, values))
    return found


def find_winding(scene: Scene) -> list[Finding]:
    """Vessels whose course is longer, for the distance it covers, than that of healthy ones."""
    place = scene.percentile("segment", "tortuosity")
    length_mm, winding = (scene.column("segment", n) for n in ("length_mm", "tortuosity"))
    found = []
    for region in _candidates(scene, "tortuosity", "segment"):
        weight = length_mm[region.inside]
        if float(np.average(place[region.inside], weights=weight)) >= WINDING:
            value = float(np.average(winding[region.inside], weights=weight))
            found.append(scene.finding("tortuosity", region, {"tortuosity": value}))
    return found


def find_faz_changes(scene: Scene) -> list[Finding]:
    """A FAZ larger, or less round, than healthy ones, where it speaks for the stage."""
    faz = scene.tables["faz"]
    area_mm2, circularity = float(faz["area_mm2"][0]), float(faz["circularity"][0])
    region = Region("faz", scene.faz_mask(), np.ones(1, bool))
    if not region.mask.any() or scene.share(region) <= 0:
        return []
    found = []
    values = {"area_mm2": area_mm2}
    if read_vocabulary("octa").kind("faz_enlargement").severity(values) is not None:
        found.append(scene.finding("faz_enlargement", region, values))
    place = scene.reference.percentile("faz", "circularity", np.array([circularity]))
    if float(place[0]) <= ROUND_FAZ:
        found.append(scene.finding("faz_irregularity", region, {"circularity": circularity}))
    return found
