"""What OCTA-SVR writes about a sample, with the values its keys promise.

In:  a case, its lesion masks, its avascular zone, the frame that is shown.
Out: plain objects for `dropout_ma.json`, `pathology.yml`, `config.yml` and the JSON Lines.

Positions are ``[x, y]`` with x = row (down) and y = column, 0 to 1 in the stored image. Lesions
without a pixel in the frame are left out everywhere, so that counts, lists and pictures agree.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.records import Case, Finding
from retia.synthesis.octa_svr.frame import Frame

if TYPE_CHECKING:
    from retia.synthesis.faz import Faz

DROPOUT, SAC, TUFT, WINDING = (
    "capillary_dropout",
    "microaneurysm",
    "neovascularization",
    "tortuosity",
)
ADJACENT = 0.08
"""New vessels this near to the border of dropout, in sides of the frame, are adjacent to it."""
SECTORS = ("top-left", "top-right", "bottom-right", "bottom-left")
ZONES = ((0.5, "foveal"), (1.5, "parafoveal"), (math.inf, "perifoveal"))


@dataclass(frozen=True)
class Shown:
    """A finding that the frame shows, with its cropped mask, bool ``(side, side)``."""

    finding: Finding
    mask: np.ndarray


@dataclass(frozen=True)
class Sample:
    """One eye as OCTA-SVR sees it.

    Attributes:
        case: The case.
        shown: Its findings in the frame.
        frame: The frame.
        faz: The avascular zone.
    """

    case: Case
    shown: tuple[Shown, ...]
    frame: Frame
    faz: "Faz"

    def of(self, kind: str) -> list[Shown]:
        """The findings of a kind that are shown."""
        return [s for s in self.shown if s.finding.kind == kind]

    @property
    def fovea(self) -> list[float]:
        """Centre of the avascular zone in the frame."""
        return self.frame.unit(self.faz.center_mm)

    @property
    def faz_radius(self) -> float:
        """Radius of a disc as large as the avascular zone, in sides of the frame."""
        return math.sqrt(self.faz.area_mm2 / math.pi) / self.frame.side_mm


def shown_in(frame: Frame, case: Case, masks: Mapping[str, np.ndarray], faz: "Faz") -> Sample:
    """Crop the masks of a case's findings, by id, and keep those with a pixel in the frame."""
    cropped = [Shown(f, frame.crop(masks[f.id])) for f in case.findings if f.id in masks]
    return Sample(case, tuple(s for s in cropped if s.mask.any()), frame, faz)


def pathology_json(sample: Sample) -> dict[str, Any]:
    """What `dropout_ma.json` holds."""
    other = sorted({s.finding.kind for s in sample.shown} - {DROPOUT, SAC, TUFT, WINDING})
    counts = {"dropout": DROPOUT, "microaneurysm": SAC, "neovascularization": TUFT}
    summary: dict[str, Any] = {
        name: {"present": bool(sample.of(kind)), "count": len(sample.of(kind))}
        for name, kind in (counts | dict(zip(other, other, strict=True))).items()
    }
    summary["tortuosity"] = {"present": bool(sample.of(WINDING)), "gain": _gain(sample)}
    return {
        "dropouts": [
            {"center": r["center_norm"], "radius": r["radius_norm"], "strength": r["strength"]}
            for r in _dropouts(sample)
        ],
        "microaneurysms": _sacs(sample),
        "neovascularization": _tufts(sample),
        "FAZ": _faz(sample),
        "summary": summary,
    }


def pathology_yaml(sample: Sample) -> dict[str, Any]:
    """What `pathology.yml` holds."""
    sacs = _sacs(sample)
    radii = [sac["radius_mm"] for sac in sacs]
    return {
        "FAZ": _faz(sample),
        "Dropout": {"regions": _dropouts(sample)},
        "MA": {
            "count": len(sacs),
            "radius_mm_range": [min(radii), max(radii)] if radii else [],
            "instances": sacs,
        },
        "NV": {"regions": _tufts(sample)},
        "Tortuosity": {"gain": _gain(sample), "count": len(sample.of(WINDING))},
    }


def sample_config(sample: Sample, seed: int, field_mm: float) -> dict[str, Any]:
    """What `config.yml` holds."""
    frame = sample.frame
    return {
        "General": {"seed": seed, "generator": "retia grow"},
        "Greenhouse": {
            "param_scale": field_mm,
            "FAZ_center": _rounded(sample.fovea),
            "FAZ_radius": round(sample.faz_radius, 6),
        },
        "View": {"box_px": frame.box_px, "side_mm": frame.side_mm, "mm_per_px": frame.mm_per_px},
    }


