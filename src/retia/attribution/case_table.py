"""`attribution/<id>.csv`: what a model saw in one eye, as a table people and language models read.

Four blocks with a blank line between them, after the source's layout:

1. `predicted, true, p_<class> ...`: one row; `true` is empty where it is not known.
2. `quadrant, ...`: per quadrant, how dense nodes and edges are and what share spoke for the class.
3. `node, ...`: the elements that spoke most, where they lie (percent of width and height), and
   their strongest features with an arrow: above or below the mean of healthy eyes in that ring.
4. `from, to, ...`: the edges that spoke most.
"""

import csv
import io
from dataclasses import dataclass, field

import polars as pl

from retia.attribution.aggregate import edge_rows, element_rows
from retia.graphs.hetero import node_tables
from retia.graphs.reference import HealthyReference
from retia.records import Attribution, Case, VesselGraph

TOP_NODES, TOP_EDGES, TOP_FEATURES = 20, 10, 3
UP, DOWN = "↑", "↓"


@dataclass(frozen=True, kw_only=True)
class CaseTable:
    """The four blocks; rows are mappings from column to text or number."""

    predicted: str
    true: str | None
    probabilities: dict[str, float]
    quadrants: list[dict[str, str | float]] = field(default_factory=list)
    nodes: list[dict[str, str | float]] = field(default_factory=list)
    edges: list[dict[str, str | float]] = field(default_factory=list)

    def text(self) -> str:
        """The file."""
        head = {"predicted": self.predicted, "true": self.true or ""}
        head |= {f"p_{name}": value for name, value in self.probabilities.items()}
        blocks = zip(COLUMNS, (self.quadrants, self.nodes, self.edges), strict=True)
        return "\n".join([_block([*head], [head]), *(_block(c, rows) for c, rows in blocks)])

    @classmethod
    def parse(cls, text: str) -> "CaseTable":
        """Read a file back.

        Raises:
            ValueError: If it has not four blocks.
        """
        head, quadrants, nodes, edges = (_rows(block) for block in text.strip().split("\n\n"))
        first = head[0]
        probabilities = {k[2:]: float(v) for k, v in first.items() if k.startswith("p_")}
        return cls(
            predicted=str(first["predicted"]),
            true=str(first["true"]) or None,
            probabilities=probabilities,
            quadrants=quadrants,
            nodes=nodes,
            edges=edges,
        )


COLUMNS: tuple[list[str], list[str], list[str]] = (
    [
        "quadrant",
        "nodes_percent",
        "nodes_per_mm2",
        "edges_percent",
        "edges_per_mm2",
        "node_share_percent",
        "edge_share_percent",
    ],
    ["node", "x_percent", "y_percent", "ring", "quadrant", "clock", "share_percent", "features"],
    ["from", "to", "x_percent", "y_percent", "quadrant", "share_percent"],
)
"""Of the blocks after the first."""


def case_table(
    case: Case,
    graph: VesselGraph,
    attribution: Attribution,
    reference: HealthyReference,
    shape: tuple[int, int],
    true: str | None = None,
) -> CaseTable:
    """Put the table of one image together.

    Args:
        case: With its scale.
        graph: Its graph.
        attribution: With the path `edges`.
        reference: What is usual in healthy eyes.
        shape: Height and width of the image in pixels.
        true: The true class, where it is known.
    """
    elements = element_rows(attribution, graph)
    edges = edge_rows(attribution, elements)
    return CaseTable(
        predicted=attribution.stage,
        true=true,
        probabilities={k: round(p, 4) for k, p in attribution.probabilities.items()},
        quadrants=_quadrants(elements, edges, shape, float(case.mm_per_px or 0), graph),
        nodes=_nodes(elements, graph, attribution, reference, shape),
        edges=[
            {"from": r["from"], "to": r["to"]}
            | _percent(r, shape)
            | {"quadrant": r["quadrant"] or "", "share_percent": _round(100 * r["share"])}
            for r in _strongest(edges, TOP_EDGES)
        ],
    )


def _strongest(table: pl.DataFrame, count: int) -> list[dict]:
    return table.filter(pl.col("share") > 0).sort("share", descending=True).head(count).to_dicts()


def _percent(row: dict, shape: tuple[int, int]) -> dict[str, str | float]:
    height, width = shape
    x, y = (100 * (row[k] + 0.5) / n for k, n in (("x_px", width), ("y_px", height)))
    return {"x_percent": _round(x), "y_percent": _round(y)}


def _round(value: float) -> float:
    return round(float(value), 3)


def _quadrants(
    elements: pl.DataFrame,
    edges: pl.DataFrame,
    shape: tuple[int, int],
    mm_per_px: float,
    graph: VesselGraph,
) -> list[dict[str, str | float]]:
    """Per quadrant around the fovea; what lies on the centre itself belongs to none."""
    height, width = shape
    x, y = (float(graph.faz[c][0]) + 0.5 for c in ("x_px", "y_px"))
    rows = []
    for quadrant in sorted(elements["quadrant"].drop_nulls().unique(), reverse=True):
        here = elements.filter(pl.col("quadrant") == quadrant)
        there = edges.filter(pl.col("quadrant") == quadrant)
        right = float(here["x_px"].mean()) > x - 0.5  # type: ignore[arg-type]
        sides = (width - x if right else x, y if quadrant.startswith("superior") else height - y)
        area_mm2 = max(sides[0] * sides[1] * mm_per_px**2, 1e-9)
        numbers = (
            100 * here.height / elements.height,
            here.height / area_mm2,
            100 * there.height / max(edges.height, 1),
            there.height / area_mm2,
            100 * float(here["share"].sum()),
            100 * float(there["share"].sum()),
        )
        rows.append(dict(zip(COLUMNS[0], (quadrant, *map(_round, numbers)), strict=True)))
    return rows


def _nodes(
    elements: pl.DataFrame,
    graph: VesselGraph,
    attribution: Attribution,
    reference: HealthyReference,
    shape: tuple[int, int],
) -> list[dict[str, str | float]]:
    tables = node_tables(graph)
    rows = []
    for row in _strongest(elements, TOP_NODES):
        kind, number = row["node"], row["id"]
        names, values = attribution.features[kind], attribution.nodes[kind][number]
        said = []
        for i in values.argsort(kind="stable")[::-1][:TOP_FEATURES]:
            if values[i] > 0:
                usual = reference.mean(kind, names[i], row["ring"])
                arrow = UP if tables[kind][names[i]][number] >= usual else DOWN
                said.append(f"{names[i]} {arrow}")
        rows.append(
            {"node": f"seen/{kind}/{number}"}
            | _percent(row, shape)
            | {name: row[name] if row[name] is not None else "" for name in COLUMNS[1][3:6]}
            | {"share_percent": _round(100 * row["share"]), "features": "; ".join(said)}
        )
    return rows


def _block(columns: list[str], rows: list[dict[str, str | float]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _rows(block: str) -> list[dict[str, str | float]]:
    return [{k: _number(v) for k, v in r.items()} for r in csv.DictReader(io.StringIO(block))]


def _number(text: str) -> str | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
