"""All that the methods of a comparison may look at, for the labelled eyes of a graph folder."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retia.errors import UserError
from retia.records import Case

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

TILES = 8
SMALL_PX = 152
"""Side of the pictures that the convolutional network sees."""
STATISTICS = (
    "mean grey",
    "standard deviation of grey",
    "10 % quantile of grey",
    "90 % quantile of grey",
    "share above Otsu's threshold",
    "that share in the emptiest tile",
    "standard deviation of that share over tiles",
    "grey of the middle over mean grey",
    "mean gradient of grey",
)


@dataclass(frozen=True)
class Pictures:
    """What is taken from the pixels of N eyes."""

    statistics: np.ndarray
    """Shape `(N, 9)`, columns `STATISTICS`."""
    tiles: np.ndarray
    """Mean, variance and share above Otsu's threshold of 8 x 8 tiles, shape `(N, 64, 3)`."""
    small: np.ndarray
    """Grey from 0 to 1, shape `(N, 152, 152)`, float32."""


class Eyes:
    """The labelled eyes of a folder; what is not asked for is not read."""

    def __init__(self, folder: Path, label: str) -> None:
        """Read cases and classes.

        Raises:
            UserError: If the folder holds no cases, or not two classes of them.
        """
        from retia.records import read_cases
        from retia.staging.labels import label_of, labelled

        self.folder, self.label = folder, label
        self.cases, self.classes = labelled(read_cases(folder), label)
        self.truth = np.array([self.classes.index(str(label_of(c, label))) for c in self.cases])

    @functools.cached_property
    def graphs(self) -> "list[HeteroData]":
        """Their raw graphs."""
        from retia.staging.data import read_graphs

        cases, graphs = read_graphs(self.folder, self.label)
        return [graphs[c.id] for c in cases]

    @functools.cached_property
    def biomarkers(self) -> np.ndarray:
        """Columns of `biomarkers.csv`, shape `(N, F)`; NaN where one was not measured.

        Raises:
            UserError: If the file or an eye in it is missing.
        """
        import polars as pl

        path = self.folder / "biomarkers.csv"
        if not path.is_file():
            raise UserError(f"{path} does not exist. Expected a folder that `retia graph` wrote.")
        table = pl.read_csv(path, schema_overrides={"case": pl.String})
        ids = pl.DataFrame({"case": [c.id for c in self.cases]})
        if missing := ids.join(table, "case", how="anti")["case"].to_list():
            raise UserError(f"{path} has no row of {missing[0]}. Run `retia graph` again.")
        joined = ids.join(table, "case", how="left", maintain_order="left")
        numbers = joined.select(pl.col(n) for n, t in joined.schema.items() if t.is_numeric())
        return numbers.cast(pl.Float64).to_numpy()

    @functools.cached_property
    def ages(self) -> np.ndarray:
        """Years, shape `(N, 1)`; NaN where unknown."""
        return np.array([[np.nan if c.age is None else c.age] for c in self.cases])

    @functools.cached_property
    def pictures(self) -> Pictures:
        """What the pixels say."""
        looked = [look(self.folder, case) for case in self.cases]
        statistics, tiles, small = (np.stack(part) for part in zip(*looked, strict=True))
        return Pictures(statistics, tiles, small)


@functools.lru_cache(maxsize=1)
def read_eyes(folder: Path, label: str) -> Eyes:
    """The eyes of a folder, kept for the next fold in the same process."""
    return Eyes(folder, label)


def look(folder: Path, case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Statistics, tiles and the small picture of one eye; see `Pictures`.

    Raises:
        UserError: If its image cannot be read.
    """
    import cv2

    from retia.images import read_image

    grey = read_image(folder / case.file_name).pixels.astype(np.float32) / 255
    small = cv2.resize(grey, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA)
    return *sum_up(grey), small


def sum_up(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Statistics and tiles of one picture; see `Pictures`.

    Args:
        grey: From 0 to 1, float32, shape `(H, W)`.
    """
    from skimage.filters import threshold_otsu

    # A picture of one grey level has no threshold: nothing in it is bright.
    bright = grey > (threshold_otsu(grey) if grey.min() < grey.max() else 1.0)
    means, squares, shares = (_tiled(v) for v in (grey, grey**2, bright.astype(np.float32)))
    tiles = np.stack([means, squares - means**2, shares], axis=-1).reshape(-1, 3)
    third = slice(len(grey) // 3, -(len(grey) // 3)), slice(len(grey[0]) // 3, -len(grey[0]) // 3)
    down, right = np.gradient(grey)
    mean = float(grey.mean())
    statistics = [
        mean,
        grey.std(),
        *np.quantile(grey, (0.1, 0.9)),
        bright.mean(),
        shares.min(),
        shares.std(),
        grey[third].mean() / max(mean, 1e-6),
        np.hypot(down, right).mean(),
    ]
    return np.array(statistics, dtype=float), tiles


def _tiled(values: np.ndarray) -> np.ndarray:
    """Means over 8 x 8 tiles of nearly equal size, shape `(8, 8)`."""
    edges = [np.linspace(0, n, TILES + 1).astype(int) for n in values.shape]
    sums = np.add.reduceat(np.add.reduceat(values, edges[0][:-1], axis=0), edges[1][:-1], axis=1)
    return sums / np.outer(np.diff(edges[0]), np.diff(edges[1]))
