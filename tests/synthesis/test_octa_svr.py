"""An export in the layout of OCTA-SVR: what its lists say is where its pictures show it."""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from retia.errors import UserError
from retia.images import read_mask
from retia.instructions.export import ExportConfig, export
from retia.records import Case
from retia.synthesis.cohort.table import read_stored_eye
from retia.synthesis.graph_csv import read_graph_csv
from retia.synthesis.octa_svr.frame import Frame, draw_frame
from retia.synthesis.rasterizer import draw_vessels

FILES = {
    *("art_ven_img_gray.png", "art_ven_img_gray_panned.png", "art_img_gray.png"),
    *("ven_img_gray.png", "pathology_overlay_white.png", "pathology_vis.png"),
    *("dropout_ma.json", "pathology.yml", "config.yml"),
}
LISTS = {
    "dropouts": "capillary_dropout",
    "microaneurysms": "microaneurysm",
    "neovascularization": "neovascularization",
}


@pytest.fixture(scope="module", params=[0.0, 0.12])
def exported(request, cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("svr") / "out"
    export(ExportConfig(cases=cohort, format="octa-svr", out=out, pan=request.param))
    return out


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def frame_of(folder: Path) -> tuple[slice, slice]:
    x0, y0, x1, y1 = yaml.safe_load((folder / "config.yml").read_text())["View"]["box_px"]
    return slice(y0, y1), slice(x0, x1)


def test_every_file_is_there(exported: Path, cases: list[Case]):
    records, metadata = rows(exported / "records_graphs.jsonl"), rows(exported / "metadata.jsonl")
    assert [r["id"] for r in records] == [m["id"] for m in metadata] == [c.id for c in cases]
    for record, line in zip(records, metadata, strict=True):
        folder = exported / record["graph_dir"]
        assert {p.name for p in folder.iterdir()} == FILES | {f"{record['id']}.csv"}
        for key in ("graph_csv", "gray_image", "dropout_ma_json", "pathology_yml"):
            assert (exported / record[key]).is_file()
        paths = [exported / line["image"], exported / line["scan"], folder / "pathology_vis.png"]
        sizes = {picture(path).shape[:2] for path in paths}
        assert len(sizes) == 1
    assert len(rows(exported / "pairs.jsonl")) == len(cases)


def test_counts_and_values_are_those_of_the_findings(
    exported: Path, cohort: Path, cases: list[Case]
):
    seen = Counter()
    for case in cases:
        folder = exported / "vessel_graphs" / case.id
        frame = frame_of(folder)
        masks = {f.id: read_mask(cohort / str(f.mask))[frame] for f in case.findings}
        there = [f for f in case.findings if masks[f.id].any()]
        held = json.loads((folder / "dropout_ma.json").read_text())
        words = yaml.safe_load((folder / "pathology.yml").read_text())
        for key, kind in LISTS.items():
            own = [f for f in there if f.kind == kind]
            seen[kind] += len(own)
            name = key.removesuffix("s")
            assert len(held[key]) == len(own) == held["summary"][name]["count"]
            assert held["summary"][name]["present"] == bool(own)
            for item, finding in zip(held[key], own, strict=True):
                mask = masks[finding.id]
                down, right = np.array(item.get("center") or item["center_norm"]) * len(mask)
                spots = np.argwhere(mask) + 0.5
                np.testing.assert_allclose([down, right], spots.mean(axis=0), atol=1e-3)
                if kind == "capillary_dropout":
                    ratio = finding.values["density_ratio"]
                    assert item["strength"] == pytest.approx(1 - ratio, abs=1e-5)
                if kind == "microaneurysm":
                    radius_um = finding.values["radius_um"]
                    assert item["radius_mm"] == pytest.approx(radius_um / 1000, abs=1e-5)
                else:
                    area_px = np.pi * (item.get("radius") or item["radius_norm"]) ** 2
                    assert area_px * mask.size == pytest.approx(mask.sum(), rel=1e-3)
        assert words["MA"]["count"] == len(words["MA"]["instances"]) == len(held["microaneurysms"])
        assert len(words["NV"]["regions"]) == len(held["neovascularization"])
        winding = [f.values["tortuosity"] - 1 for f in there if f.kind == "tortuosity"]
        assert held["summary"]["tortuosity"]["gain"] == pytest.approx(
            max(winding, default=0), abs=1e-5
        )
    assert all(seen[kind] for kind in LISTS.values()), seen


def test_colours_lie_where_the_masks_are(exported: Path, cohort: Path, cases: list[Case]):
    for case in cases:
        folder = exported / "vessel_graphs" / case.id
        frame, vis = frame_of(folder), picture(folder / "pathology_vis.png")
        grey = picture(folder / "pathology_overlay_white.png")
        touched = (vis != grey[..., None]).any(axis=-1)
        allowed = np.zeros(grey.shape, bool)
        for finding in case.findings:
            if finding.kind not in LISTS.values():
                continue
            mask = read_mask(cohort / str(finding.mask))[frame]
            allowed |= mask
            if finding.kind == "microaneurysm" and mask.any():
                red, green, blue = vis[mask].mean(axis=0)
                assert min(red, green) > blue + 80
        assert not (touched & ~allowed).any()
        assert touched[allowed].mean() > 0.9 if allowed.any() else not touched.any()


def test_pictures_are_the_graph_in_both_frames(exported: Path, cohort: Path, cases: list[Case]):
    for case in cases:
        folder = exported / "vessel_graphs" / case.id
        whole = picture(folder / "art_ven_img_gray.png")
        sides = [picture(folder / f"{n}_img_gray.png") for n in ("art", "ven")]
        np.testing.assert_array_equal(whole, np.maximum(*sides))
        panned = picture(folder / "art_ven_img_gray_panned.png")
        np.testing.assert_array_equal(panned, whole[frame_of(folder)])
        overlay = picture(folder / "pathology_overlay_white.png")
        np.testing.assert_array_equal(overlay, picture(exported / "images" / f"M_{case.id}.png"))
        scan = picture(exported / "images" / f"generator_{case.id}.png")
        image = picture(cohort / case.file_name)
        np.testing.assert_array_equal(scan, image[frame_of(folder)])


def test_the_csv_draws_the_picture(exported: Path, cases: list[Case]):
    case = cases[0]
    folder = exported / "vessel_graphs" / case.id
    with (folder / f"{case.id}.csv").open() as file:
        assert next(csv.reader(file)) == ["node1", "node2", "radius"]
    field_mm = yaml.safe_load((folder / "config.yml").read_text())["Greenhouse"]["param_scale"]
    vessels = read_graph_csv(folder / f"{case.id}.csv", field_mm)
    whole = picture(folder / "art_ven_img_gray.png")
    drawn = 255 * draw_vessels(vessels, len(whole), field_mm / len(whole))
    # Arteries and veins that share a pixel are max-ed in the picture.
    assert (np.abs(drawn - whole) > 2).mean() < 0.25
    assert np.corrcoef(drawn.ravel(), whole.ravel())[0, 1] > 0.99


def test_the_fovea_lies_where_every_file_says(exported: Path, cohort: Path, cases: list[Case]):
    for line in rows(exported / "metadata.jsonl"):
        folder = exported / line["graph_dir"]
        config = yaml.safe_load((folder / "config.yml").read_text())
        held = json.loads((folder / "dropout_ma.json").read_text())
        assert config["Greenhouse"]["FAZ_center"] == held["FAZ"]["center_norm"]
        down, right = held["FAZ"]["center_norm"]
        np.testing.assert_allclose(line["view_shift_norm"], [right - 0.5, down - 0.5], atol=1e-5)
        eye = read_stored_eye(cohort, line["id"])
        rows_, columns = frame_of(folder)
        side = rows_.stop - rows_.start
        there = eye.faz.center_mm / eye.mm_per_px - [columns.start, rows_.start]
        np.testing.assert_allclose([right * side, down * side], there, atol=1e-3)
        radius_mm = held["FAZ"]["radius_norm"] * side * eye.mm_per_px
        assert np.pi * radius_mm**2 == pytest.approx(eye.faz.area_mm2, rel=1e-3)


def test_regions_are_described_from_the_fovea(exported: Path):
    for line in rows(exported / "metadata.jsonl"):
        for key in ("dropout", "neovasc"):
            region, fovea = line[key], line["FAZ"]["center_norm"]
            if region is None:
                continue
            down, right = np.array(region["center_norm"]) - fovea
            word = f"{'top' if down < 0 else 'bottom'}-{'left' if right < 0 else 'right'}"
            assert region["sector"] == region["simple_loc"] == word
            side_mm = region["center_mm"][0] / region["center_norm"][0]
            assert region["dist_fovea_mm"] == pytest.approx(
                side_mm * np.hypot(down, right), abs=1e-3
            )
        assert (line["nv_adjacent_to_dropout"] is None) == (line["neovasc"] is None)


def test_frames_are_of_one_size_and_inside_the_field():
    rng = np.random.default_rng(0)
    frames = [draw_frame(rng, 304, 0.01, 0.1) for _ in range(200)]
    assert {f.side_px for f in frames} == {253}
    assert all(0 <= f.top_px <= 51 and 0 <= f.left_px <= 51 for f in frames)
    assert len({f.top_px for f in frames}) > 25
    assert draw_frame(rng, 304, 0.01, 0.0) == Frame(0, 0, 304, 0.01)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"format": "octa-svr"}, "made of a cohort: got --cases None"),
        ({"format": "octa-svr", "cases": Path("nowhere")}, "holds no metadata.jsonl"),
        ({"format": "octa-svr", "pan": 0.5}, "pan is 0.5"),
        ({"format": "octa-svr", "split": "tset"}, "no eye of split 'tset'"),
        ({"format": "octa-svr", "pack": True}, "--pack True"),
        ({"format": "llava"}, "made of samples"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    cohort: Path, tmp_path: Path, flags: dict, said: str
):
    with_cohort = {"pan", "split", "pack"} & set(flags) or flags["format"] == "llava"
    settings = ({"cases": cohort} if with_cohort else {}) | flags
    with pytest.raises(UserError, match=said):
        export(ExportConfig(out=tmp_path / "out", **settings))
    assert not (tmp_path / "out").exists()


def test_workers_change_no_byte(cohort: Path, tmp_path: Path):
    from grown_files import differing

    for workers in (1, 2):
        settings = {"cases": cohort, "format": "octa-svr", "workers": workers}
        export(ExportConfig(out=tmp_path / str(workers), **settings))
    assert differing(tmp_path / "1", tmp_path / "2") == []
