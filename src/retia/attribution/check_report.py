"""The figures of `retia attribute check` as files: JSON, tables, curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def write_report(out: Path, summary: dict[str, Any]) -> None:
    """Write `check.json`, `check.md` and `curves.png`."""
    from retia.atomic import atomic_file
    from retia.figures import write_png
    from retia.runs.step import write_json

    write_json(out / "check.json", summary)
    with atomic_file(out / "check.md") as part:
        part.write_text(report(summary), encoding="utf-8")
    write_png(out / "curves.png", draw_curves(summary))


def report(summary: dict[str, Any]) -> str:
    """The summary as Markdown tables."""
    lines = [
        "# Faithfulness of attributions",
        "",
        f"{summary['n']} cases ({summary['groups']} groups), diseased and predicted so; "
        "95 % intervals by bootstrap over groups.",
        "",
        "## Completeness",
        "",
        *_table(
            ["path", "median error", "worst error", "within 1 %"],
            [
                [n, *(f"{c[k]:.2%}" for k in ("median_error", "worst_error", "within_1_percent"))]
                for n, c in summary["completeness"].items()
            ],
        ),
        "## Deletion (lower is better) and insertion (higher is better)",
        "",
        "In units of the whole drop: area under the curve, and mean over the first 1 % of the "
        "elements; beside each the attribution's minus it.",
        "",
        *_table(
            ["curve", "order", "area", "attribution minus this", "early", "attribution minus this"],
            [
                [curve, order]
                + [
                    cell[part].get(order, {}).get("text", "")
                    for part in ("area", "area_difference", "early", "early_difference")
                ]
                for curve, cell in summary["curves"].items()
                for order in cell["mean"]
            ],
        ),
    ]
    if summary["sanity"]:
        layers = {k: v for k, v in summary["sanity"].items() if k != "n"}
        lines += [
            "## Random weights, layer by layer from the output",
            "",
            f"Rank correlation with the attributions of the trained model, "
            f"{summary['sanity']['n']} cases.",
            "",
            *_table(
                ["down to", "signed", "size"],
                [[n, f"{c['signed']:.2f}", f"{c['size']:.2f}"] for n, c in layers.items()],
            ),
        ]
    if summary["localisation"]:
        found = summary["localisation"]
        columns = ["n", "pointing game", "chance", "positive inside", "enrichment", "AUPRC"]
        for part in ("all", "without faz"):
            lines += [f"## Localisation: {part}", ""]
            lines += _table(["order", *columns], [[n, *_cells(c)] for n, c in found[part].items()])
        tops = ", ".join(f"{k} {n}" for k, n in found["top_kinds"].items())
        lines += [f"The strongest element is: {tops}.", "", "## Localisation per kind", ""]
        lines += _table(["kind", *columns], [[n, *_cells(c)] for n, c in found["kinds"].items()])
    return "\n".join(lines)


def _cells(cell: dict[str, Any]) -> list[str]:
    precision = cell["average_precision"]
    return [
        str(cell["n"]),
        cell["pointing"]["text"],
        f"{cell['chance']:.3f}",
        f"{cell['positive_inside']:.3f}",
        cell["enrichment"]["text"],
        "" if precision is None else f"{precision:.3f}",
    ]


def _table(head: list[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def draw_curves(summary: dict[str, Any]) -> np.ndarray:
    """Deletion and insertion side by side, RGB; shares on a scale that shows the start."""
    from retia.figures import line_chart

    pictures = [
        line_chart(
            [share**0.25 for share in cell["shares"]],
            cell["mean"],
            name,
            "fourth root of the share of elements",
            "share of the output",
        )
        for name, cell in summary["curves"].items()
    ]
    return np.concatenate(
        [np.concatenate(pictures[:2], axis=1), np.concatenate(pictures[2:], axis=1)], axis=0
    )
