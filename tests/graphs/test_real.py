"""A real eye has a graph."""

from pathlib import Path

import pytest
from drawn import assert_sound

from retia.graphs.build import build_graph


def test_a_real_eye_has_several_hundred_segments(shared_data: Path):
    path = shared_data / "octa500_3mm" / "images" / "10301.png"
    if not path.is_file():
        pytest.skip(f"needs {path.name} of OCTA-500, which is absent")
    from retia.images import read_image
    from retia.segmentation import segment_image

    image = read_image(path, 3 / 304).pixels
    seen = segment_image(image, 3 / 304)
    vessels, faz = seen.vessels, seen.faz
    graph = build_graph("10301", vessels, faz, 3 / 304, image)
    assert_sound(graph)
    assert graph.segments.height > 300
    assert graph.areas.height > 100
    assert 0.05 < graph.faz["area_mm2"].item() < 1
