"""How far a loop is, how fast it goes and how long it will take: a bar or a line now and then."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

log = logging.getLogger("retia")

T = TypeVar("T")

EVERY_S = 30.0
"""Where there is no terminal, a line is logged this often."""


def track(
    items: Iterable[T], description: str, total: int | None = None, done: int = 0
) -> Iterator[T]:
    """Yield the items and tell how far the loop is.

    Args:
        items: To be yielded.
        description: What is being done.
        total: How many there are in all; None if nobody knows.
        done: How many of them an earlier run has done.
    """
    if sys.stderr.isatty():
        yield from _with_bar(items, description, total, done)
    else:
        yield from _with_lines(items, description, total, done)


def _with_bar(items: Iterable[T], description: str, total: int | None, done: int) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    start = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=total, completed=done, rate="")
        for number, item in enumerate(items, 1):
            yield item
            rate = number / max(time.monotonic() - start, 1e-9)
            bar.update(task, advance=1, rate=f"{rate:.3g}/s")


def _with_lines(items: Iterable[T], description: str, total: int | None, done: int) -> Iterator[T]:
    start = said = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - said >= EVERY_S:
            said = now
            log.info("%s: %s", description, state(number, now - start, total, done))


def state(number: int, seconds: float, total: int | None, done: int) -> str:
    """Say how far a loop is.

    Args:
        number: Items done in this run.
        seconds: How long that took.
        total: Items in all, those of earlier runs included.
        done: Items of earlier runs.

    Returns:
        Such as `1200 of 100000, 1.31 a second, 20:57:05 left`.
    """
    rate = number / max(seconds, 1e-9)
    if total is None:
        return f"{done + number}, {rate:.3g} a second"
    minutes, second = divmod(round(max(total - done - number, 0) / rate), 60)
    left = f"{minutes // 60}:{minutes % 60:02d}:{second:02d}"
    return f"{done + number} of {total}, {rate:.3g} a second, {left} left"
