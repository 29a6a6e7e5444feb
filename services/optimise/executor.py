"""What carries chunks of work to where they are computed, and the one that computes here."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from services.progress import Progress, Report, silent

Task = Callable[[Any], Any]


class Executor(Protocol):
    """Where chunks are computed."""

    def map(self, task: Task, chunks: Iterable[Any], report: Report = silent) -> Iterator[Any]:
        """Give task(chunk) for each chunk, in the order of the chunks.

        A task is pure, as a chunk may be computed twice; it and the chunks can be pickled.
        Reports count chunks (total 0 when `chunks` has no length) and come also while one is
        waited for; what they raise ends the work.
        """


def kept_open(executor: Executor | None) -> AbstractContextManager[None]:
    """Keep what an executor connects to for all maps within, where it can keep it."""
    keep = getattr(executor, "kept", None)
    return nullcontext() if keep is None else keep()


class LocalExecutor:
    """Computes in this process, one chunk after the other: compiled work has threads of its own."""

    def map(self, task: Task, chunks: Iterable[Any], report: Report = silent) -> Iterator[Any]:
        """Give task(chunk) for each chunk, in the order of the chunks."""
        total = count_of(chunks)
        for done, chunk in enumerate(chunks):
            report(Progress(done, total, "computing"))
            yield task(chunk)


def count_of(chunks: Iterable[Any]) -> int:
    """Return how many chunks there are, 0 when that is not known before they are made."""
    return len(chunks) if hasattr(chunks, "__len__") else 0


def local_executor() -> Executor:
    """Return the executor that computes in this process."""
    return LocalExecutor()
