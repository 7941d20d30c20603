"""Pages and figures of single eyes say what the tables say."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from retia.attribution.aggregate import element_rows, zone_rows
from retia.attribution.attribute import AttributeConfig, attribute
from retia.attribution.eye_report import sectors_of
from retia.attribution.integrated_gradients import attribute_graph
from retia.errors import UserError
from retia.evaluation.interpretability import FigureConfig, figure
from retia.evaluation.saliency import smooth_grad
from retia.figures import sector_chart
from retia.records import Case, read_cases, write_cases

QUADRANTS = ("superior-left", "superior-right", "inferior-left", "inferior-right")


@pytest.fixture(scope="module")
def split_folder(graphs_folder: Path, tmp_path_factory) -> Path:
    """The six eyes, every class in train and validation or test."""
    folder = tmp_path_factory.mktemp("split") / "graphs"
    shutil.copytree(graphs_folder, folder)
    splits = ("train", "train", "train", "test", "test", "validation")
    cases = read_cases(folder)
    write_cases(folder, [replace(c, split=s) for c, s in zip(cases, splits, strict=True)])
    return folder


@pytest.fixture(scope="module")
def attributed(split_folder: Path, model_folder: Path, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("attributed") / "out"
    attribute(
        AttributeConfig(graphs=split_folder, model=model_folder, split="test", out=out, overlays=1)
    )
    return out


def test_sectors_hold_all_attribution_but_that_of_the_zone(
    grown_graphs, hetero_graphs, stage_model
):
    _, graph = grown_graphs[1]
    case = Case(file_name="a.png", id="eye1", group="a", modality="octa", mm_per_px=3 / 304)
    attribution = attribute_graph(stage_model, "eye1", hetero_graphs[1])
    elements = element_rows(attribution, graph)
    sectors = sectors_of(case, graph, zone_rows(elements), (304, 304))
    placed = elements.drop_nulls("quadrant")["share"].sum()
    assert sum(s.share for s in sectors) == pytest.approx(placed)
    assert {s.zone.quadrant for s in sectors} == set(QUADRANTS)
    densities = [s.vessel_density for s in sectors if s.vessel_density is not None]
    assert len(densities) >= 8 and all(0 < d < 1 for d in densities)


def test_each_value_colours_its_own_sector():
    """A chart with one high value is darkest in that corner."""
    for number, name in enumerate(QUADRANTS):
        values = {("parafovea", q): 1.0 if q == name else 0.05 for q in QUADRANTS}
        grey = sector_chart(values, QUADRANTS, "").mean(axis=2)
        grey = grey[40:]  # without the title
        rows, columns = (n // 2 for n in grey.shape)
        corners = [grey[:rows, :columns], grey[:rows, columns:]]
        corners += [grey[rows:, :columns], grey[rows:, columns:]]
        assert int(np.argmin([corner.mean() for corner in corners])) == number


def test_drawn_eyes_get_a_page(attributed: Path):
    pages = list((attributed / "reports").glob("*.html"))
    assert len(pages) == 1 == len(list((attributed / "overlays").glob("*.png")))
    text = pages[0].read_text(encoding="utf-8")
    assert text.count("<img") == 3 and "Share of vessel pixels" in text


def test_saliency_lies_where_the_network_looks():
    """A network that reads one corner only is sensitive there and nowhere else."""

    class Corner(torch.nn.Module):
        def forward(self, x):
            corner = x[:, 0, :8, :8].mean(dim=(1, 2))
            return torch.stack([corner, -corner], dim=1)

    found = smooth_grad(Corner(), torch.rand(1, 32, 32))
    assert (found[:8, :8] > 0).all()
    found[:8, :8] = 0
    assert not found.any()


def test_the_figure_compares_both_networks(split_folder: Path, attributed: Path, tmp_path: Path):
    settings = FigureConfig(
        attributed=attributed, graphs=split_folder, out=tmp_path / "figure", rows=2, epochs=1
    )
    summary = figure(settings)
    told = json.loads((tmp_path / "figure" / "figure.json").read_text())
    assert [row["case"] for row in told["eyes"]] == ["eye3", "eye4"]
    # Only the diseased one of the two has a lesion to be found.
    assert [("lesion" in row) for row in told["eyes"]] == [False, True]
    assert summary["lesion"]["n"] == summary["graph_inside"]["n"] == 1
    for name in ("graph_inside", "pixels_inside"):
        assert 0 <= told["eyes"][1][name] <= 1
    with Image.open(tmp_path / "figure" / "figure.png") as picture:
        assert picture.width > picture.height


def test_eyes_that_were_trained_on_are_refused(split_folder: Path, attributed: Path, tmp_path):
    folder = tmp_path / "graphs"
    shutil.copytree(split_folder, folder)
    write_cases(folder, [replace(case, split="train") for case in read_cases(folder)])
    with pytest.raises(UserError, match="2 attributed eyes among them"):
        figure(FigureConfig(attributed=attributed, graphs=folder, out=tmp_path / "figure"))
