"""Pictures: overlays, contact sheets, charts and the report shell. All pictures are RGB arrays."""

from retia.figures.charts import (
    bar_chart,
    confusion_chart,
    line_chart,
    reliability_chart,
    risk_coverage_chart,
)
from retia.figures.overlay import COLOURS, draw_findings, draw_mask_edges, draw_weights, to_rgb
from retia.figures.report import Report, figure, sentences_html
from retia.figures.rows import picture_rows
from retia.figures.sectors import sector_chart
from retia.figures.sheet import contact_sheet, write_png

__all__ = [
    "COLOURS",
    "Report",
    "bar_chart",
    "confusion_chart",
    "contact_sheet",
    "draw_findings",
    "draw_mask_edges",
    "draw_weights",
    "figure",
    "line_chart",
    "picture_rows",
    "reliability_chart",
    "risk_coverage_chart",
    "sector_chart",
    "sentences_html",
    "to_rgb",
    "write_png",
]
