"""One-pixel-wide lines to ordered chains of pixels between their nodes.

Two centre-line pixels are neighbours when they share a side, or when they share a corner and no
third centre-line pixel links them. Pixels with three or more neighbours are junction pixels;
those that touch are one junction.
"""

import numba
import numpy as np


def trace(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Trace one-pixel-wide lines.

    Args:
        lines: uint8 `(H + 2, W + 2)`, 1 on lines, padded with one pixel of 0.

    Returns:
        `points`, `starts`, `ends` as in `Skeleton`, without the padding, and `free` bool
        `(S, 2)`: whether that end is a free end.
    """
    width = lines.shape[1]
    flat, starts, ends, free = _trace(np.ascontiguousarray(lines).ravel(), width)
    rows, cols = np.divmod(flat, width)
    points = np.stack([rows - 1, cols - 1], axis=1).astype(np.int32)
    return points, starts, ends, free


@numba.njit(cache=True)
def _neighbours(lines: np.ndarray, at: int | np.integer, width: int, found: np.ndarray) -> int:
    """Write the neighbours of a pixel into `found` and return their number."""
    count = 0
    up, down = lines[at - width] != 0, lines[at + width] != 0
    left, right = lines[at - 1] != 0, lines[at + 1] != 0
    if up:
        found[count] = at - width
        count += 1
    if left:
        found[count] = at - 1
        count += 1
    if right:
        found[count] = at + 1
        count += 1
    if down:
        found[count] = at + width
        count += 1
    if not up and not left and lines[at - width - 1]:
        found[count] = at - width - 1
        count += 1
    if not up and not right and lines[at - width + 1]:
        found[count] = at - width + 1
        count += 1
    if not down and not left and lines[at + width - 1]:
        found[count] = at + width - 1
        count += 1
    if not down and not right and lines[at + width + 1]:
        found[count] = at + width + 1
        count += 1
    return count


@numba.njit(cache=True)
def _label_nodes(
    pixels: np.ndarray, degree: np.ndarray, lines: np.ndarray, width: int
) -> np.ndarray:
    """Number the nodes: touching junction pixels share one, ends and dots have their own."""
    node = np.full(lines.size, -1, np.int32)
    found, stack = np.empty(8, np.int64), np.empty(pixels.size + 1, np.int64)
    count = 0
    for at in pixels:
        if degree[at] == 2 or node[at] >= 0:
            continue
        node[at] = count
        if degree[at] > 2:
            stack[0], top = at, 1
            while top:
                top -= 1
                here = stack[top]
                for k in range(_neighbours(lines, here, width, found)):
                    near = found[k]
                    if degree[near] > 2 and node[near] < 0:
                        node[near] = count
                        stack[top] = near
                        top += 1
        count += 1
    return node


@numba.njit(cache=True)
def _trace(lines: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    pixels = np.flatnonzero(lines)
    found, around = np.empty(8, np.int64), np.empty(8, np.int64)
    degree = np.zeros(lines.size, np.uint8)
    for at in pixels:
        degree[at] = _neighbours(lines, at, width, found)
    node = _label_nodes(pixels, degree, lines, width)
    seen = np.zeros(lines.size, np.bool_)
    # Every pixel off the nodes is walked once, every node pixel at most once a neighbour.
    chain = np.empty(9 * pixels.size + 1, np.int64)
    starts = np.zeros(4 * pixels.size + 2, np.int64)
    ends = np.zeros((4 * pixels.size + 1, 2), np.int32)
    free = np.zeros((4 * pixels.size + 1, 2), np.bool_)
    size, count = 0, 0
    for at in pixels:
        if degree[at] == 2:
            continue
        if degree[at] == 0:
            chain[size] = at
            size += 1
            ends[count] = node[at]
            free[count] = True
            count += 1
            starts[count] = size
            continue
        for k in range(_neighbours(lines, at, width, around)):
            here, before = around[k], at
            if seen[here] or (degree[here] != 2 and (node[here] == node[at] or here < at)):
                continue
            chain[size] = at
            size += 1
            while degree[here] == 2:
                chain[size] = here
                size += 1
                seen[here] = True
                _neighbours(lines, here, width, found)
                after = found[0] if found[0] != before else found[1]
                before, here = here, after
            chain[size] = here
            size += 1
            ends[count, 0], ends[count, 1] = node[at], node[here]
            free[count, 0], free[count, 1] = degree[at] == 1, degree[here] == 1
            count += 1
            starts[count] = size
    closed = node.max() + 1 if node.size else 0
    for at in pixels:
        if degree[at] != 2 or seen[at]:
            continue
        here, before = at, -1
        while not seen[here]:
            chain[size] = here
            size += 1
            seen[here] = True
            _neighbours(lines, here, width, found)
            after = found[0] if found[0] != before else found[1]
            before, here = here, after
        chain[size] = at
        size += 1
        ends[count] = closed
        closed += 1
        count += 1
        starts[count] = size
    return chain[:size].copy(), starts[: count + 1].copy(), ends[:count].copy(), free[:count].copy()
