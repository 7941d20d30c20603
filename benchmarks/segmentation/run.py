"""All tables of segmentation, in one run."""

from pathlib import Path

from benchmarks.segmentation import data as sets
from benchmarks.segmentation.faz import faz
from benchmarks.segmentation.results import Row, print_eyes, print_means, write
from benchmarks.segmentation.vessels import all_vessels, large_vessels, real_vessels

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def main(
    data: Path = DATA,
    out: Path | None = None,
    model: Path | None = None,
    large_model: Path | None = None,
    faz_folds: tuple[Path, ...] = (),
) -> None:
    """Print the tables of segmentation as markdown.

    Args:
        data: Folder that holds the data sets.
        out: Folder for `results.json`; nothing is written when left out.
        model: Weights of the network; the shipped ones when left out.
        large_model: Network trained on large vessels of OCTA-500, see the package's docstring.
        faz_folds: Two networks that learned from one half each of the eyes of OCTA-25K.
    """
    rows: list[Row] = []
    filters = []
    if _there(data, sets.GAN_PAIRS):
        found, filters = all_vessels(data, model)
        print_means(found)
        rows += found
    if _there(data, sets.FULL_LABELS):
        found = real_vessels(data, model, filters)
        print_eyes(found)
        rows += found
    if _there(data, sets.LARGE_VESSELS):
        found = large_vessels(data, model, large_model)
        print_means(found)
        rows += found
    if _there(data, sets.FULL_LABELS) and _there(data, sets.OCTA_25K):
        found = faz(data, model, faz_folds)
        print_eyes(found)
        rows += found
    if out is not None:
        write(rows, out)


def _there(data: Path, name: str) -> bool:
    if (data / name).is_dir():
        return True
    print(f"\nleft out: {name} is not in {data}")
    return False
