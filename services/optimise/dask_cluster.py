"""The one room that knows Dask: chunks on a cluster, whose workers may die in the middle."""

import asyncio
import concurrent.futures
import logging
import re
import socket
import time
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from services.errors import ClusterUnavailable, InvalidParams
from services.optimise.executor import Task, count_of
from services.progress import Progress, Report, silent
from services.runs.fingerprint import versions

ANSWER_SECONDS = 3.0  # for the scheduler to greet
PATIENCE_SECONDS = 10.0  # with a cluster that has no worker, as one may be starting again
_LOOK_SECONDS = 0.2  # between two reports
_COUNT_SECONDS = 1.0  # between two questions after the workers
_AHEAD = 2  # chunks a worker's thread: one under way, one at hand
_FETCH_SECONDS = 5.0  # for a result to come; it may have to be computed again
_PORT = 8786
_SCHEMES = ("tcp", "tls", "ws", "wss")


class DaskExecutor:
    """Computes on the workers of a Dask cluster.

    The scheduler gives the chunks of a worker that died to the others. Raises InvalidParams for
    an address that is none, ClusterUnavailable when the scheduler does not answer, is gone, or
    has no workers.
    """

    def __init__(self, address: str):
        self._address = address
        self._client: Any = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Connect once for all maps within; the connection ends with them, also on an error."""
        with _connected(self._address) as client:
            self._client = client
            try:
                yield
            finally:
                self._client = None

    def map(self, task: Task, chunks: Iterable[Any], report: Report = silent) -> Iterator[Any]:
        """Give task(chunk) for each chunk, in the order of the chunks."""
        known = nullcontext(self._client) if self._client else _connected(self._address)
        with known as client:
            carrier = _Carrier(client, self._address, count_of(chunks), report)
            yield from carrier.results(task, chunks)


class _Carrier:
    """One task's way through a cluster: a few chunks ahead of the one that is waited for."""

    def __init__(self, client: Any, address: str, total: int, report: Report):
        self._client, self._address, self._report = client, address, report
        self._done, self._total = 0, total
        self._threads, self._counted_at = 0, float("-inf")
        self._alone_since: float | None = None

    def results(self, task: Task, chunks: Iterable[Any]) -> Iterator[Any]:
        """Give the result of each chunk."""
        # Computed there and not sent there: should its holder die, the scheduler makes it again.
        shared = self._submitted(_unchanged, task)
        coming, sent = iter(chunks), deque()
        while True:
            self._count_workers()
            room = max(_AHEAD * self._threads, 1) - len(sent)
            for chunk in islice(coming, max(room, 0)):
                sent.append(self._submitted(_apply, shared, versions(), chunk))
            if not sent:
                return
            yield self._awaited(sent.popleft())
            self._done += 1

    def _submitted(self, function: Task, *args: Any) -> Any:
        with _answering(self._address):
            return self._client.submit(function, *args, pure=False)

    def _awaited(self, future: Any) -> Any:
        from distributed import wait

        while True:
            self._report(Progress(self._done, self._total, "computing on the cluster"))
            self._count_workers()
            with suppress(TimeoutError), _answering(self._address), self._client.as_current():
                wait([future], timeout=_LOOK_SECONDS)
                if future.status != "error":
                    return future.result(timeout=_FETCH_SECONDS)
            if future.status == "error":
                raise _told(future.exception())

    def _count_workers(self) -> None:
        now = time.monotonic()
        if self._client.status != "running":
            raise _gone(self._address)
        if now - self._counted_at < _COUNT_SECONDS:
            return
        with _answering(self._address):
            self._threads = sum(self._client.nthreads().values())
        self._counted_at = now
        self._alone_since = None if self._threads else self._alone_since or now
        if self._alone_since and now - self._alone_since > PATIENCE_SECONDS:
            shown = _shown(self._address)
            raise ClusterUnavailable(
                f"The Dask cluster at {shown} has no workers: start one with: dask worker {shown}"
            )


def _unchanged(task: Task) -> Task:
    return task


def _apply(task: Task, expected: dict[str, str], chunk: Any) -> Any:
    """Compute a chunk, on a worker whose numbers are sure to be ours."""
    for name, version in versions().items():
        if version != expected[name]:
            raise ClusterUnavailable(
                f"A worker of the cluster has {name} {version} where {expected[name]} is wanted: "
                "install the same versions there, so that its numbers are the same."
            )
    return task(chunk)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    with _answering(address, TimeoutError):
        _check_reachable(address)
        client = _client(address)
    try:
        yield client
    finally:
        with suppress(Exception):  # what ended the work is told, not how the farewell went
            client.close(timeout=1)


def _client(address: str) -> Any:
    import dask
    from distributed import Client

    # Else a question that meets the end of the scheduler would wait half a minute.
    dask.config.set({"distributed.comm.timeouts.connect": f"{ANSWER_SECONDS}s"})
    for name in ("distributed", "distributed.client"):
        # What goes wrong is said in one sentence, by us.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # Bars are sent once and are not small: that is no mistake.
    warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
    try:
        return Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
    except ValueError as error:
        raise _no_address() from error


def _check_reachable(address: str) -> None:
    """Connect for a moment: a name or a port that nobody has is told at once.

    A scheduler greets whoever comes. For the greeting of what is none, Dask would wait for ever.
    """
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        place = parts.hostname, parts.port or _PORT
    except ValueError as error:
        raise _no_address() from error
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.username is not None:
        raise _no_address()
    with socket.create_connection(place, timeout=ANSWER_SECONDS) as connection:
        if parts.scheme == "tcp" and not connection.recv(1):
            raise ConnectionError


def _no_address() -> InvalidParams:
    return InvalidParams(
        "DASK_SCHEDULER_ADDRESS is not the address of a Dask scheduler: write "
        "tcp://localhost:8786, or unset it.",
        field="DASK_SCHEDULER_ADDRESS",
    )


@contextmanager
def _answering(address: str, *also: type[Exception]) -> Iterator[None]:
    """Turn what Dask raises when the scheduler is gone into a sentence."""
    try:
        yield
    except (*also, OSError, asyncio.CancelledError, concurrent.futures.CancelledError) as error:
        if isinstance(error, TimeoutError) and not also:
            raise
        raise _gone(address) from error


def _gone(address: str) -> ClusterUnavailable:
    return ClusterUnavailable(
        f"The Dask scheduler at {_shown(address)} does not answer: start it, or unset "
        "DASK_SCHEDULER_ADDRESS to compute on this machine."
    )


def _told(error: BaseException) -> BaseException:
    """Return what a chunk raised; that its workers died is told in a sentence."""
    from distributed import KilledWorker

    if not isinstance(error, KilledWorker):
        return error
    told = ClusterUnavailable(
        "A chunk was given up after several workers died with it: see their logs; give them more "
        "memory or ask for fewer combinations."
    )
    told.__cause__ = error
    return told


def _shown(address: str) -> str:
    """Return an address without a name and password."""
    return re.sub(r"//[^/]*@", "//", address)
