"""Random places for a region that may consist of many parts, such as all lesions of an eye.

In:  an image and a region of it.
Out: for every pixel of the region, where it goes; and nested smaller doses of the region.

A place lists its pixels in the order of the region's own, so that a part of the region has its
counterpart in every place.
"""

from collections.abc import Sequence

import numpy as np

from retia.counterfactuals.regions import INSIDE_SHARE, foreground, random_regions

TRIES = 256
"""Places tried for each part."""
AT_ONCE = 32
RESTARTS = 3
"""How often the whole is begun anew when a part found no room."""


def matched_places(
    image: np.ndarray, mask: np.ndarray, count: int, seed: int, shown: np.ndarray | None = None
) -> list[np.ndarray]:
    """Draw places of equal area and shape, apart from the region, inside the foreground.

    The region moves as a whole where there are places enough (`random_regions`); otherwise each of
    its connected parts moves on its own, and none overlaps the region or another part.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        mask: The region; bool, shape `(H, W)`.
        count: How many.
        seed: The same seed draws the same places.
        shown: The foreground of the image where it is known already.

    Returns:
        Each of shape `(pixels, 2)`: row and column of every pixel, in the order of
        `np.argwhere(mask)`. All `count` of them, or none where there is no room.
    """
    shown = foreground(image) if shown is None else shown
    whole = random_regions(image, mask, count, seed, shown)
    # The bounding box of scattered parts may lie inside where a part does not.
    if len(whole) == count and all(shown[region].mean() >= INSIDE_SHARE for region in whole):
        return [np.argwhere(region) for region in whole]
    if 2 * mask.sum() > shown.sum():
        return []
    own, parts = np.argwhere(mask), _parts(mask)
    rng = np.random.default_rng(seed)
    places: list[np.ndarray] = []
    for _ in range(count):
        place = _scattered(own, parts, shown, mask, rng)
        if place is None:
            return []
        places.append(place)
    return places


def mask_at(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The mask of a place (or of a part of one): bool, shape `size`."""
    mask = np.zeros(size, bool)
    mask[tuple(pixels.T)] = True
    return mask


def doses(mask: np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
    """Nested parts of a region that keep its shape: from the middle of each part outwards.

    Args:
        mask: The region; bool, shape `(H, W)`.
        shares: Of its area, in (0, 1].

    Returns:
        For each share the numbers of the pixels, in the order of `np.argwhere(mask)`.
    """
    from scipy import ndimage

    # A border of nothing: a region at the edge of the image shrinks from there as well.
    depth = np.asarray(ndimage.distance_transform_edt(np.pad(mask, 1)))[1:-1, 1:-1][mask]
    middle = np.zeros(len(depth))
    pixels = np.argwhere(mask)
    for part in _parts(mask):
        depth[part] /= depth[part].max()
        apart = pixels[part] - pixels[part].mean(axis=0)
        middle[part] = np.hypot(*apart.T)
    order = np.lexsort((middle, -depth))
    return [np.sort(order[: max(1, round(share * len(order)))]) for share in shares]


def _parts(mask: np.ndarray) -> list[np.ndarray]:
    """Connected parts, largest first: the numbers of their pixels in `np.argwhere(mask)`."""
    from scipy import ndimage

    labels, count = ndimage.label(mask, np.ones((3, 3)))  # type: ignore[misc]
    own = labels[mask]
    return sorted((np.flatnonzero(own == n + 1) for n in range(count)), key=len, reverse=True)


def _scattered(
    own: np.ndarray,
    parts: list[np.ndarray],
    shown: np.ndarray,
    mask: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """One place for every part; None where a part finds no room."""
    for _ in range(RESTARTS):
        taken, place = mask.copy(), np.empty_like(own)
        for part in parts:
            moved = _moved(own[part], shown, taken, rng)
            if moved is None:
                break
            place[part] = moved
            taken[tuple(moved.T)] = True
        else:
            return place
    return None


def _moved(
    pixels: np.ndarray, shown: np.ndarray, taken: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    """The part at a random free place."""
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    for _ in range(TRIES // AT_ONCE):
        shifts = rng.integers(-low, np.array(shown.shape) - high, size=(AT_ONCE, 2))
        at = pixels[None] + shifts[:, None]
        rows, columns = at[..., 0], at[..., 1]
        free = ~taken[rows, columns].any(axis=1)
        free &= shown[rows, columns].mean(axis=1) >= INSIDE_SHARE
        if free.any():
            return at[np.argmax(free)]
    return None
