"""The picture of a comparison: confusion of the first method, all methods, the learning curve."""

from typing import Any

import numpy as np

from retia.figures import bar_chart, confusion_chart, line_chart


def draw(summary: dict[str, Any]) -> np.ndarray:
    """Draw a summary of `retia stage cross-validate`, uint8 RGB, shape `(H, W, 3)`."""
    methods = summary["all"]["methods"]
    first = next(iter(methods))
    scores = [entry["scores"]["balanced_accuracy"] for entry in methods.values()]
    classes = summary["classes"]
    charts = [
        confusion_chart(np.round(methods[first]["confusion"]), classes, first),
        bar_chart(
            list(methods),
            [s["estimate"] for s in scores],
            [None if s["low"] is None else (s["low"], s["high"]) for s in scores],
            "balanced accuracy; dashed: chance",
            baseline=1 / len(classes),
        ),
    ]
    if "curve" in summary:
        points = summary["curve"]
        shown = {name: [p[name] for p in points] for name in ("estimate", "low", "high")}
        charts.append(
            line_chart(
                [p["share"] for p in points],
                {k: v for k, v in shown.items() if None not in v},
                first,
                "share of the training eyes",
                "balanced accuracy",
            )
        )
    height = max(len(chart) for chart in charts)
    padded = [
        np.pad(c, ((0, height - len(c)), (0, 0), (0, 0)), constant_values=255) for c in charts
    ]
    return np.concatenate(padded, axis=1)
