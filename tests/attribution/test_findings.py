"""Where evidence, attribution and measurement agree with the truth, findings are the truth."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from retia.attribution.findings import LOOKED_FOR, findings_of
from retia.claims.boxes import overlap_of_smaller
from retia.graphs.build import build_graph
from retia.graphs.hetero import FEATURES, to_hetero_data
from retia.graphs.reference import HealthyReference, healthy_reference
from retia.records import Attribution, Case, Finding, VesselGraph
from retia.records.attribution import Completeness
from retia.segmentation.maps import LESIONS
from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye

ILL = Disease(
    dropout=((0.35, 1.0), (0.33, 0.9)), microaneurysms=5, tufts=(0.4,), faz_area_mm2=0.65
)  # fmt: skip


def graph_of(eye: Eye, lesions: np.ndarray) -> VesselGraph:
    zone = eye.faz.mask(eye.image_px, eye.mm_per_px)
    vessels = eye.vessel_mask() & ~zone
    return build_graph("eye", vessels, zone, eye.mm_per_px, eye.image(), "OD", lesions)


def true_evidence(eye: Eye) -> np.ndarray:
    maps = np.zeros((len(LESIONS), eye.image_px, eye.image_px), np.float32)
    for lesion in eye.lesions:
        if lesion.kind in LESIONS:
            maps[LESIONS.index(lesion.kind)][lesion.mask] = 0.95
    return maps


def spoken(graph: VesselGraph, stage: str = "pdr", sign: float = 1.0) -> Attribution:
    """An attribution in which every element speaks alike."""
    tables = {"segment": graph.segments, "area": graph.areas, "faz": graph.faz}
    nodes = {k: np.full((t.height, len(FEATURES[k])), sign) for k, t in tables.items()}
    whole = Completeness(delta=1.0, gap=0.0, points=1)
    return Attribution(
        case="eye",
        stage=stage,
        probabilities={stage: 1.0},
        nodes=nodes,
        features=dict(FEATURES),
        paths={"features": whole},
    )


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> HealthyReference:
    out = tmp_path_factory.mktemp("reference")
    nothing = np.zeros((len(LESIONS), 304, 304), np.float32)
    healthy = [graph_of(make_eye(seed, Disease()), nothing) for seed in range(3)]
    healthy_reference([to_hetero_data(graph) for graph in healthy], out)
    return HealthyReference(out)


@pytest.fixture(scope="module")
def eye() -> Eye:
    return make_eye(4, ILL)


@pytest.fixture(scope="module")
def case(eye: Eye) -> Case:
    return Case(
        file_name="eye.png",
        id="eye",
        group="eye",
        modality="octa",
        mm_per_px=eye.mm_per_px,
        laterality="OD",
    )


def found(
    case: Case, graph: VesselGraph, told: Attribution, reference: HealthyReference
) -> tuple[Finding, ...]:
    return findings_of(case, graph, told, reference, (304, 304))


def test_true_evidence_gives_true_findings_in_their_places(
    eye: Eye, case: Case, reference: HealthyReference
):
    graph = graph_of(eye, true_evidence(eye))
    told = found(case, graph, spoken(graph), reference)
    assert {f.kind for f in told} <= set(LOOKED_FOR)
    assert [f.id for f in told] == [f"a{n}" for n in range(1, len(told) + 1)]
    for kind in ("capillary_dropout", "neovascularization", "faz_enlargement", "microaneurysm"):
        boxes = [boundary(lesion.mask) for lesion in eye.lesions if lesion.kind == kind]
        said = [f for f in told if f.kind == kind]
        assert boxes and len(said) >= 0.8 * len(boxes)
        for finding in said:
            assert finding.box_px is not None
            assert max(overlap_of_smaller(finding.box_px, box) for box in boxes) > 0.5
            assert finding.evidence and finding.source == "attribution"
            assert (finding.zone is None) == kind.startswith("faz_")


def boundary(mask: np.ndarray) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(mask)
    corners = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return (float(corners[0]), float(corners[1]), float(corners[2]), float(corners[3]))


def test_nothing_is_said_without_evidence_attribution_or_disease(
    eye: Eye, case: Case, reference: HealthyReference
):
    graph = graph_of(eye, true_evidence(eye))
    assert found(case, graph, spoken(graph, "healthy"), reference) == ()
    assert found(case, graph, spoken(graph, sign=-1.0), reference) == ()
    unasked = graph_of(eye, 0 * true_evidence(eye))
    kinds = {f.kind for f in found(case, unasked, spoken(unasked), reference)}
    assert kinds <= {"faz_enlargement", "faz_irregularity"}


def test_evidence_alone_does_not_make_a_lesion_of_a_healthy_bed(
    case: Case, reference: HealthyReference
):
    """The measurement must support it: no dropout where the bed is dense, no tuft where sparse."""
    eye = make_eye(5, Disease())
    vessels = eye.vessel_mask()
    corners = [(y, x) for y in (20, 200) for x in (20, 110, 200)]
    corners.sort(key=lambda at: vessels[at[0] : at[0] + 70, at[1] : at[1] + 80].mean())
    places = {"capillary_dropout": corners[-1], "neovascularization": corners[0]}
    for kind, (y, x) in places.items():
        maps = np.zeros((len(LESIONS), 304, 304), np.float32)
        maps[LESIONS.index(kind), y : y + 70, x : x + 80] = 0.95
        graph = graph_of(eye, maps)
        assert not [f for f in found(case, graph, spoken(graph), reference) if f.kind == kind]


def test_sides_follow_the_eye(eye: Eye, case: Case, reference: HealthyReference):
    graph = graph_of(eye, true_evidence(eye))
    left = dataclasses.replace(case, laterality="OS")
    for one, other in zip(
        found(case, graph, spoken(graph), reference),
        found(left, graph, spoken(graph), reference),
        strict=True,
    ):
        if one.zone is not None and one.zone.quadrant and other.zone and other.zone.quadrant:
            assert one.zone.quadrant != other.zone.quadrant
            assert one.box_px == other.box_px


def test_the_reference_is_that_of_a_folder(tmp_path: Path):
    from retia.errors import UserError

    with pytest.raises(UserError, match=r"holds no healthy\.parquet"):
        HealthyReference(tmp_path)
