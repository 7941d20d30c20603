"""Attributions added up: per zone and per feature; elements and edges with place and share."""

from typing import TYPE_CHECKING

import polars as pl

from retia.graphs.hetero import node_tables
from retia.records import VesselGraph

if TYPE_CHECKING:
    from retia.records import Attribution

PLACE = ("x_px", "y_px", "ring", "quadrant", "clock")


def element_rows(attribution: "Attribution", graph: VesselGraph) -> pl.DataFrame:
    """All elements with their place and their share.

    Args:
        attribution: Of the graph.
        graph: Tables of one case.

    Returns:
        The columns of `Attribution.node_table`, those of `PLACE`, and `share`: the element's
        positive attribution over the sum of all positive ones.
    """
    places = pl.concat(
        [
            table.select(pl.lit(kind).alias("node"), pl.col("id").cast(pl.Int64), *PLACE)
            for kind, table in node_tables(graph).items()
        ]
    )
    rows = attribution.node_table().join(
        places, on=("node", "id"), how="left", maintain_order="left"
    )
    return rows.with_columns(share=positive_share(pl.col("attribution")))


def edge_rows(attribution: "Attribution", elements: pl.DataFrame) -> pl.DataFrame:
    """All relations with the ids of their ends, the place half-way, and their share.

    Args:
        attribution: With the path `edges`.
        elements: Of `element_rows`.

    Returns:
        The columns of `Attribution.edge_table`, and `from`, `to` (`seen/segment/7`), `x_px`,
        `y_px`, `quadrant` (of the source) and `share` (of all positive attribution of edges).
    """
    rows = attribution.edge_table().with_columns(
        from_node=pl.col("kind").str.split("-").list.get(0),
        to_node=pl.col("kind").str.split("-").list.get(1),
    )
    for end in ("source", "target"):
        node = "from_node" if end == "source" else "to_node"
        places = elements.select(
            pl.col("node").alias(node),
            pl.col("id").cast(pl.Int32).alias(end),
            *(pl.col(name).alias(f"{end}_{name}") for name in ("x_px", "y_px", "quadrant")),
        )
        rows = rows.join(places, on=(node, end), how="left", maintain_order="left")
    return rows.select(
        "case",
        "kind",
        "source",
        "target",
        "attribution",
        "features",
        pl.format("seen/{}/{}", "from_node", "source").alias("from"),
        pl.format("seen/{}/{}", "to_node", "target").alias("to"),
        *((pl.col(f"source_{a}") + pl.col(f"target_{a}")).alias(a) / 2 for a in ("x_px", "y_px")),
        pl.col("source_quadrant").alias("quadrant"),
        positive_share(pl.col("attribution")).alias("share"),
    )


def zone_rows(elements: pl.DataFrame) -> pl.DataFrame:
    """Attribution per ring and quadrant: `ring, quadrant, elements, attribution, share`.

    The FAZ lies on the centre and has no quadrant: a row of its own.
    """
    return (
        elements.group_by("ring", "quadrant")
        .agg(pl.len().alias("elements"), pl.col("attribution").sum(), pl.col("share").sum())
        .sort("ring", "quadrant", nulls_last=True)
    )


def feature_rows(attribution: "Attribution") -> pl.DataFrame:
    """Attribution per node type and feature, and per kind of relation and edge feature.

    Returns:
        Columns `of, feature, attribution, share` (of all positive attribution of features),
        strongest first; rows of all types together add up to `delta + gap`.
    """
    from retia.graphs.edges import EDGE_FEATURES

    rows = [
        (kind, name, float(value))
        for kind, values in attribution.nodes.items()
        for name, value in zip(attribution.features[kind], values.sum(axis=0), strict=True)
    ]
    rows += [
        (kind, name, float(value))
        for kind, values in attribution.edge_features.items()
        for name, value in zip(EDGE_FEATURES, values.sum(axis=0), strict=True)
    ]
    table = pl.DataFrame(rows, schema=["of", "feature", "attribution"], orient="row")
    return table.with_columns(share=positive_share(pl.col("attribution"))).sort(
        "attribution", descending=True
    )


def positive_share(column: pl.Expr) -> pl.Expr:
    """A column's positive part over the sum of it; 0 everywhere where nothing is positive."""
    positive = column.clip(lower_bound=0.0).fill_null(0.0)
    total = positive.sum()
    return pl.when(total > 0).then(positive / total).otherwise(0.0)
