"""`retia attribute figure`: three ways to say why, of the same eyes, side by side.

A convolutional network's saliency shows where pixels matter; the graph's attribution says which
vessels and areas; the explanation says it in words. The figure is that of Lux et al. (2025); where
the true lesions are known, how much of either map lies in them is measured too.
"""

import logging
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.runs import open_step, track
from retia.staging.fit import FitConfig

if TYPE_CHECKING:
    import numpy as np
    import torch

    from retia.records import Case
    from retia.records.attribution_folder import AttributionFolder
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
        from retia.records.attribution_folder import AttributionFolder
        from retia.runs.step import write_json
        from retia.staging.eyes import read_eyes
        from retia.staging.methods import pixel_network

        eyes = read_eyes(config.graphs, config.label)
        told = _attributed(config, eyes)
        fold = _fold(eyes, told)
        network, pictures = pixel_network(eyes, fold, config, config.seed)
        shown = _spread(eyes, fold.test, config.rows)
        attributions = AttributionFolder(config.attributed)
        rows, panels = [], {}
        for place in track(fold.test.tolist(), "looking"):
            true = eyes.cases[place]
            view = _look(config.graphs, true, attributions, network, pictures[place])
            row = _measured(view, config.graphs, true) | {
                "true": eyes.classes[eyes.truth[place]],
                "pixels": eyes.classes[view.said],
            }
            rows.append(row)
            if place in shown:
                panels[place] = _drawn(view, told[true.id], row)
        pictures_of, names, texts = zip(*(panels[place] for place in shown), strict=True)
        write_png(step.out / "figure.png", picture_rows(pictures_of, names, texts, TITLES))
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
    by_class = [[int(i) for i in test if eyes.truth[i] == k] for k in range(len(eyes.classes))]
    return [i for turn in zip_longest(*by_class[::-1]) for i in turn if i is not None][:rows]


@dataclass(frozen=True)
class _View:
    """One eye as both see it: the image, the two maps `(H, W)`, and what each says."""

    image: "np.ndarray"
    by_graph: "np.ndarray"
    by_pixels: "np.ndarray"
    stage: str
    said: int
    """Number of the class that the network on pixels says."""


def _look(
    graphs: Path,
    true: "Case",
    attributions: "AttributionFolder",
    network: "torch.nn.Module",
    picture: "torch.Tensor",
) -> _View:
    import cv2

    from retia.attribution.attribute import open_graphs
    from retia.attribution.overlay import element_weights
    from retia.attribution.scene import shares_of
    from retia.evaluation.saliency import smooth_grad
    from retia.images import read_image

    image = read_image(graphs / true.file_name).pixels
    shape = (image.shape[0], image.shape[1])
    attribution = attributions.read(true.id)
    graph = open_graphs(graphs).read(true.id)
    return _View(
        image=image,
        by_graph=element_weights(graph, shape, shares_of(attribution)),
        by_pixels=cv2.resize(smooth_grad(network, picture), shape[::-1]),
        stage=attribution.stage,
        said=int(network(picture[None]).argmax()),
    )


def _measured(view: _View, graphs: Path, true: "Case") -> dict[str, Any]:
    """What the graph says of one eye and, of one with lesions, how much of both maps lies there."""
    import numpy as np

    from retia.attribution.localisation import lesion_masks

    row: dict[str, Any] = {"case": true.id, "group": true.group, "graph": view.stage}
    masks = list(lesion_masks(true, graphs).values())
    if masks and (lesion := np.any(masks, axis=0)).any():
        row["lesion"] = float(lesion.mean())
        row["graph_inside"] = _inside(view.by_graph, lesion)
        row["pixels_inside"] = _inside(view.by_pixels, lesion)
    return row


def _drawn(view: _View, told: "Case", row: dict[str, Any]) -> tuple[list["np.ndarray"], str, str]:
    """The pictures of one eye, its name and what is said of it."""
    from retia.figures import draw_findings, draw_weights
    from retia.instructions import stage_answer

    _, sentences = stage_answer(told, lambda phrasings: phrasings[0])
    text = f"Graph: {view.stage}. CNN: {row['pixels']}.\n" + "\n".join(s.text for s in sentences)
    pictures = [
        view.image,
        draw_weights(view.image, view.by_pixels, 2),
        draw_weights(view.image, view.by_graph, 2),
        draw_findings(view.image, told.findings),
    ]
    return pictures, f"{told.id}: truly {row['true']}", text


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
