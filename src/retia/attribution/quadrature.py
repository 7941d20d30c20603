"""Integrals of gradients along a straight path, refined where they are wrong.

Sundararajan et al. 2017 (arXiv 1703.01365): the attribution of input `i` is
`(x_i - b_i) * integral over a in (0, 1) of dF(b + a (x - b)) / dx_i`. All of them add up to
`F(x) - F(b)`, and those of a part of the path to the difference of `F` at its ends: every part
knows its own error. `F` is piecewise smooth, with a few large kinks (a maximum goes over to another
node) that fall into one part or another. So each part is done with a few Gauss-Legendre points, and
the worst part is halved until the sum over all is good enough.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from retia.records.attribution import Completeness

Inputs = dict[str, torch.Tensor]
Output = Callable[[Inputs, int], torch.Tensor]
"""Takes `C` copies of the inputs, each tensor `(C, ...)`, and `C`; returns `(C,)`."""

PARTS, POINTS = 2, 5
"""Parts to begin with, and points in each: the cheapest of those tried (14 eyes, 18 points on
average; 27 when all points are doubled until they are enough)."""


@dataclass(frozen=True)
class Accuracy:
    """When a path is integrated well enough."""

    share: float = 0.01
    """The sum may miss this share of the output difference,"""
    floor: float = 0.002
    """or this much of a logit, where the output hardly differs."""
    most: int = 120
    """Points after which refining ends, whatever the error."""


@dataclass(frozen=True)
class Part:
    """A stretch of the path, with what was integrated over it."""

    low: float
    high: float
    output_low: float
    output_high: float
    values: dict[str, np.ndarray]
    """Integrals of the gradients times the step, of the shapes of the inputs."""

    @property
    def gap(self) -> float:
        """How far the values miss the difference of the output."""
        return sum(float(v.sum()) for v in self.values.values()) - (
            self.output_high - self.output_low
        )


def integrate(
    output: Output, start: Inputs, end: Inputs, copies: int, accuracy: Accuracy
) -> tuple[dict[str, np.ndarray], Completeness]:
    """Integrate the gradients of an output from one input to another.

    Args:
        output: What is explained.
        start: Where the path starts, tensors `(...)`.
        end: Where it ends, of the same shapes.
        copies: Points of the path that go through together.
        accuracy: When to stop.

    Returns:
        Attributions of the shapes of the inputs, float64, and how well they add up.
    """
    path = Path(output, start, end, copies)
    edges = np.linspace(0, 1, PARTS + 1).tolist()
    parts = path.measure(edges, path.outputs(edges))
    delta = parts[-1].output_high - parts[0].output_low
    tolerance = max(accuracy.share * abs(delta), accuracy.floor)
    points = PARTS * POINTS
    while abs(sum(p.gap for p in parts)) > tolerance and points + 2 * POINTS <= accuracy.most:
        worst = max(parts, key=lambda p: abs(p.gap))
        parts.remove(worst)
        middle = (worst.low + worst.high) / 2
        outputs = [worst.output_low, *path.outputs([middle]), worst.output_high]
        parts += path.measure([worst.low, middle, worst.high], outputs)
        points += 2 * POINTS
    values = {key: np.sum([p.values[key] for p in parts], axis=0) for key in start}
    return values, Completeness(delta=delta, gap=sum(p.gap for p in parts), points=points)


class Path:
    """A straight path between two inputs of an output."""

    def __init__(self, output: Output, start: Inputs, end: Inputs, copies: int) -> None:
        """Hold the path; see `integrate`."""
        self.output, self.start, self.copies = output, start, copies
        self.step = {key: end[key] - start[key] for key in end}

    def outputs(self, shares: Sequence[float]) -> list[float]:
        """The output at these shares of the path."""
        found = []
        with torch.no_grad():
            for first in range(0, len(shares), self.copies):
                chunk = shares[first : first + self.copies]
                found += self.output(self._inputs(chunk), len(chunk)).tolist()
        return found

    def measure(self, edges: Sequence[float], outputs: Sequence[float]) -> list[Part]:
        """Integrate over the stretches between neighbouring edges.

        Args:
            edges: Shares of the path, rising.
            outputs: The output at each.
        """
        at, weight = np.polynomial.legendre.leggauss(POINTS)
        low, width = np.array(edges[:-1]), np.diff(edges)
        shares = (low[:, None] + width[:, None] * (at + 1) / 2).ravel()
        weights = (width[:, None] * weight / 2).ravel()
        # Row per part: what each point counts in it.
        rows = np.kron(np.eye(len(low)), np.ones(POINTS)) * weights
        total = {key: torch.zeros(len(low), *step.shape) for key, step in self.step.items()}
        for first in range(0, len(shares), self.copies):
            chunk = slice(first, first + self.copies)
            counts = torch.from_numpy(rows[:, chunk]).float()
            for key, gradient in self._gradients(shares[chunk].tolist()).items():
                total[key] += torch.tensordot(counts, gradient, dims=1)
        values = {key: (total[key] * step).double().numpy() for key, step in self.step.items()}
        ends = zip(edges[:-1], edges[1:], outputs[:-1], outputs[1:], strict=True)
        return [Part(*pair, {k: v[n] for k, v in values.items()}) for n, pair in enumerate(ends)]

    def _gradients(self, shares: Sequence[float]) -> Inputs:
        """Gradients of the output at these shares, each tensor `(C, ...)`."""
        inputs = {key: value.requires_grad_() for key, value in self._inputs(shares).items()}
        total = self.output(inputs, len(shares)).sum()
        # Of the inputs only: gradients of the weights would be worked out and thrown away.
        found = torch.autograd.grad(total, list(inputs.values()), allow_unused=True)
        return {key: g for key, g in zip(inputs, found, strict=True) if g is not None}

    def _inputs(self, shares: Sequence[float]) -> Inputs:
        at = torch.tensor(shares, dtype=torch.float32)
        return {
            key: self.start[key] + at.view(-1, *[1] * step.dim()) * step
            for key, step in self.step.items()
        }
