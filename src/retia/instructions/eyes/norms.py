"""Where the measures of an eye lie among healthy eyes, as measures of their own.

The percentile of the FAZ area comes from published norms, not from the eyes at hand: the same eye
is told in the same words whatever it is written with, and simulated eyes are grown to those norms.
For vessel density no such norm fits, because it depends on device, field and how vessels are drawn:
there the healthy eyes of the training split are the reference, if there are enough. For graphs
seen in images `retia graph reference` measures both; its folder then takes the place of the norms.
"""

import bisect
import functools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from retia.records import Case, Measure
from retia.records.case import Source

if TYPE_CHECKING:
    from retia.graphs.reference import HealthyReference

FAZ_AREA_MM2 = (0.27, 0.08)
"""Mean and standard deviation in healthy eyes; the taxonomy's thresholds rest on the same."""
FEWEST_EYES = 20
"""With fewer healthy eyes in the training split nothing is said about vessel density."""
PERCENTILE_OF = {
    "faz_area_mm2": "faz_area_percentile",
    "vessel_density": "vessel_density_percentile",
}


@dataclass(frozen=True)
class Norms:
    """What is usual: sorted vessel densities of healthy eyes, and a healthy reference if given."""

    densities: Sequence[float] = field(default=())
    reference: Path | None = None
    """Folder of `retia graph reference`."""

    def percentiles(self, case: Case) -> dict[str, float]:
        """Per measure the share of healthy eyes below it, in [0, 1], as far as norms know."""
        found = {}
        area, density = case.measure("faz_area_mm2"), case.measure("vessel_density")
        if area is not None:
            found["faz_area_mm2"] = self._faz(area)
        if density is not None and len(self.densities) >= FEWEST_EYES:
            below = bisect.bisect_left(self.densities, density)
            same = bisect.bisect_right(self.densities, density) - below
            found["vessel_density"] = (below + same / 2) / len(self.densities)
        return found

    def _faz(self, area_mm2: float) -> float:
        if self.reference is None:
            return statistics.NormalDist(*FAZ_AREA_MM2).cdf(area_mm2)
        import numpy as np

        found = read_reference(self.reference).percentile("faz", "area_mm2", np.array([area_mm2]))
        return float(found[0])


@functools.cache
def read_reference(folder: Path) -> "HealthyReference":
    """Read the healthy reference of a folder, once.

    Raises:
        UserError: If it is not there.
    """
    from retia.graphs.reference import HealthyReference

    return HealthyReference(folder)


def is_usual(case: Case) -> bool:
    """Whether an eye tells what is usual: healthy, and none that is held out."""
    return case.stage == "healthy" and case.split in (None, "train")


def with_percentiles(case: Case, norms: Norms) -> Case:
    """The case with the percentile of each measure, in [0, 1], as a further measure."""
    known = {m.name for m in case.measures}
    sources: dict[str, Source] = {m.name: m.source for m in case.measures}
    new = tuple(
        Measure(name=PERCENTILE_OF[name], value=round(share, 4), source=sources[name])
        for name, share in norms.percentiles(case).items()
        if PERCENTILE_OF[name] not in known
    )
    return replace(case, measures=case.measures + new)


def usual_band(share: float, bands: Iterable[float]) -> float:
    """The upper bound of the band that a share of healthy eyes lies in."""
    return next(bound for bound in bands if share <= bound)
