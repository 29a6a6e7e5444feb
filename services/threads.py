"""Shares work among threads that each keep scratch of their own; compiled code runs at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def core_count() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share(parts: Sequence[Any], worker: Callable[[], Callable[[Any], None]]) -> None:
    """Give every part to the next free thread; `worker` makes what a thread calls with each.

    The first error ends the thread that met it and is raised when the others are done.
    """
    threads = min(core_count(), len(parts))
    waiting = iter(parts)  # the iterator of a list hands each part to one thread only

    def run() -> None:
        work = worker()
        for part in waiting:
            work(part)

    if threads <= 1:
        run()
        return
    with ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(run) for _ in range(threads - 1)]
        run()
        for other in others:
            other.result()


def slices(start: int, stop: int, parts: int) -> list[tuple[int, int]]:
    """Cut a span into at most that many pieces of nearly the same length."""
    parts = max(1, min(parts, stop - start))
    edges = [start + (stop - start) * k // parts for k in range(parts + 1)]
    return list(zip(edges[:-1], edges[1:], strict=True))
