"""The same function over many items, in this process, in worker processes, or on a Ray cluster.

Items are drawn from their iterator a few at a time, so that a million of them need no more memory
than ten.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from retia.errors import UserError

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

AHEAD = 3
"""Items handed out for each worker: enough that none waits for the next."""


def run_all(
    function: Callable[[Any], Any],
    items: Iterable[Any],
    workers: int,
    engine: Literal["local", "ray"],
) -> Iterator[Any]:
    """Yield `function(item)` for every item, in the order in which they get done.

    Args:
        function: Importable by name (workers are fresh processes).
        items: What it is called with, one at a time; drawn as workers get free.
        workers: Processes, or tasks that run at once on a Ray cluster; 1 process is this one.
        engine: `local` or `ray`.

    Raises:
        UserError: If workers is below 1, a worker was killed, or Ray is asked for and not
            installed or not to be reached.
    """
    if workers < 1:
        raise UserError(f"workers is {workers}. Expected 1 or more.")
    if engine == "ray":
        from retia.runs.cluster import on_ray

        yield from on_ray(function, items, workers)
    elif workers == 1:
        yield from map(function, items)
    else:
        yield from _in_processes(function, items, workers)


def windowed(
    submit: Callable[[Any], Any],
    wait: Callable[[Any], tuple[list[Any], Any]],
    items: Iterable[Any],
    size: int,
) -> Iterator[Any]:
    """Keep `size` items under way and yield results as they come.

    Args:
        submit: Hands one item out and returns a token.
        wait: Given tokens, returns the results of those that are done (at least one) and the rest.
        items: To hand out.
        size: How many are under way at once.
    """
    waiting: Any = []
    for item in items:
        waiting = [*waiting, submit(item)]
        if len(waiting) >= size:
            results, waiting = wait(waiting)
            yield from results
    while waiting:
        results, waiting = wait(waiting)
        yield from results


def _in_processes(
    function: Callable[[Any], Any], items: Iterable[Any], workers: int
) -> Iterator[Any]:
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    def first(waiting: list[Future[Any]]) -> tuple[list[Any], list[Future[Any]]]:
        done, rest = wait(waiting, return_when=FIRST_COMPLETED)
        return [future.result() for future in done], list(rest)

    # Workers are spawned, not forked: polars and torch hold threads that do not survive a fork.
    context = multiprocessing.get_context("spawn")
    saved = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
            try:
                submit = lambda item: pool.submit(function, item)  # noqa: E731
                yield from windowed(submit, first, items, workers * AHEAD)
            except BrokenProcessPool:
                raise UserError(
                    "A worker process was killed, most often because memory ran out. What is "
                    "finished is kept: the same command goes on; fewer --workers need less memory."
                ) from None
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _begin() -> None:
    """What a worker process does first."""
    import threading

    single_thread()
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this process when its parent is killed; else it would wait for work for ever."""
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def single_thread() -> None:
    """One thread a process: more of them fight over the same cores (measured twice as slow)."""
    import sys

    import cv2

    cv2.setNumThreads(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
