"""The graph's voice about one image: its stage, what spoke for it, and the findings."""

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from retia.attribution.findings import LOOKED_FOR, findings_of
from retia.attribution.integrated_gradients import attribute_graph
from retia.graphs.hetero import to_hetero_data
from retia.graphs.reference import HealthyReference
from retia.records import Attribution, Case, VesselGraph
from retia.records.attribution import Baseline
from retia.staging.model import StageModel


def attribute_one(
    case: Case,
    graph: VesselGraph,
    model: Path,
    shape: tuple[int, ...],
    baseline: Baseline = "zone",
    paths: Sequence[str] = ("features",),
) -> tuple[Case, Attribution]:
    """Stage one graph, attribute the stage, and turn the top elements into findings.

    Args:
        case: With scale; its own findings are left behind.
        graph: Tables of this case.
        model: Folder of `retia stage train`.
        shape: Of the image, `(H, W)`.
        baseline: Where attribution starts.
        paths: What is attributed, besides features (see `Attribution`).

    Returns:
        The case with attributed findings, its predicted stage and probability as labels (and as
        its stage where none is known), and the attribution.
    """
    network, reference = load_voice(model)
    data = to_hetero_data(graph)
    attribution = attribute_graph(network, case.id, data, baseline=baseline, paths=paths)
    findings = findings_of(case, graph, attribution, reference, (shape[0], shape[1]))
    probability = f"{attribution.probabilities[attribution.stage]:.4f}"
    labels = {"predicted_stage": attribution.stage, "predicted_probability": probability}
    attributed = replace(
        case,
        findings=findings,
        looked_for=LOOKED_FOR,
        labels=case.labels | labels,
        stage=case.stage or attribution.stage,
    )
    return attributed, attribution


@functools.lru_cache(maxsize=1)
def load_voice(model: Path) -> tuple[StageModel, HealthyReference]:
    """The model of a folder and its healthy reference; read once a process."""
    return StageModel.load(model), HealthyReference(model)
