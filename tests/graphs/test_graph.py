"""The step `retia graph`."""

import json
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest

from retia.errors import ItemsFailedError, UserError
from retia.graphs.graph import GraphConfig, graph
from retia.records import Case, Measure, VesselGraph, read_cases, write_cases


def drawn(seed: int, size: int = 96) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image, vessels, FAZ, all uint8."""
    rng = np.random.default_rng(seed)
    vessels = np.zeros((size, size), np.uint8)
    for at in range(6, size, 14):
        cv2.line(vessels, (at, 0), (at + int(rng.integers(-5, 6)), size - 1), 255, 2)
        cv2.line(vessels, (0, at), (size - 1, at + int(rng.integers(-5, 6))), 255, 1)
    faz = np.zeros_like(vessels)
    cv2.circle(faz, (size // 2, size // 2), 16, 255, -1)
    vessels[faz > 0] = 0
    image = np.clip(40 + 0.6 * vessels + rng.normal(0, 12, vessels.shape), 0, 255)
    return image.astype(np.uint8), vessels, faz


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """A folder as `retia segment` writes it: images lie elsewhere."""
    folder = tmp_path / "segmented"
    for name in ("vessels", "faz", "../scans"):
        (folder / name).mkdir(parents=True)
    cases = []
    for seed, id in enumerate(("a", "b")):
        image, vessels, faz = drawn(seed)
        cv2.imwrite(str(tmp_path / "scans" / f"{id}.png"), image)
        cv2.imwrite(str(folder / "vessels" / f"{id}.png"), vessels)
        cv2.imwrite(str(folder / "faz" / f"{id}.png"), faz)
        cases.append(Case(file_name=f"../scans/{id}.png", id=id, group=id, modality="octa"))
    known = Measure(name="faz_area_mm2", value=9.0, source="annotation")
    cases[1] = Case(**{**vars(cases[1]), "measures": (known,), "laterality": "OD"})
    write_cases(folder, cases)
    return folder


def test_masks_to_graphs(masks: Path, tmp_path: Path):
    out = tmp_path / "deep" / "graphs"
    summary = graph(GraphConfig(out=out, masks=masks, mm_per_px=0.02))
    stacked = VesselGraph.read(out)
    assert stacked.cases() == ["a", "b"]
    assert summary["cases"] == 2
    assert summary["segments"] == stacked.segments.height > 50
    first, second = read_cases(out)
    assert (out / first.file_name).resolve() == (tmp_path / "scans" / "a.png").resolve()
    assert first.measure("faz_area_mm2") == pytest.approx(
        stacked.faz.filter(pl.col("case") == "a")["area_mm2"].item()
    )
    assert {m.source for m in first.measures} == {"mask"}
    # What somebody measured before is kept.
    assert second.measure("faz_area_mm2") == 9.0
    assert [m.name for m in second.measures] == ["faz_area_mm2", "vessel_density"]
    table = pl.read_csv(out / "biomarkers.csv")
    assert table["case"].to_list() == ["a", "b"]
    assert "vessel_density_fovea_superior_left" in table.columns
    assert "vessel_density_fovea_superior_nasal" in table.columns
    assert json.loads((out / "run.json").read_text())["failures"] == 0


def test_the_second_run_does_nothing_and_says_the_same(masks: Path, tmp_path: Path):
    config = GraphConfig(out=tmp_path / "out", masks=masks, mm_per_px=0.02)
    first = graph(config)
    written = (tmp_path / "out" / "segments.parquet").stat().st_mtime_ns
    assert first and graph(config) == first
    assert (tmp_path / "out" / "segments.parquet").stat().st_mtime_ns == written


def test_a_broken_case_is_skipped_and_named(masks: Path, tmp_path: Path):
    (masks / "vessels" / "b.png").write_bytes(b"")
    config = GraphConfig(out=tmp_path / "out", masks=masks, mm_per_px=0.02)
    with pytest.raises(ItemsFailedError, match=r"b\.png"):
        graph(config)
    assert VesselGraph.read(tmp_path / "out").cases() == ["a"]
    assert [c.id for c in read_cases(tmp_path / "out")] == ["a"]


def test_images_are_segmented_first(masks: Path, tmp_path: Path):
    out = tmp_path / "out"
    summary = graph(GraphConfig(out=out, images=tmp_path / "scans", mm_per_px=0.02))
    assert summary["cases"] == 2
    assert VesselGraph.read(out).cases() == ["a", "b"]


def test_one_image_is_enough(masks: Path, tmp_path: Path):
    image = tmp_path / "scans" / "a.png"
    graph(GraphConfig(out=tmp_path / "out", images=image, mm_per_px=0.02))
    (case,) = read_cases(tmp_path / "out")
    assert (tmp_path / "out" / case.file_name).resolve() == image.resolve()


def test_a_missing_scale_is_an_error(masks: Path, tmp_path: Path):
    with pytest.raises(UserError, match="scale"):
        graph(GraphConfig(out=tmp_path / "out", masks=masks))


def test_images_or_masks(masks: Path, tmp_path: Path):
    with pytest.raises(UserError, match="exactly one"):
        graph(GraphConfig(out=tmp_path / "out"))
    with pytest.raises(UserError, match="exactly one"):
        graph(GraphConfig(out=tmp_path / "out", masks=masks, images=masks))
    with pytest.raises(UserError, match=r"metadata\.jsonl"):
        graph(GraphConfig(out=tmp_path / "out", masks=tmp_path / "scans", mm_per_px=0.02))


def test_evidence_that_is_there_is_read_not_made_again(masks: Path, tmp_path: Path):
    from retia.segmentation.maps import LESIONS

    for place, kind in enumerate(LESIONS):
        (masks / "evidence" / kind).mkdir(parents=True)
        for id in ("a", "b"):
            even = np.full((96, 96), 40 * place, np.uint8)
            cv2.imwrite(str(masks / "evidence" / kind / f"{id}.png"), even)
    graph(GraphConfig(out=tmp_path / "graphs", masks=masks, mm_per_px=0.02))
    areas = VesselGraph.read(tmp_path / "graphs").areas
    for place, kind in enumerate(LESIONS):
        assert areas[f"evidence_{kind}"].to_numpy() == pytest.approx(40 * place / 255, abs=1e-3)