def graph_record(sample: Sample, graph_dir: str, pathology: Mapping[str, Any]) -> dict[str, Any]:
    """A line of `records_graphs.jsonl`; that of `metadata.jsonl` holds some keys more."""
    case = sample.case
    dropout, tuft = _largest(sample, DROPOUT), _largest(sample, TUFT)
    down, right = (value - 0.5 for value in sample.fovea)
    return {
        "id": case.id,
        "graph_dir": graph_dir,
        "graph_csv": f"{graph_dir}/{case.id}.csv",
        "gray_image": f"{graph_dir}/art_ven_img_gray_panned.png",
        "dropout": None if dropout is None else _described(sample, dropout),
        "neovasc": None if tuft is None else _described(sample, tuft),
        "nv_adjacent_to_dropout": None if tuft is None else _adjacent(sample, tuft),
        "dropout_ma_json": f"{graph_dir}/dropout_ma.json",
        "pathology_yml": f"{graph_dir}/pathology.yml",
        "view_shift_norm": [round(right, 6), round(down, 6)],
        "dropouts": pathology["dropouts"],
        "microaneurysms": pathology["microaneurysms"],
        "FAZ": pathology["FAZ"],
    }


def metadata_record(sample: Sample, record: Mapping[str, Any]) -> dict[str, Any]:
    """A line of `metadata.jsonl`: the record of the graph, its images, and what Retia knows."""
    case = sample.case
    return {
        "id": case.id,
        "image": f"images/M_{case.id}.png",
        "scan": f"images/generator_{case.id}.png",
        **{k: v for k, v in record.items() if k not in ("id", "graph_csv", "gray_image")},
        "stage": case.stage,
        "grade": case.grade,
        "laterality": case.laterality,
        "group": case.group,
        "split": case.split,
        "mm_per_px": sample.frame.mm_per_px,
    }


def _dropouts(sample: Sample) -> list[dict[str, Any]]:
    shown = sample.of(DROPOUT)
    sizes = [int(s.mask.sum()) for s in shown]
    return [
        _region(sample, s)
        | {
            "strength": round(1 - s.finding.values["density_ratio"], 6),
            "is_largest": n == int(np.argmax(sizes)),
        }
        for n, s in enumerate(shown)
    ]


def _tufts(sample: Sample) -> list[dict[str, Any]]:
    return [_region(sample, s) for s in sample.of(TUFT)]


def _sacs(sample: Sample) -> list[dict[str, Any]]:
    return [
        {
            "center": _rounded(sample.frame.middle(s.mask)),
            "radius_mm": round(s.finding.values["radius_um"] / 1000, 6),
        }
        for s in sample.of(SAC)
    ]


def _faz(sample: Sample) -> dict[str, Any]:
    return {"center_norm": _rounded(sample.fovea), "radius_norm": round(sample.faz_radius, 6)}


def _region(sample: Sample, shown: Shown) -> dict[str, Any]:
    center = sample.frame.middle(shown.mask)
    return {
        "center_norm": _rounded(center),
        "radius_norm": round(sample.frame.radius(shown.mask), 6),
        "quadrant": SECTORS[_sector(center, [0.5, 0.5])],
    }


def _gain(sample: Sample) -> float:
    """Length over that of the straight vessel, less 1, of the vessel that winds most."""
    return round(
        max((s.finding.values["tortuosity"] - 1 for s in sample.of(WINDING)), default=0.0), 6
    )


def _largest(sample: Sample, kind: str) -> Shown | None:
    return max(sample.of(kind), key=lambda s: int(s.mask.sum()), default=None)


def _described(sample: Sample, shown: Shown) -> dict[str, Any]:
    """Where a region lies, seen from the fovea where it really is."""
    side_mm = sample.frame.side_mm
    center, radius = sample.frame.middle(shown.mask), sample.frame.radius(shown.mask)
    distance_mm = math.dist(center, sample.fovea) * side_mm
    sector = _sector(center, sample.fovea)
    return {
        "center_norm": _rounded(center),
        "radius_norm": round(radius, 6),
        "center_mm": _rounded([value * side_mm for value in center]),
        "radius_mm": round(radius * side_mm, 6),
        "zone": next(name for limit_mm, name in ZONES if distance_mm < limit_mm),
        "simple_loc": SECTORS[sector],
        "sector": SECTORS[sector],
        "sector_index": sector,
        "dist_fovea_mm": round(distance_mm, 6),
    }


def _adjacent(sample: Sample, tuft: Shown) -> bool:
    """Whether a tuft comes near the border of dropout, measured on the masks."""
    from scipy.ndimage import binary_erosion, distance_transform_edt

    border = np.zeros(tuft.mask.shape, bool)
    for region in sample.of(DROPOUT):
        border |= region.mask & ~np.asarray(binary_erosion(region.mask), bool)
    if not border.any():
        return False
    gap_px = np.asarray(distance_transform_edt(~border))
    return bool(gap_px[tuft.mask].min() <= ADJACENT * sample.frame.side_px)


def _sector(point: Sequence[float], around: Sequence[float]) -> int:
    top, left = point[0] < around[0], point[1] < around[1]
    return (0 if left else 1) if top else (3 if left else 2)


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(float(value), 6) for value in values]
