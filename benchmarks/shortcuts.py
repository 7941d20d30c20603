"""How far single trivial statistics tell the stages of grown eyes, beside the graph network.

`python -m benchmarks.shortcuts` grows a cohort; `python -m benchmarks.shortcuts COHORT [MODEL]`
takes one that is there, and the accuracy of a model that `retia stage train` made from it.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from retia.images import read_image
from retia.records import Case, read_cases

STATISTICS = (
    "mean grey",
    "standard deviation of grey",
    "share of bright pixels (Otsu)",
    "vessel fraction (true mask)",
    "FAZ area (true mask)",
    "emptiest of 36 tiles",
    "standard deviation of 36 tiles",
)


def main(cohort: Path | None = None, model: Path | None = None) -> None:
    """Print balanced accuracy of three stages on held-out patients for every statistic."""
    with tempfile.TemporaryDirectory() as folder:
        if cohort is None:
            from retia.synthesis.cohort import GrowConfig, grow

            cohort = Path(folder) / "cohort"
            grow(GrowConfig(out=cohort, count=240, workers=2))
        cases = read_cases(cohort)
        table = np.array([statistics(cohort, case) for case in cases])
    stages = np.array([case.stage for case in cases])
    held = np.array([case.split == "test" for case in cases])
    for column, name in enumerate(STATISTICS):
        print(f"  {name:32s} {accuracy(table[:, [column]], stages, held):.3f}")
    print(f"  {'all of them':32s} {accuracy(table, stages, held):.3f}")
    if model is not None:
        found = json.loads((model / "metrics.json").read_text())
        print(f"  {'graph network':32s} {found['text']}")
    print(f"  {held.sum()} held-out eyes, {(~held).sum()} for fitting; chance is .333")


def statistics(folder: Path, case: Case) -> list[float]:
    """The statistics of one eye, in the order of `STATISTICS`."""
    from skimage.filters import threshold_otsu

    grey = read_image(folder / case.file_name).pixels.astype(float)
    vessels = read_image(folder / "vessels" / f"{case.id}.png").pixels > 127
    faz = read_image(folder / "faz" / f"{case.id}.png").pixels > 127
    side = len(grey) // 6
    tiles = grey[: 6 * side, : 6 * side].reshape(6, side, 6, side).mean((1, 3))
    bright = grey > threshold_otsu(grey)
    return [
        float(grey.mean()),
        float(grey.std()),
        float(bright.mean()),
        float(vessels.mean()),
        float(faz.mean()),
        float(tiles.min()),
        float(tiles.std()),
    ]


def accuracy(table: np.ndarray, stages: np.ndarray, held: np.ndarray) -> float:
    """Balanced accuracy of a gradient-boosted classifier, which may cut anywhere."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import balanced_accuracy_score

    model = HistGradientBoostingClassifier(
        max_depth=2, max_iter=60, learning_rate=0.1, class_weight="balanced", random_state=0
    )
    model.fit(table[~held], stages[~held])
    return float(balanced_accuracy_score(stages[held], model.predict(table[held])))


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:3]))
