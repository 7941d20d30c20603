"""`retia attribute figure`: three ways to say why, of the same eyes, side by side.

A convolutional network's saliency shows where pixels matter; the graph's attribution says which
vessels and areas; the explanation says it in words. The figure is that of Lux et al. (2025); where
the true lesions are known, how much of either map lies in them is measured too.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.runs import open_step, track
from retia.staging.fit import FitConfig

if TYPE_CHECKING:
    import numpy as np

    from retia.records import Case
    from retia.staging.eyes import Eyes
    from retia.staging.methods import Fold

log = logging.getLogger("retia")

TITLES = ("image", "saliency of a CNN", "attribution of the graph", "findings", "explanation")


@dataclass(frozen=True, kw_only=True)
class FigureConfig(FitConfig):
    """What `retia attribute figure` takes."""

    attributed: Path
    """Folder that `retia attribute` wrote, of eyes that were not trained on."""
    graphs: Path
    """Folder of the graphs it read; the network on pixels learns from the splits train and
    validation of its cases."""
    rows: int = 4
    """How many eyes are drawn: of each class in turn, in the order of their ids."""


def figure(config: FigureConfig) -> dict[str, Any]:
    """Draw CNN saliency, graph attribution and explanation of the same eyes side by side.

    Writes `figure.png` and `figure.json`: what each says of each eye; and, where true lesions are
    known, the share of either map that lies in them.

    Returns:
        The accuracy of both on these eyes; mean shares of the image that lesions take and of the
        maps that lie in them, with intervals over groups.

    Raises:
        UserError: If a folder cannot be read or cases have no split.
    """
    inputs = {"attributed": config.attributed, "graphs": config.graphs}
    with open_step("attribute figure", config, inputs) as step:
        if step.done:
            return step.summary
        from retia.figures import picture_rows, write_png
        from retia.runs.step import write_json
        from retia.staging.eyes import read_eyes
        from retia.staging.methods import pixel_network

        eyes = read_eyes(config.graphs, config.label)
        told = _attributed(config, eyes)
        fold = _fold(eyes, told)
        network, pictures = pixel_network(eyes, fold, config, config.seed)
        shown = _spread(eyes, fold.test, config.rows)
        rows, drawn = [], {}
        for place in track(fold.test, "looking"):
            row, panels = _look(config, eyes, int(place), told, (network, pictures))
            rows.append(row)
            if place in shown:
                drawn[int(place)] = panels
        panels = [drawn[int(place)] for place in shown]
        picture = picture_rows(
            [p for p, _, _ in panels], [n for _, n, _ in panels], [t for _, _, t in panels], TITLES
        )
        write_png(step.out / "figure.png", picture)
        step.summary = _summary(rows, config.seed)
        write_json(step.out / "figure.json", step.summary | {"eyes": rows})
        log.info("%s", step.summary)
    return step.summary


def _attributed(config: FigureConfig, eyes: "Eyes") -> "dict[str, Case]":
    from retia.records import read_cases

    told = {c.id: c for c in read_cases(config.attributed)}
    if not set(told) & {c.id for c in eyes.cases}:
        raise UserError(
            f"no eye of {config.attributed} has a {config.label} in {config.graphs}. Expected the "
            "graphs that `retia attribute` read."
        )
    return told


def _fold(eyes: "Eyes", told: "dict[str, Case]") -> "Fold":
    import numpy as np

    from retia.staging.methods import Fold

    def rows(split: str) -> np.ndarray:
        return np.array([i for i, c in enumerate(eyes.cases) if c.split == split], int)

    train, validation = rows("train"), rows("validation")
    test = np.array([i for i, c in enumerate(eyes.cases) if c.id in told], int)
    if not len(train) or not len(validation) or set(test) & {*train, *validation}:
        raise UserError(
            f"{len(train)} eyes to train on, {len(validation)} to choose the epoch by, "
            f"{len(set(test) & {*train, *validation})} attributed eyes among them. Expected cases "
            "of the splits train and validation, and attributions of others: "
            "`retia attribute --split test`."
        )
    return Fold(train, validation, test)


def _spread(eyes: "Eyes", test: "np.ndarray", rows: int) -> list[int]:
    """Eyes of each class in turn, the gravest first."""
    from itertools import zip_longest

    by_class = [[int(i) for i in test if eyes.truth[i] == k] for k in range(len(eyes.classes))]
    return [i for turn in zip_longest(*by_class[::-1]) for i in turn if i is not None][:rows]


def _look(
    config: FigureConfig, eyes: "Eyes", place: int, told: "dict[str, Case]", pixels: tuple
) -> tuple[dict[str, Any], tuple]:
    """What both maps say of one eye, and its panels: pictures, name, text."""
    import cv2
    import numpy as np

    from retia.attribution.attribute import open_graphs
    from retia.attribution.localisation import lesion_masks
    from retia.attribution.overlay import element_weights
    from retia.attribution.scene import shares_of
    from retia.evaluation.saliency import smooth_grad
    from retia.figures import draw_findings, draw_weights
    from retia.images import read_image
    from retia.instructions import stage_answer
    from retia.records.attribution_folder import AttributionFolder

    network, pictures = pixels
    case, true = told[eyes.cases[place].id], eyes.cases[place]
    image = read_image(config.graphs / true.file_name).pixels
    shape = (image.shape[0], image.shape[1])
    attribution = AttributionFolder(config.attributed).read(case.id)
    graph = open_graphs(config.graphs).read(case.id)
    by_graph = element_weights(graph, shape, shares_of(attribution))
    by_pixels = cv2.resize(smooth_grad(network, pictures[place]), shape[::-1])
    said = eyes.classes[int(network(pictures[place][None]).argmax())]
    row: dict[str, Any] = {
        "case": case.id,
        "group": true.group,
        "true": eyes.classes[eyes.truth[place]],
        "graph": attribution.stage,
        "pixels": said,
    }
    masks = list(lesion_masks(true, config.graphs).values())
    lesion = np.any(masks, axis=0) if masks else np.zeros(shape, bool)
    if lesion.any():
        row["lesion"] = float(lesion.mean())
        row["graph_inside"] = _inside(by_graph, lesion)
        row["pixels_inside"] = _inside(by_pixels, lesion)
    _, sentences = stage_answer(case, lambda phrasings: phrasings[0])
    name = f"{case.id}: truly {row['true']}"
    text = f"Graph: {row['graph']}. CNN: {said}.\n" + "\n".join(s.text for s in sentences)
    panels = [image, draw_weights(image, by_pixels, 2), draw_weights(image, by_graph, 2)]
    return row, ([*panels, draw_findings(image, case.findings)], name, text)


def _inside(weights: "np.ndarray", lesion: "np.ndarray") -> float:
    """Share of the positive weight that lies in the lesion."""
    positive = weights.clip(min=0)
    total = float(positive.sum())
    return float(positive[lesion].sum()) / total if total else 0.0


def _summary(rows: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    import numpy as np

    from retia.statistics import bootstrap_interval

    summary: dict[str, Any] = {"eyes": len(rows)}
    for name in ("graph", "pixels"):
        right = np.array([r[name] == r["true"] for r in rows], float)
        summary[f"{name}_accuracy"] = round(float(right.mean()), 4)
    measured = [r for r in rows if "lesion" in r]
    for name in ("lesion", "graph_inside", "pixels_inside") if measured else ():
        values = np.array([r[name] for r in measured])
        interval = bootstrap_interval(np.mean, [values], [r["group"] for r in measured], seed=seed)
        summary[name] = {
            "mean": interval.estimate,
            "low": interval.low,
            "high": interval.high,
            "n": len(measured),
        }
    return summary
