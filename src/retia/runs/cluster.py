"""Work on a Ray cluster: the one named by `RAY_ADDRESS`, or one of this machine's own."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from retia.errors import UserError
from retia.runs.workers import AHEAD, single_thread, windowed


def on_ray(function: Callable[[Any], Any], items: Iterable[Any], workers: int) -> Iterator[Any]:
    """Yield `function(item)` for every item, in the order in which they get done.

    Never more than a few items per worker are handed to the cluster at once.

    Args:
        function: Importable on every machine of the cluster.
        items: What it is called with.
        workers: Tasks that run at once.

    Raises:
        UserError: If Ray is not installed, or no cluster answers.
    """
    try:
        import ray
        from ray.exceptions import RayTaskError
    except ImportError:
        raise UserError(
            'engine is "ray", which is not installed. Run `pip install "retia[cluster]"`, '
            "or use --engine local."
        ) from None
    ours = not ray.is_initialized()
    if ours:
        _connect(workers)

    def task(item: Any) -> Any:
        single_thread()
        return function(item)

    def first(waiting: list[Any]) -> tuple[list[Any], list[Any]]:
        done, rest = ray.wait(waiting)
        try:
            return ray.get(done), rest
        except RayTaskError as error:
            # The error itself, as any other engine would raise it.
            raise error.cause from None

    remote = ray.remote(num_cpus=1)(task)
    # A cluster of many machines runs all it is given: what is under way is what runs at once.
    shared = bool(os.environ.get("RAY_ADDRESS")) or not ours
    size = workers if shared else workers * AHEAD
    try:
        yield from windowed(remote.remote, first, items, size)
    finally:
        if ours:
            ray.shutdown()


def _connect(workers: int) -> None:
    import logging

    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told what runs here
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    address = os.environ.get("RAY_ADDRESS")
    if not address:
        ray.init(num_cpus=workers, include_dashboard=False, **quiet)
        return
    try:
        _knock(address)
        ray.init(**quiet)
    except (OSError, ValueError, RuntimeError) as error:
        said = " ".join(str(error).split())[:200]
        raise UserError(
            f"RAY_ADDRESS is {address!r}, and no Ray cluster answers there ({said}). "
            "Expected the address of a running cluster, or none for one of this machine's own."
        ) from None


def _knock(address: str) -> None:
    """See whether anybody answers: Ray itself would try for many minutes."""
    import socket

    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()
