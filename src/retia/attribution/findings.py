"""From attributed graph elements to findings with place, numbers and evidence.

Which elements speak is the model's (positive attribution for the predicted stage); what they are
is measured (by how far they leave the healthy range). Elements that touch are one finding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.ndimage import binary_closing, binary_fill_holes, label

from retia.anatomy import locate
from retia.graphs.hetero import node_tables
from retia.graphs.painting import area_mask, paint_segments
from retia.graphs.reference import HealthyReference
from retia.records import Attribution, Case, Finding, VesselGraph
from retia.taxonomy import read_vocabulary

JOIN_MM = 0.06
"""Elements closer than this are one finding: more than a capillary, less than a capillary gap."""
DROPOUT_MM2 = 0.03
TUFT_MM2 = 0.02
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
    shares, tables = shares_of(attribution), node_tables(graph)
    scene = _Scene(case, tables, shares, reference, shape)
    found = [*scene.dropout(), *scene.tufts(), *scene.microaneurysms(), *scene.enlarged_faz()]
    found.sort(key=lambda f: -(f.importance or 0.0))
    return tuple(replace(f, id=f"a{number}") for number, f in enumerate(found, 1))


class _Scene:
    """What all kinds of finding need of one image."""

    def __init__(
        self,
        case: Case,
        tables: dict[str, pl.DataFrame],
        shares: Shares,
        reference: HealthyReference,
        shape: tuple[int, int],
    ) -> None:
        self.case, self.shares, self.reference, self.shape = case, shares, reference, shape
        self.segments, self.areas, self.faz = (tables[k] for k in ("segment", "area", "faz"))
        self.mm_per_px = float(case.mm_per_px or 0)
        self.fovea = (float(self.faz["x_px"][0]), float(self.faz["y_px"][0]))
        self.vocabulary = read_vocabulary("octa")

    def dropout(self) -> list[Finding]:
        """Intercapillary areas far wider than healthy ones, joined where they touch."""
        wide = (
            self.areas["depth_max_um"].to_numpy()
            > self.reference.quantile("area", "depth_max_um", 0.999)
        ) & (self.shares.area > 0)
        if not wide.any():
            return []
        mask = area_mask(self.areas.filter(pl.Series(wide)), self.shape)
        vessels = paint_segments(self.segments, self.shape, np.ones(self.segments.height)) > 0
        found = []
        for region in self._regions(mask):
            inside = wide & self._centres_in(self.areas, region)
            whole = binary_fill_holes(region)
            area_mm2 = float(whole.sum()) * self.mm_per_px**2
            if area_mm2 < DROPOUT_MM2 or not inside.any():
                continue
            usual = self._usual_density(vessels, mask)
            ratio = float(vessels[whole].mean()) / max(usual, 1e-6)
            values = {"area_mm2": round(area_mm2, 4), "density_ratio": round(ratio, 4)}
            found.append(
                self._finding("capillary_dropout", whole, values, "area", inside, self.shares.area)
            )
        return [f for f in found if f.severity is not None]

    def _usual_density(self, vessels: np.ndarray, lost: np.ndarray) -> float:
        kept = ~lost & ~area_mask(self.faz, self.shape)
        return float(vessels[kept].mean()) if kept.any() else 1.0

    def tufts(self) -> list[Finding]:
        """Segments in far denser surroundings than any healthy one, joined where they touch."""
        dense = (self.shares.segment > 0) & self._above("local_vessel_density", 0.999)
        dense &= self._above("local_intensity", 0.999)
        found = []
        mask = self._painted(dense)
        for region in self._regions(mask):
            inside = dense & self._centres_in(self.segments, region)
            whole = binary_fill_holes(region)
            area_mm2 = float(whole.sum()) * self.mm_per_px**2
            if area_mm2 < TUFT_MM2 or inside.sum() < TUFT_SEGMENTS:
                continue
            values = {"area_mm2": round(area_mm2, 4)}
            found.append(
                self._finding(
                    "neovascularization", whole, values, "segment", inside, self.shares.segment
                )
            )
        self.tuft_mask = np.zeros(self.shape, bool)
        for finding in found:
            x0, y0, x1, y1 = (int(v) for v in finding.box_px or (0, 0, 1, 1))
            self.tuft_mask[y0:y1, x0:x1] = True
        return found

    def microaneurysms(self) -> list[Finding]:
        """Segments far wider than their neighbours, short and apart from tufts."""
        round_ones = (self.shares.segment > 0) & self._above("radius_contrast", 0.999)
        round_ones &= self.segments["length_mm"].to_numpy() < 0.15
        found = []
        for region in self._regions(self._painted(round_ones)):
            inside = round_ones & self._centres_in(self.segments, region)
            if not inside.any() or self.tuft_mask[region].any():
                continue
            radius_um = float(self.segments["radius_max_um"].to_numpy()[inside].max())
            values = {"radius_um": round(radius_um, 2)}
            found.append(
                self._finding(
                    "microaneurysm", region, values, "segment", inside, self.shares.segment
                )
            )
        return found

    def enlarged_faz(self) -> list[Finding]:
        """A FAZ beyond the healthy range, where the model minded it."""
        area_mm2 = float(self.faz["area_mm2"][0])
        values = {"area_mm2": round(area_mm2, 4)}
        severity = self.vocabulary.kind("faz_enlargement").severity(values)
        if severity is None or self.shares.faz[0] <= 0:
            return []
        mask = area_mask(self.faz, self.shape)
        inside = np.ones(1, bool)
        return [
            self._finding("faz_enlargement", mask, values, "faz", inside, self.shares.faz, False)
        ]

    def _above(self, feature: str, quantile: float) -> np.ndarray:
        limit = self.reference.quantile("segment", feature, quantile)
        return self.segments[feature].to_numpy() > limit

    def _painted(self, chosen: np.ndarray) -> np.ndarray:
        if not chosen.any():
            return np.zeros(self.shape, bool)
        part = self.segments.filter(pl.Series(chosen))
        return paint_segments(part, self.shape, np.ones(part.height)) > 0

    def _regions(self, mask: np.ndarray) -> list[np.ndarray]:
        """Connected parts after closing gaps of `JOIN_MM`."""
        if not mask.any():
            return []
        reach = max(1, round(JOIN_MM / 2 / self.mm_per_px))
        padded = np.pad(mask, reach)
        closed = binary_closing(padded, np.ones((2 * reach + 1,) * 2))
        labels, count = label(closed[reach:-reach, reach:-reach], np.ones((3, 3)))
        return [labels == i for i in range(1, count + 1)]

    def _centres_in(self, table: pl.DataFrame, region: np.ndarray) -> np.ndarray:
        x = np.clip(table["x_px"].to_numpy().round().astype(int), 0, self.shape[1] - 1)
        y = np.clip(table["y_px"].to_numpy().round().astype(int), 0, self.shape[0] - 1)
        return region[y, x]

    def _finding(
        self,
        kind: str,
        mask: np.ndarray,
        values: dict[str, float],
        node: str,
        inside: np.ndarray,
        shares: np.ndarray,
        placed: bool = True,
    ) -> Finding:
        rows, columns = np.nonzero(mask)
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        middle = (float(columns.mean()), float(rows.mean()))
        zone = locate(middle, self.fovea, self.mm_per_px, self.case.laterality) if placed else None
        ids = np.flatnonzero(inside)
        top = ids[np.argsort(-shares[ids], kind="stable")][:EVIDENCE]
        return Finding(
            id="a0",
            kind=kind,
            source="attribution",
            severity=self.vocabulary.kind(kind).severity(values),
            box_px=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            zone=zone,
            values=values,
            importance=round(float(shares[inside].sum()), 6),
            evidence=tuple(f"seen/{node}/{i}" for i in top),
        )


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
