"""The figures of `retia attribute check`, over all cases."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from retia.attribution.faithfulness import CURVES, REMOVALS, SHARES, area_under, early_mean
from retia.statistics import Interval, bootstrap_interval, ratio_interval

OWN = "attribution"
Rows = Sequence[dict[str, Any]]


def summarise(rows: Rows, seed: int) -> dict[str, Any]:
    """Put the rows of `check_case` together.

    Args:
        rows: One a case.
        seed: Of the bootstraps.

    Returns:
        `n`, `groups`, `completeness`, `curves` (mean curves and areas), `sanity`, `localisation`
        (empty without lesion masks), and `text`, one line.
    """
    groups = [row["group"] for row in rows]
    found: dict[str, Any] = {"n": len(rows), "groups": len(set(groups))}
    found["completeness"] = {
        name: {
            "median_error": float(np.median(errors)),
            "worst_error": float(max(errors)),
            "within_1_percent": float(np.mean(np.array(errors) <= 0.01)),
        }
        for name in rows[0]["paths"]
        for errors in [[row["paths"][name]["error"] for row in rows]]
    }
    found["curves"] = {
        f"{way} {curve}": _curves(rows, f"{way} {curve}", groups, seed)
        for way in REMOVALS
        for curve in CURVES
    }
    found["sanity"] = _sanity([row["sanity"] for row in rows if "sanity" in row])
    found["localisation"] = _localisation([row for row in rows if row["lesions"]], seed)
    found["text"] = _line(found)
    return found


def _curves(rows: Rows, name: str, groups: list[str], seed: int) -> dict[str, Any]:
    """Curves in units of the whole drop, from all elements there to none.

    `area` is that under the mean curve of all cases, `early` the mean of its beginning; each has an
    interval, and its paired difference to the attribution's.
    """
    orders = list(rows[0]["curves"][name])
    curves = {order: np.array([row["curves"][name][order] for row in rows]) for order in orders}
    ends = curves[OWN][:, [0, -1]]
    none, drop = ends.min(axis=1), np.ptp(ends, axis=1)
    found: dict[str, Any] = {"shares": list(SHARES)}
    found["mean"] = {
        order: ((values - none[:, None]).sum(axis=0) / max(drop.sum(), 1e-12)).tolist()
        for order, values in curves.items()
    }
    for part, measure in (("area", area_under), ("early", early_mean)):
        values = {o: np.array([measure(c) for c in curve]) - none for o, curve in curves.items()}
        found[part] = {
            o: _plain(ratio_interval(v, drop, groups, seed=seed)) for o, v in values.items()
        }
        found[f"{part}_difference"] = {
            order: _plain(ratio_interval(values[OWN] - values[order], drop, groups, seed=seed))
            for order in orders
            if order != OWN
        }
    return found


def _sanity(rows: Sequence[dict[str, dict[str, float]]]) -> dict[str, Any]:
    if not rows:
        return {}
    return {"n": len(rows)} | {
        layer: {kind: float(np.mean([r[layer][kind] for r in rows])) for kind in ("signed", "size")}
        for layer in rows[0]
    }


def _localisation(rows: Rows, seed: int) -> dict[str, Any]:
    if not rows:
        return {}
    groups = [row["group"] for row in rows]
    found: dict[str, Any] = {"n": len(rows)}
    for part in ("all", "without faz"):
        orders = {o: [row["lesions"][part][o] for row in rows] for o in rows[0]["lesions"][part]}
        found[part] = {o: _one_order(cells, groups, seed) for o, cells in orders.items()}
        for order in orders:
            if order != OWN:
                own, other = (np.array([c["top_inside"] for c in orders[o]]) for o in (OWN, order))
                difference = bootstrap_interval(_mean, [own - other], groups, seed=seed)
                found[part][order]["pointing_difference"] = _plain(difference)
    tops = [row["lesions"]["all"][OWN]["top_kind"] for row in rows]
    found["top_kinds"] = {kind: tops.count(kind) for kind in sorted(set(tops))}
    kinds = sorted({kind for row in rows for kind in row["lesions"]["kinds"]})
    found["kinds"] = {}
    for kind in kinds:
        here = [row for row in rows if kind in row["lesions"]["kinds"]]
        cells = [row["lesions"]["kinds"][kind] for row in here]
        found["kinds"][kind] = _one_order(cells, [row["group"] for row in here], seed)
    return found


def _one_order(cells: Rows, groups: list[str], seed: int) -> dict[str, Any]:
    column = {key: np.array([c[key] for c in cells], float) for key in ("top_inside", "inside")}
    positive = np.array([c["positive_inside"] for c in cells])
    scored = [c["average_precision"] for c in cells if c["average_precision"] is not None]
    return {
        "n": len(cells),
        "pointing": _plain(bootstrap_interval(_mean, [column["top_inside"]], groups, seed=seed)),
        "chance": _mean(column["inside"]),
        "positive_inside": _mean(positive),
        "enrichment": _plain(ratio_interval(positive, column["inside"], groups, seed=seed)),
        "average_precision": float(np.mean(scored)) if scored else None,
    }


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values))


def _plain(interval: Interval) -> dict[str, Any]:
    return {
        "estimate": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "text": str(interval),
    }


def _line(found: dict[str, Any]) -> str:
    deletion = found["curves"]["healed deletion"]["area_difference"]["random"]["text"]
    line = f"{found['n']} diseased cases: deletion against random {deletion}"
    if found["localisation"]:
        line += f"; pointing game {found['localisation']['all'][OWN]['pointing']['text']}"
    return line
