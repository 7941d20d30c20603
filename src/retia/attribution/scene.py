"""One image's graph elements with their attribution, ready to be joined to findings.

In:  a case, its graph, its attribution, what is usual in healthy eyes.
Out: `Scene`: shares of the attribution, elements joined to regions, findings put together.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Region:
    """Elements that lie together.

    Attributes:
        node: Their type.
        mask: Where they are, bool `(H, W)`.
        inside: Which elements of the type they are, bool `(N,)`.
    """

    node: str
    mask: np.ndarray
    inside: np.ndarray


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

    def column(self, node: str, name: str) -> np.ndarray:
        """A column of a node type, `(N,)`."""
        return self.tables[node][name].to_numpy()

    def percentile(self, node: str, feature: str) -> np.ndarray:
        """Where each element lies among healthy ones of its ring, in [0, 1], `(N,)`."""
        rings = self.tables[node]["ring"].to_numpy()
        return self.reference.percentile(node, feature, self.column(node, feature), rings)

    def painted(self, node: str, chosen: np.ndarray) -> np.ndarray:
        """Mask of the chosen segments or areas."""
        paint = paint_segments if node == "segment" else paint_areas
        return paint(self.graph, self.shape, chosen.astype(float)) > 0

    def faz_mask(self) -> np.ndarray:
        """Mask of the FAZ."""
        return area_mask(self.graph.faz, self.shape)

    def regions(self, node: str, chosen: np.ndarray) -> list[Region]:
        """Join chosen elements that lie close."""
        if not chosen.any():
            return []
        reach = max(1, round(JOIN_MM / 2 / self.mm_per_px))
        padded = np.pad(self.painted(node, chosen), reach)
        closed = binary_closing(padded, np.ones((2 * reach + 1,) * 2))
        count, labels = cv2.connectedComponents(closed.astype(np.uint8), connectivity=8)
        labels = labels[reach:-reach, reach:-reach]
        rows, columns = self._pixels(self.column(node, "x_px"), self.column(node, "y_px"))
        own = np.where(chosen, labels[rows, columns], 0)
        filled = [np.asarray(binary_fill_holes(labels == i)) for i in range(1, count)]
        return [Region(node, m, own == i) for i, m in enumerate(filled, 1) if (own == i).any()]

    def sacs(self, chosen: np.ndarray, radius_px: np.ndarray) -> list[Region]:
        """Discs at the likeliest sacs of chosen segments; those that touch are one.

        Args:
            chosen: Bool `(S,)`.
            radius_px: Of the disc at each segment, `(S,)`.
        """
        marks = np.zeros(self.shape, np.uint8)
        x, y = self.column("segment", "sac_x_px"), self.column("segment", "sac_y_px")
        for i in np.flatnonzero(chosen):
            at = (round(float(x[i])), round(float(y[i])))
            cv2.circle(marks, at, max(1, round(float(radius_px[i]))), 1, cv2.FILLED)
        count, labels = cv2.connectedComponents(marks, connectivity=8)
        rows, columns = self._pixels(x, y)
        own = np.where(chosen, np.asarray(labels)[rows, columns], 0)
        regions = (Region("segment", labels == i, own == i) for i in range(1, count))
        return [region for region in regions if region.inside.any()]

    def _pixels(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        height, width = self.shape
        rows = np.clip(np.rint(y), 0, height - 1).astype(int)
        return rows, np.clip(np.rint(x), 0, width - 1).astype(int)

    def area_mm2(self, mask: np.ndarray) -> float:
        """Area of a mask."""
        return float(mask.sum()) * self.mm_per_px**2

    def share(self, region: Region) -> float:
        """Share of the attribution that the elements of a region have together."""
        return float(getattr(self.shares, region.node)[region.inside].sum())

    def finding(self, kind: str, region: Region, values: dict[str, float]) -> Finding:
        """Put a finding together; its id is given later."""
        rows, columns = np.nonzero(region.mask)
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        middle = (float(columns.mean()), float(rows.mean()))
        zone = None
        if region.node != "faz":
            zone = locate(middle, self.fovea_px, self.mm_per_px, self.case.laterality)
        shares = getattr(self.shares, region.node)
        ids = np.flatnonzero(region.inside)
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
            importance=round(self.share(region), 6),
            evidence=tuple(f"seen/{region.node}/{i}" for i in top),
        )
