"""A folder of graphs with known lesions, and a staging model, as the verbs read them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from retia.graphs.painting import area_mask
from retia.records import Case, Finding, write_cases
from retia.records.graph_folder import write_graphs


@pytest.fixture(scope="session")
def model_folder(stage_model, hetero_graphs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of `stage_model` with its healthy reference."""
    from retia.graphs.reference import healthy_reference

    folder = tmp_path_factory.mktemp("model")
    stage_model.save(folder)
    healthy_reference(hetero_graphs[::3], folder)
    return folder


@pytest.fixture(scope="session")
def graphs_folder(grown_graphs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six cases; every diseased one has a lesion whose mask is that of its two largest areas."""
    folder = tmp_path_factory.mktemp("graphs")
    write_graphs(folder, [graph for _, graph in grown_graphs])
    cases = []
    for stage, graph in grown_graphs:
        (id,) = graph.cases()
        image = np.full((304, 304), 90, np.uint8)
        (folder / "images").mkdir(exist_ok=True)
        cv2.imwrite(str(folder / "images" / f"{id}.png"), image)
        findings = ()
        if stage != "healthy":
            largest = graph.areas.sort("area_mm2", descending=True).head(2)
            mask = area_mask(largest, (304, 304)).astype(np.uint8) * 255
            cv2.imwrite(str(folder / f"{id}.png"), mask)
            findings = (
                Finding(id="f1", kind="capillary_dropout", source="simulator", mask=f"{id}.png"),
            )
        cases.append(
            Case(
                file_name=f"images/{id}.png",
                id=id,
                group=id,
                modality="octa",
                mm_per_px=3 / 304,
                stage=stage,
                findings=findings,
            )
        )
    write_cases(folder, cases)
    return folder
