"""From attributed graph elements to findings with place, numbers and evidence.

Which elements speak is the model's (positive attribution for the predicted stage); what they are
is measured (by how far they leave the healthy range). Elements that touch are one finding.

Microaneurysms are not told apart here: at 10 µm a pixel their segments look like other short wide
segments (precision below .15 for any threshold tried), so they count as not looked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.ndimage import binary_closing, binary_fill_holes

from retia.anatomy import locate
from retia.graphs.hetero import node_tables
from retia.graphs.painting import area_mask, paint_areas, paint_segments
from retia.graphs.reference import HealthyReference
from retia.records import Attribution, Case, Finding, VesselGraph
from retia.taxonomy import read_vocabulary

JOIN_MM = 0.06
"""Elements closer than this are one finding: more than a capillary, less than a capillary gap."""
DROPOUT_MM2, TUFT_MM2 = 0.03, 0.03
"""Smaller ones are left out: they are within what healthy eyes show by chance."""
TUFT_SEGMENTS = 4
EVIDENCE = 12
"""A finding names at most this many elements, the most important ones."""


@dataclass(frozen=True)
class Shares:
    """Per node type, each node's share of all positive attribution, shape `(N,)`."""

    segment: np.ndarray
    area: np.ndarray
    faz: np.ndarray


def shares_of(attribution: Attribution) -> Shares:
    """Positive attribution of each node over the sum of all positive ones (0 where negative)."""
    positive = {k: np.maximum(attribution.importance(k), 0) for k in ("segment", "area", "faz")}
    total = max(sum(float(v.sum()) for v in positive.values()), 1e-12)
    return Shares(**{k: v / total for k, v in positive.items()})


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
    found = [*find_dropout(scene), *find_tufts(scene), *find_enlarged_faz(scene)]
    found.sort(key=lambda f: -(f.importance or 0.0))
    return tuple(replace(f, id=f"a{number}") for number, f in enumerate(found, 1))


