"""Rows of figures to markdown and JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Row:
    """One method on one image."""

    task: str
    method: str
    id: str
    figures: dict[str, float]
    cpu_s: float
    """CPU seconds an image, the mean over the images of the task."""


def print_means(rows: list[Row]) -> None:
    """One table a task: a line for each method with its means over the images."""
    for task, members in _by(rows, "task"):
        names = list(members[0].figures)
        _print_head(task, ["method", *names, "CPU s"])
        for method, own in _by(members, "method"):
            means = [np.mean([row.figures[name] for row in own]) for name in names]
            _print_row([method, *(f"{m:.3f}" for m in means), f"{own[0].cpu_s:.3f}"])


def print_eyes(rows: list[Row]) -> None:
    """One table a task: a line for each image with each method's figures, then their means.

    Signed figures are averaged by size: errors of two eyes must not cancel.
    """
    for task, members in _by(rows, "task"):
        names = list(members[0].figures)
        methods = list(dict.fromkeys(row.method for row in members))
        _print_head(f"{task} ({' / '.join(names)})", ["eye", *methods])
        for id, own in _by(members, "id"):
            _print_row([id, *(" / ".join(_shown(n, row.figures[n]) for n in names) for row in own)])
        means = []
        for _, own in _by(members, "method"):
            sizes = [np.mean([abs(row.figures[name]) for row in own]) for name in names]
            means.append(" / ".join(f"{size:.3f}" for size in sizes))
        _print_row(["**mean**", *(f"**{mean}**" for mean in means)])
        _print_row(["CPU s", *(f"{own[0].cpu_s:.3f}" for _, own in _by(members, "method"))])


def write(rows: list[Row], out: Path) -> None:
    """Write every row to `results.json`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def _by(rows: list[Row], field: str) -> Iterable[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(getattr(row, field), []).append(row)
    return groups.items()


def _shown(name: str, value: float) -> str:
    return f"{value:+.0%}" if "error" in name else f"{value:.3f}"


def _print_head(title: str, columns: list[str]) -> None:
    print(f"\n### {title[0].upper()}{title[1:]}\n")
    _print_row(columns)
    _print_row(["---"] * len(columns))


def _print_row(cells: list[str]) -> None:
    print(f"| {' | '.join(cells)} |")
