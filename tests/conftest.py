"""Shared fixtures: a handful of grown eyes and their graphs, made once for the whole run."""

from pathlib import Path

import numpy as np
import pytest

from retia.records import VesselGraph

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository; tests that need it skip without it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the real data in {folder.relative_to(ROOT.parent)}, which is absent")
    return folder


@pytest.fixture(scope="session")
def grown_graphs() -> list[tuple[str, VesselGraph]]:
    """Graphs extracted from six grown eyes, as (true stage, graph)."""
    from retia.graphs.build import build_graph
    from retia.segmentation import segment_image
    from retia.synthesis.disease import draw_disease
    from retia.synthesis.eye import make_eye

    graphs = []
    wanted = [("healthy", None), ("npdr", "severe"), ("pdr", None)] * 2
    for seed, (stage, grade) in enumerate(wanted):
        eye = make_eye(seed, draw_disease(np.random.default_rng(seed), stage, grade))
        pixels = eye.image()
        seen = segment_image(pixels, eye.mm_per_px)
        masks = seen.vessels, seen.faz
        found = build_graph(f"eye{seed}", *masks, eye.mm_per_px, pixels, None, seen.lesions)
        graphs.append((stage, found))
    return graphs


@pytest.fixture(scope="session")
def hetero_graphs(grown_graphs: list[tuple[str, VesselGraph]]) -> list:
    """The same graphs as `HeteroData`; every third is of a healthy eye."""
    from retia.graphs.hetero import to_hetero_data

    return [to_hetero_data(graph) for _, graph in grown_graphs]


@pytest.fixture(scope="session")
def stage_model(hetero_graphs: list):
    """An untrained staging model, scaled to those graphs."""
    import torch

    from retia.staging.model import StageModel

    torch.manual_seed(3)
    settings = {"hidden": 12, "layers": 2, "dropout": 0.1}
    model = StageModel.untrained(settings, hetero_graphs, hetero_graphs[::3])
    model.network.eval()
    with torch.no_grad():
        # As sure of itself as a trained model: else there is next to nothing to attribute.
        model.network.head[-1].weight.mul_(6)
    return model
