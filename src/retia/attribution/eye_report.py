"""One page an eye: overlay, sectors of the ETDRS grid, findings.

In:  a case with findings, its graph and attribution.
Out: the values of its sectors; their charts and the table of findings on a report.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from retia.anatomy import quadrant_names
from retia.figures import Report, figure, sector_chart
from retia.graphs.biomarkers import zone_densities
from retia.graphs.painting import area_mask, paint_segments
from retia.records import Attribution, Case, Finding, Sector, VesselGraph, Zone

CAPTION = (
    "Left: vessels and FAZ as segmented. Middle: what spoke for the stage (red, by integrated "
    "gradients). Right: findings."
)


def sectors_of(
    case: Case, graph: VesselGraph, zones: pl.DataFrame, shape: tuple[int, int]
) -> tuple[Sector, ...]:
    """Vessel density and share of the attribution of each ring and quadrant.

    Args:
        case: With scale and, where known, laterality.
        graph: Its tables; vessels are painted from them.
        zones: Its attribution by zone, see `zone_rows`.
        shape: `(H, W)` of the image.

    Returns:
        Sectors that hold elements of the graph, in the order of ring and quadrant.
    """
    vessels = paint_segments(graph, shape, np.ones(graph.segments.height)) != 0
    row = graph.faz.row(0, named=True)
    densities = zone_densities(
        vessels,
        ~area_mask(graph.faz, shape),
        (row["x_px"], row["y_px"]),
        float(case.mm_per_px or 0),
        case.laterality,
    )
    sectors = zones.drop_nulls(["ring", "quadrant"])
    return tuple(
        Sector(
            zone=Zone(ring=ring, quadrant=quadrant),
            vessel_density=densities.get(f"vessel_density_{ring}_{quadrant.replace('-', '_')}"),
            share=share,
        )
        for ring, quadrant, share in sectors.select("ring", "quadrant", "share").iter_rows()
    )


def add_sectors(report: Report, sectors: Sequence[Sector], laterality: str | None) -> None:
    """Add two charts side by side: vessel density, and where the attribution lies."""
    names = quadrant_names(laterality)
    density = {
        (str(s.zone.ring), s.zone.quadrant): s.vessel_density
        for s in sectors
        if s.vessel_density is not None
    }
    share = {(str(s.zone.ring), s.zone.quadrant): s.share for s in sectors}
    charts = (
        figure(
            sector_chart(density, names, "Vessel density"),
            "Share of vessel pixels in each sector, without the FAZ.",
        ),
        figure(
            sector_chart(share, names, "What spoke for the stage"),
            "Share of the positive attribution that lies in each sector.",
        ),
    )
    report.html(f'<div class="row">{"".join(charts)}</div>')


def add_findings(report: Report, findings: Sequence[Finding]) -> None:
    """Add the table of findings."""
    report.table(
        ["finding", "severity", "place", "values", "importance"],
        [
            (
                f.kind.replace("_", " "),
                f.severity or "",
                " ".join(p for p in (f.zone.quadrant, f.zone.ring) if p) if f.zone else "",
                ", ".join(f"{k} {v:g}" for k, v in f.values.items()),
                f"{f.importance or 0:.3f}",
            )
            for f in findings
        ],
    )


def eye_report(
    case: Case,
    graph: VesselGraph,
    attribution: Attribution,
    zones: pl.DataFrame,
    overlay: np.ndarray,
    shape: tuple[int, int],
    true: str | None = None,
) -> Report:
    """The page of one eye of a folder.

    Args:
        case: With findings.
        graph: Its tables.
        attribution: Of this graph.
        zones: The same by zone, see `zone_rows`.
        overlay: As `draw_attribution` draws it.
        shape: `(H, W)` of the image.
        true: Its true class, where known.
    """
    faz = graph.faz.row(0, named=True)
    report = Report(f"Eye {case.id}")
    report.headline(
        [
            (
                attribution.stage,
                "graph model",
                f"probability {attribution.probabilities[attribution.stage]:.2f}",
            ),
            (true or "unknown", "truth", ""),
            (f"{faz['area_mm2']:.2f} mm²", "FAZ area", f"circularity {faz['circularity']:.2f}"),
            (str(len(case.findings)), "findings", ""),
        ]
    )
    report.picture(overlay, CAPTION)
    add_sectors(report, sectors_of(case, graph, zones, shape), case.laterality)
    if case.findings:
        report.heading("Findings")
        add_findings(report, case.findings)
    return report