class Scene:
    """One image's elements, their shares, and what is usual in healthy eyes."""

    def __init__(
        self,
        case: Case,
        graph: VesselGraph,
        shares: Shares,
        reference: HealthyReference,
        shape: tuple[int, int],
    ) -> None:
        """Sort the tables by id, so that rows, ids and shares go together."""
        self.case, self.graph, self.shares, self.shape = case, graph, shares, shape
        self.reference = reference
        self.tables = node_tables(graph)
        self.mm_per_px = float(case.mm_per_px or 0)
        faz = self.tables["faz"]
        self.fovea_px = (float(faz["x_px"][0]), float(faz["y_px"][0]))

    def beyond(self, node: str, feature: str) -> np.ndarray:
        """Which elements exceed the 99.9th healthy percentile and speak for the stage."""
        limit = self.reference.quantile(node, feature, 0.999)
        return (self.tables[node][feature].to_numpy() > limit) & (getattr(self.shares, node) > 0)

    def painted(self, node: str, chosen: np.ndarray) -> np.ndarray:
        """Mask of the chosen segments or areas."""
        paint = paint_segments if node == "segment" else paint_areas
        return paint(self.graph, self.shape, chosen.astype(float)) > 0

    def regions(self, node: str, chosen: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Join chosen elements that lie close: per region its mask and its elements."""
        if not chosen.any():
            return []
        reach = max(1, round(JOIN_MM / 2 / self.mm_per_px))
        padded = np.pad(self.painted(node, chosen), reach)
        closed = binary_closing(padded, np.ones((2 * reach + 1,) * 2))
        count, labels = cv2.connectedComponents(closed.astype(np.uint8), connectivity=8)
        labels = labels[reach:-reach, reach:-reach]
        own = np.where(chosen, labels[self._rows(node), self._columns(node)], 0)
        filled = [np.asarray(binary_fill_holes(labels == i)) for i in range(1, count)]
        return [(mask, own == i) for i, mask in enumerate(filled, 1) if (own == i).any()]

    def _rows(self, node: str) -> np.ndarray:
        return np.clip(self.tables[node]["y_px"].to_numpy().round(), 0, self.shape[0] - 1).astype(
            int
        )

    def _columns(self, node: str) -> np.ndarray:
        return np.clip(self.tables[node]["x_px"].to_numpy().round(), 0, self.shape[1] - 1).astype(
            int
        )

    def area_mm2(self, mask: np.ndarray) -> float:
        """Area of a mask."""
        return float(mask.sum()) * self.mm_per_px**2

    def finding(
        self, kind: str, mask: np.ndarray, values: dict[str, float], node: str, inside: np.ndarray
    ) -> Finding:
        """Put a finding together; its id is given later."""
        rows, columns = np.nonzero(mask)
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        middle = (float(columns.mean()), float(rows.mean()))
        zone = None
        if node != "faz":
            zone = locate(middle, self.fovea_px, self.mm_per_px, self.case.laterality)
        shares = getattr(self.shares, node)
        ids = np.flatnonzero(inside)
        top = ids[np.argsort(-shares[ids], kind="stable")][:EVIDENCE]
        rounded = {key: round(value, 4) for key, value in values.items()}
        return Finding(
            id="a0",
            kind=kind,
            source="attribution",
            severity=read_vocabulary("octa").kind(kind).severity(rounded),
            box_px=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            zone=zone,
            values=rounded,
            importance=round(float(shares[inside].sum()), 6),
            evidence=tuple(f"seen/{node}/{i}" for i in top),
        )


def find_dropout(scene: Scene) -> list[Finding]:
    """Intercapillary areas deeper than healthy ones; density against the rest of the eye."""
    regions = scene.regions("area", scene.beyond("area", "depth_max_um"))
    everything = np.ones(scene.tables["segment"].height, bool)
    vessels = scene.painted("segment", everything)
    rest = ~area_mask(scene.graph.faz, scene.shape)
    for mask, _ in regions:
        rest &= ~mask
    usual = float(vessels[rest].mean()) if rest.any() else 1.0
    found = []
    for mask, inside in regions:
        area_mm2 = scene.area_mm2(mask)
        ratio = float(vessels[mask].mean()) / max(usual, 1e-6)
        values = {"area_mm2": area_mm2, "density_ratio": ratio}
        finding = scene.finding("capillary_dropout", mask, values, "area", inside)
        if area_mm2 >= DROPOUT_MM2 and finding.severity is not None:
            found.append(finding)
    return found


def find_tufts(scene: Scene) -> list[Finding]:
    """Segments in denser and brighter surroundings than any healthy one."""
    chosen = scene.beyond("segment", "local_vessel_density")
    chosen &= scene.beyond("segment", "local_intensity")
    found = []
    for mask, inside in scene.regions("segment", chosen):
        area_mm2 = scene.area_mm2(mask)
        if area_mm2 >= TUFT_MM2 and inside.sum() >= TUFT_SEGMENTS:
            values = {"area_mm2": area_mm2}
            found.append(scene.finding("neovascularization", mask, values, "segment", inside))
    return found


def find_enlarged_faz(scene: Scene) -> list[Finding]:
    """A FAZ beyond the healthy range, where it speaks for the stage."""
    values = {"area_mm2": float(scene.graph.faz["area_mm2"][0])}
    severity = read_vocabulary("octa").kind("faz_enlargement").severity(values)
    if severity is None or scene.shares.faz[0] <= 0:
        return []
    mask = area_mask(scene.graph.faz, scene.shape)
    return [scene.finding("faz_enlargement", mask, values, "faz", np.ones(1, bool))]


def top_elements(
    attribution: Attribution, shares: Shares, count: int = 20
) -> Sequence[dict[str, object]]:
    """The most important elements of all types, with the feature that spoke most for them."""
    rows = []
    for kind in ("segment", "area", "faz"):
        share = getattr(shares, kind)
        for i in np.argsort(-share, kind="stable")[:count]:
            if share[i] > 0:
                values = attribution.nodes[kind][i]
                top = int(values.argmax())
                rows.append(
                    {
                        "element": f"seen/{kind}/{i}",
                        "share": round(float(share[i]), 6),
                        "top_feature": attribution.features[kind][top],
                        "feature_attribution": round(float(values[top]), 6),
                    }
                )
    rows.sort(key=lambda r: -r["share"])
    return rows[:count]
