"""What the tables of a cohort hold is enough to draw every eye again."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from retia.errors import UserError
from retia.images import read_mask
from retia.records import Case
from retia.synthesis.cohort import plan_cohort, read_eye
from retia.synthesis.cohort.grow import GrowConfig
from retia.synthesis.cohort.plan import draw_traits
from retia.synthesis.cohort.table import read_stored_eye, tables_of
from retia.synthesis.eye import Eye, make_eye
from retia.synthesis.vessels import Vessels


def segments(cohort: Path, id: str) -> dict[str, list]:
    return pq.read_table(
        cohort / "graphs" / "segments-00000.parquet", filters=[("case", "=", id)]
    ).to_pydict()


def grown_again(id: str) -> Eye:
    (plan,) = [p for p in plan_cohort(GrowConfig(out=Path("unused"), count=6)) if p.id == id]
    traits = draw_traits(plan)
    return make_eye(plan.seed, traits.disease, traits.growth, plan.image_px, traits.tilt_rad)


def test_an_eye_drawn_from_its_tables_has_its_vessel_mask(cohort: Path, cases: list[Case]):
    from dataclasses import replace

    empty = make_eye(0, draw_traits(plan_cohort(GrowConfig(out=cohort, count=1))[0]).disease)
    for case in cases:
        stored = read_stored_eye(cohort, case.id)
        vessels, blobs = stored.drawn()
        again = replace(empty, healthy=vessels, lesions=(), image_px=stored.image_px)
        if len(blobs):
            bare = make_lesion_of(blobs)
            again = replace(again, lesions=(bare,))
        mask = read_mask(cohort / "vessels" / f"{case.id}.png")
        np.testing.assert_array_equal(again.vessel_mask(), mask)
        faz = stored.faz.mask(stored.image_px, stored.mm_per_px)
        np.testing.assert_array_equal(faz, read_mask(cohort / "faz" / f"{case.id}.png"))


def make_lesion_of(blobs: np.ndarray):
    from retia.synthesis.pathology import Lesion

    return Lesion(kind="microaneurysm", mask=np.zeros((1, 1), bool), values={}, blobs=blobs)


def test_what_is_read_is_what_was_drawn_to_the_last_bit(cohort: Path, cases: list[Case]):
    case = max(cases, key=lambda c: len(c.findings))
    vessels, blobs = read_eye(cohort, case.id)
    drawn, sacs = grown_again(case.id).drawn()
    for name in Vessels.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(vessels, name), getattr(drawn, name), name)
    np.testing.assert_array_equal(blobs, sacs)


def test_one_row_group_an_eye_in_the_order_of_the_cohort(cohort: Path, cases: list[Case]):
    file = pq.ParquetFile(cohort / "graphs" / "segments-00000.parquet")
    groups = [file.read_row_group(i) for i in range(file.num_row_groups)]
    assert [set(g["case"].to_pylist()) for g in groups] == [{c.id} for c in cases]
    eyes = pq.read_table(cohort / "graphs" / "eyes-00000.parquet")
    assert eyes["case"].to_pylist() == [c.id for c in cases]


def test_evidence_names_segments_of_the_table_and_lost_ones_are_marked(
    cohort: Path, cases: list[Case]
):
    for case in cases:
        own = segments(cohort, case.id)
        known = {f"grown/segment/{s}" for s in own["id"]}
        known |= {f"grown/region/{f.id}" for f in case.findings}
        assert {e for f in case.findings for e in f.evidence} <= known
        assert all(f"grown/region/{f.id}" in f.evidence for f in case.findings)
        kinds = {f.kind for f in case.findings}
        if "capillary_dropout" in kinds:
            assert any(own["lost"])
        if not kinds:
            assert not any(own["lost"]) and set(own["added_by"]) == {None}


def test_new_vessels_name_the_finding_that_added_them(cohort: Path, cases: list[Case]):
    tufts = [(c.id, f.id) for c in cases for f in c.findings if f.kind == "neovascularization"]
    assert tufts
    for id, finding in tufts:
        assert finding in segments(cohort, id)["added_by"]


def test_every_sac_has_a_row(cohort: Path, cases: list[Case]):
    sacs = pq.read_table(cohort / "graphs" / "sacs-00000.parquet").to_pylist()
    named = {(s["case"], s["finding"]) for s in sacs}
    wanted = {(c.id, f.id) for c in cases for f in c.findings if f.kind == "microaneurysm"}
    assert wanted and wanted <= named
    assert all(s["radius_mm"] > 0 for s in sacs)


@pytest.mark.parametrize("id", ["000099", "099999", "nobody", "../000001"])
def test_an_eye_that_is_not_there_is_named(cohort: Path, id: str):
    with pytest.raises(UserError, match="holds no eye"):
        read_eye(cohort, id)


def test_a_folder_without_tables_is_named(tmp_path: Path):
    with pytest.raises(UserError, match="holds no graphs/"):
        read_eye(tmp_path, "000000")


def test_vessels_that_32_bits_cannot_hold_are_never_stored(ill: Eye):
    from dataclasses import replace

    tables = tables_of(ill, "000000", 1, [f"f{i}" for i in range(len(ill.lesions))])
    assert len(tables["segments"]) >= len(ill.healthy)
    off = ill.healthy.end_mm + 1e-12
    nudged = replace(ill, healthy=replace(ill.healthy, end_mm=off))
    again = tables_of(nudged, "000000", 1, [f"f{i}" for i in range(len(ill.lesions))])
    stored = np.array(again["segments"]["end_x_mm"])
    assert stored.dtype == np.float32
