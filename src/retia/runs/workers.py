"""The same function over many items, in this process, in worker processes, or on a Ray cluster."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, Literal

from retia.errors import UserError

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def run_all(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    workers: int,
    engine: Literal["local", "ray"],
) -> Iterator[Any]:
    """Yield `function(item)` for every item, in the order in which they get done.

    Args:
        function: Importable by name (workers are fresh processes).
        items: What it is called with, one at a time.
        workers: Processes; 1 stays in this process.
        engine: `local` or `ray`.

    Raises:
        UserError: If workers is below 1, or Ray is asked for and not installed.
    """
    if workers < 1:
        raise UserError(f"workers is {workers}. Expected 1 or more.")
    if engine == "ray":
        yield from _on_ray(function, items)
    elif workers == 1 or len(items) < 2:
        yield from map(function, items)
    else:
        yield from _in_processes(function, items, workers)


def _in_processes(
    function: Callable[[Any], Any], items: Sequence[Any], workers: int
) -> Iterator[Any]:
    # Workers are spawned, not forked: polars and torch hold threads that do not survive a fork.
    context = multiprocessing.get_context("spawn")
    saved = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        with ProcessPoolExecutor(workers, mp_context=context, initializer=single_thread) as pool:
            futures = [pool.submit(function, item) for item in items]
            try:
                for future in as_completed(futures):
                    yield future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def single_thread() -> None:
    """One thread a process: more of them fight over the same cores (measured twice as slow)."""
    import sys

    import cv2

    cv2.setNumThreads(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _on_ray(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
    try:
        import ray
    except ImportError:
        raise UserError(
            'engine is "ray", which is not installed. Run `pip install "retia[cluster]"`, '
            "or use --engine local."
        ) from None
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    remote = ray.remote(num_cpus=1)(function)
    waiting = [remote.remote(item) for item in items]
    while waiting:
        done, waiting = ray.wait(waiting)
        yield from ray.get(done)
