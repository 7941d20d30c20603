"""A graph written and read again is the same graph; the published files are read as drawn."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial import KDTree

from retia.errors import UserError
from retia.synthesis.faz import draw_faz
from retia.synthesis.graph_csv import read_graph_csv, write_graph_csv
from retia.synthesis.growth import REFERENCE, GrowthConfig, grow_vessels
from retia.synthesis.rasterizer import draw_vessels
from retia.synthesis.vessels import BRIDGE, Vessels


@pytest.mark.parametrize("config", [REFERENCE, GrowthConfig()], ids=["trees", "bridged"])
def test_written_and_read_again_it_is_the_same_graph(tmp_path: Path, config: GrowthConfig):
    rng = np.random.default_rng(2)
    grown = grow_vessels(rng, draw_faz(rng), config)
    write_graph_csv(tmp_path / "g.csv", grown, config.field_mm)
    read = read_graph_csv(tmp_path / "g.csv", config.field_mm, config.arteries)
    assert len(read) == len(grown)
    assert (read.parent < np.arange(len(read))).all()

    def rows(vessels: Vessels) -> np.ndarray:
        columns = (vessels.start_mm, vessels.end_mm, vessels.depth_mm, vessels.radius_mm)
        return np.column_stack(columns)

    gap, same = KDTree(rows(grown)).query(rows(read))
    assert gap.max() < 1e-8
    assert len(np.unique(same)) == len(grown)
    links = np.append(same, -1)
    np.testing.assert_array_equal(links[read.parent], grown.parent[same])
    np.testing.assert_array_equal(links[read.joins], grown.joins[same])
    # Only the second half of a bridge is told from the vessel it hangs from.
    tree, again = np.bincount(grown.kind, minlength=3), np.bincount(read.kind, minlength=3)
    assert again[BRIDGE] == tree[BRIDGE] / 2
    assert again[0] >= tree[0] and again[1] >= tree[1]


def test_the_published_graphs_cover_their_published_labels(shared_data: Path):
    pairs = shared_data / "octa_gan_pairs"
    drawn = 0
    for path in sorted((pairs / "vessel_graphs").glob("*.csv")):
        label = pairs / "labels" / f"{path.stem}.png"
        if not label.is_file():
            continue
        truth = np.array(Image.open(label).convert("L")) > 127
        ours = draw_vessels(read_graph_csv(path), 1216, 3 / 1216) > 0.5
        # Their lines are drawn about a tenth thinner than the radius says.
        assert 2 * (ours & truth).sum() / (ours.sum() + truth.sum()) > 0.95
        drawn += 1
    assert drawn == 5


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b,c\n", "does not begin with `node1,node2,radius`"),
        ("node1,node2,radius\n", "holds no segment"),
        ("node1,node2,radius\n[0 0],[1 1 1],0.1\n", "line 2: `[0 0],[1 1 1],0.1` is no segment"),
        (
            "node1,node2,radius\n[0 0 0],[1 1 1],0.1\n[1 1 1],[0 0 0],0.1\n",
            "2 segments hang from no root",
        ),
    ],
)
def test_what_is_no_graph_is_refused_in_one_line(tmp_path: Path, text: str, problem: str):
    (tmp_path / "g.csv").write_text(text)
    with pytest.raises(UserError) as error:
        read_graph_csv(tmp_path / "g.csv")
    assert problem in str(error.value) and "\n" not in str(error.value)
