"""Every edited image of a probe, made once and shared by all metrics.

In:  a probe.
Out: `Edits`: pictures by name.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from retia.counterfactuals import (
    FILLS,
    Fill,
    add_noise,
    doses,
    foreground,
    keep_only,
    mask_at,
    matched_places,
    remove,
)
from retia.evaluation.faithfulness.probes import Probe
from retia.runs import item_seed
from retia.students.pictures import shown_picture

TWIN, OTHER_TWIN = "twin", "other twin"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An image without something, and as many without random counterparts."""

    removed: np.ndarray
    random: tuple[np.ndarray, ...]


@dataclass(frozen=True, kw_only=True)
class EditedImages:
    """All images of a probe."""

    original: np.ndarray
    again: np.ndarray
    """A copy: scorers may keep what they know of an image."""
    noise: np.ndarray
    fills: dict[str, Pair]
    kept: Pair | None
    doses: dict[float, Pair]
    asked: str
    """The fill under which the model is asked again."""

    def scored(self) -> Iterator[np.ndarray]:
        """All images, each once."""
        pairs = [*self.fills.values(), *self.doses.values(), *([self.kept] if self.kept else [])]
        every = (image for pair in pairs for image in (pair.removed, *pair.random))
        images = {id(i): i for i in (self.original, self.again, self.noise, *every)}
        yield from images.values()

    def to_ask(self, floor: bool) -> dict[str, np.ndarray]:
        """The images that the model is asked about again.

        Args:
            floor: Whether to ask about the image itself too, as it is and under noise.
        """
        pair = self.fills[self.asked]
        asked = {"removed": pair.removed, "random": pair.random[0]}
        return ({"again": self.again, "noise": self.noise} if floor else {}) | asked


def fill_seed(probe: Probe, seed: int) -> int:
    """The seed of all that is random about a probe."""
    return item_seed(seed, probe.key) % 2**31


def removed_picture(probe: Probe, way: str, seed: int) -> np.ndarray:
    """The image without the region, as the model was shown it.

    Args:
        probe: The answer and its region.
        way: A fill, or `twin`.
        seed: From `fill_seed`.
    """
    twin = probe.region.twin
    if way == TWIN and twin is not None:
        return shown_picture(twin.image, probe.item.case.modality)
    fills: dict[str, Fill] = {known: known for known in FILLS}
    return remove(probe.image, probe.region.mask, fills[way], seed)


def edit(
    probe: Probe,
    image: np.ndarray,
    *,
    fills: Sequence[Fill],
    main: Fill,
    regions: int,
    control_regions: int,
    shares: Sequence[float],
    seed: int,
) -> EditedImages | None:
    """Make all images of a probe.

    Where only the findings of one kind are removed, that is done by the twin, or else by the main
    fill alone; there are no doses then.

    Args:
        probe: The answer and its region.
        image: Of its case, uint8.
        fills: Ways to remove.
        main: The one for doses and for asking again.
        regions: Random regions.
        control_regions: Of those, how many are used for doses and for keeping only one.
        shares: Doses below 1.
        seed: With the probe's key the seed of all that is random.

    Returns:
        None where there is no room for random regions.
    """
    region = probe.region
    own = fill_seed(probe, seed)
    shown = foreground(image)
    places = matched_places(image, region.mask, regions, own, shown)
    if not places:
        return None
    size = (image.shape[0], image.shape[1])
    masks = [mask_at(place, size) for place in places]

    def removed(mask: np.ndarray, fill: Fill, number: int) -> np.ndarray:
        return remove(image, mask, fill, own + number, shown)

    def pair(fill: Fill, mask: np.ndarray, others: Sequence[np.ndarray]) -> Pair:
        random = (removed(other, fill, 1 + i) for i, other in enumerate(others))
        return Pair(removed=removed(mask, fill, 0), random=tuple(random))

    whole = region.scope == "answer"
    found: dict[str, Pair] = _twin_pairs(
        probe, image, lambda: tuple(removed(m, "transplant", 1 + i) for i, m in enumerate(masks))
    )
    if whole or TWIN not in found:
        found |= {fill: pair(fill, region.mask, masks) for fill in (fills if whole else (main,))}
    kept, dosed = None, {}
    if whole:
        few = masks[:control_regions]
        kept = Pair(
            removed=keep_only(image, region.mask, shown),
            random=tuple(keep_only(image, mask, shown) for mask in few),
        )
        pixels = np.argwhere(region.mask)
        for share, part in zip(shares, doses(region.mask, shares), strict=True):
            others = [mask_at(place[part], size) for place in places[:control_regions]]
            dosed[share] = pair(main, mask_at(pixels[part], size), others)
    return EditedImages(
        original=image,
        again=image.copy(),
        noise=add_noise(image, own),
        fills=found,
        kept=kept,
        doses=dosed,
        asked=main if whole else next(iter(found)),
    )


def _twin_pairs(
    probe: Probe, image: np.ndarray, tissue: Callable[[], tuple[np.ndarray, ...]]
) -> dict[str, Pair]:
    """The twin against transplanted tissue, and against the twin that lacks another finding."""
    twin, other = probe.region.twin, probe.region.other
    if twin is None:
        return {}
    modality = probe.item.case.modality
    without = shown_picture(twin.image, modality)
    # Drawn anew, or cut, the image is no longer the one that the twin was made of.
    if without.shape != image.shape or (without != image)[~probe.region.mask].any():
        return {}
    found = {TWIN: Pair(removed=without, random=tissue())}
    if other is not None:
        found[OTHER_TWIN] = Pair(removed=without, random=(shown_picture(other.image, modality),))
    return found
