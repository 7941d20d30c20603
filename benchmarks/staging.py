"""Staging on real eyes: the graph network beside baselines and trivial numbers.

`python -m benchmarks.staging --data ../shared/data --out DIR [--cohort-graphs DIR] [--model DIR]`
prints the tables and writes `staging.json`. Every step is a verb of Retia and resumes.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from retia.graphs.graph import GraphConfig, graph
from retia.records import Case, read_cases, write_cases
from retia.runs.step import write_json
from retia.sources.octa500 import Octa500Config, import_octa500
from retia.staging.cross_validate import CrossValidateConfig, cross_validate
from retia.staging.data import read_graphs
from retia.staging.labels import label_of
from retia.staging.model import StageModel
from retia.staging.scores import in_words
from retia.staging.train import StageTrainConfig, train
from retia.statistics import auroc, balanced_accuracy, bootstrap_interval
from retia.weights import staging_folder

GROWN_UP = 30.0
WIDE_MM = 12.0
"""Width of the wide-field maps, assumed: none is stated. It sets units, not ranks."""
FOURTEEN = (
    "vessel_density",
    "skeleton_density_per_mm",
    "vessel_diameter_index_um",
    "fractal_dimension",
    "mean_tortuosity",
    "calibre_mean_um",
    "calibre_p95_um",
    "branch_points_per_mm2",
    "branch_angle_deg",
    "intercapillary_area_mean_mm2",
    "intercapillary_area_p95_mm2",
    "faz_area_mm2",
    "faz_circularity",
)
"""Biomarkers of the logistic regression; branch points per length of vessel are the fourteenth."""
SHORTCUTS = """
Read these figures with care. Vessel density is *higher* in the PDR maps, which no loss of flow
explains: new vessels add some, but so do another device, slab or threshold. All that counts vessels
(skeleton, branch points, fractal dimension) says the same again. Laterality is not recorded and not
balanced, so that anything that knows left from right may tell the groups without seeing disease:
features of the graph hold no direction; pixels, tiles and biomarkers of zones do. One of the nine
normal maps moves the area by up to a ninth. No method here is shown to see neovascularization.
"""


def main(data: Path, out: Path, cohort: Path | None, model: Path | None) -> dict[str, Any]:
    """Make, print and write all figures."""
    figures: dict[str, Any] = {}
    eyes, figures["octa500"] = octa500(data, out)
    folder = model or (trained_on(cohort, out) if cohort else staging_folder())
    figures["grown_to_real"] = grown_to_real(folder, eyes)
    if cohort is not None:
        settings = CrossValidateConfig(
            graphs=cohort, out=out / "grown", test_split="test", curve=(0.25, 0.5)
        )
        figures["grown"] = cross_validate(settings)
        print(f"\n### Grown eyes, held-out patients\n\n{(out / 'grown' / 'table.md').read_text()}")
    figures["widefield"] = widefield(data, out)
    write_json(out / "staging.json", figures)
    return figures


def octa500(data: Path, out: Path) -> tuple[Path, dict[str, Any]]:
    """NORMAL against DR on labelled eyes of OCTA-500; returns the folder of graphs too."""
    cases, graphs = out / "octa500" / "cases", out / "octa500" / "graphs"
    counts = import_octa500(Octa500Config(source=data / "octa500_3mm", out=cases))
    graph(GraphConfig(images=cases, out=graphs))
    left_out = sum(n for name, n in counts["disease"].items() if name in ("AMD", "CNV"))
    settings = CrossValidateConfig(
        graphs=graphs, out=out / "octa500" / "dr", label="dr", min_age=GROWN_UP
    )
    summary = cross_validate(settings)
    print(f"### OCTA-500, 3 mm: NORMAL against DR, 5 folds ({left_out} eyes of AMD and CNV out)\n")
    print((settings.out / "table.md").read_text())
    return graphs, summary | {"left_out": left_out}


def trained_on(cohort: Path, out: Path) -> Path:
    """A model of grown eyes alone."""
    train(StageTrainConfig(graphs=cohort, out=out / "model"))
    return out / "model"


def grown_to_real(folder: Path, graphs: Path) -> dict[str, Any]:
    """How a model of grown eyes, with all it is not called healthy for, ranks real ones."""
    model = StageModel.load(folder)
    cases, known = read_graphs(graphs, "dr")
    p = model.probabilities([known[c.id] for c in cases]).numpy()
    ill = np.array([label_of(c, "dr") == "DR" for c in cases])
    found = {
        name: _two_classes([c for c, k in zip(cases, kept, strict=True) if k], ill[kept], p[kept])
        for name, kept in {
            "all": np.ones(len(cases), bool),
            f"aged {GROWN_UP:g} or more": np.array([(c.age or 0) >= GROWN_UP for c in cases]),
        }.items()
    }
    print("\n### A graph network that saw grown eyes only, on the same real eyes\n")
    print("| eyes | AUC of 1 - p(healthy) | balanced accuracy, any disease against healthy |")
    print("| --- | --- | --- |")
    for name, row in found.items():
        cells = (in_words(row[k], True) for k in ("auroc", "balanced_accuracy"))
        print(f"| {name} ({row['n']}) | {' | '.join(cells)} |")
    return found


def widefield(data: Path, out: Path) -> dict[str, Any]:
    """Normal against PDR on wide-field vessel maps, leaving one out."""
    masks, graphs = out / "widefield" / "masks", out / "widefield" / "graphs"
    cases = _as_masks(data / "octa_widefield_pdr", masks)
    graph(GraphConfig(masks=masks, out=graphs))
    settings = CrossValidateConfig(
        graphs=graphs,
        out=out / "widefield" / "pdr",
        label="pdr",
        folds=len(cases),
        seeds=1,
    )
    summary = cross_validate(settings)
    table = pl.read_csv(graphs / "biomarkers.csv", schema_overrides={"case": pl.String})
    table = pl.DataFrame({"case": [c.id for c in cases]}).join(table, "case", maintain_order="left")
    per_length = pl.col("branch_points_per_mm2") / pl.col("skeleton_density_per_mm")
    table = table.select(*FOURTEEN, branch_points_per_mm=per_length)
    ill = np.array([c.labels["pdr"] == "pdr" for c in cases])
    areas = {name: auroc(ill, table[name].to_numpy()) for name in table.columns}
    together = _leave_one_out(table.to_numpy(), ill)
    fourteen = _bounds(auroc, ill, together, [c.id for c in cases])
    counts = f"{(~ill).sum()} normal, {ill.sum()} PDR"
    print(f"\n### Wide-field vessel maps: normal against PDR, leaving one out ({counts})\n")
    print((settings.out / "table.md").read_text())
    print("| single biomarker, nothing fitted | AUC | higher in |\n| --- | --- | --- |")
    for name, area in sorted(areas.items(), key=lambda pair: -abs(pair[1] - 0.5)):
        print(f"| {name} | {max(area, 1 - area):.3f} | {'PDR' if area > 0.5 else 'normal'} |")
    print(f"| logistic regression on all 14, leave-one-out | {in_words(fourteen, True)} | |")
    print(SHORTCUTS)
    return summary | {"single": areas, "fourteen": fourteen}


def _as_masks(source: Path, out: Path) -> list[Case]:
    """Write the maps as a folder of masks with cases; the FAZ is looked for in the map."""
    from retia.images.image import read_mask, write_mask
    from retia.segmentation.faz import segment_faz

    cases = []
    for kind in ("vessels", "faz", "images"):
        (out / kind).mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*/*.png")):
        group = path.parent.name
        id = f"{group}-{path.stem}"
        vessels = read_mask(path)
        scale = WIDE_MM / vessels.shape[1]
        if not (out / "faz" / f"{id}.png").is_file():
            write_mask(out / "vessels" / f"{id}.png", vessels)
            write_mask(out / "images" / f"{id}.png", vessels)
            faz = segment_faz(vessels.astype(np.uint8) * 255, scale)
            write_mask(out / "faz" / f"{id}.png", faz)
        cases.append(
            Case(
                file_name=f"images/{id}.png",
                id=id,
                group=id,
                modality="octa",
                mm_per_px=scale,
                labels={"pdr": group},
            )
        )
    write_cases(out, cases)
    return read_cases(out)


def _leave_one_out(table: np.ndarray, ill: np.ndarray) -> np.ndarray:
    """Probability of illness of each row by a logistic regression on all others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import LeaveOneOut, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    p = cross_val_predict(model, table, ill, cv=LeaveOneOut(), method="predict_proba")
    return np.asarray(p)[:, 1]


def _two_classes(cases: list[Case], ill: np.ndarray, p: np.ndarray) -> dict[str, Any]:
    groups = [c.group for c in cases]
    named = p.argmax(axis=1) > 0
    return {
        "n": len(cases),
        "auroc": _bounds(auroc, ill, 1 - p[:, 0], groups),
        "balanced_accuracy": _bounds(balanced_accuracy, ill, named, groups),
    }


def _bounds(score, truth: np.ndarray, given: np.ndarray, groups: list[str]) -> dict[str, Any]:
    interval = bootstrap_interval(score, [truth, given], groups)
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    flags.add_argument("--data", type=Path, default=Path("../shared/data"))
    flags.add_argument("--out", type=Path, required=True)
    flags.add_argument("--cohort-graphs", type=Path, help="graphs of grown eyes")
    flags.add_argument("--model", type=Path, help="of grown eyes; else the shipped one")
    given = flags.parse_args()
    main(given.data, given.out, given.cohort_graphs, given.model)
