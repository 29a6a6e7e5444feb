"""One program at a time fetches a series: two that take turns in it would leave a hole behind."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from db.session import Database
from services.errors import UserError
from services.leases import Leases
from services.processes import this_process
from services.progress import Progress, Report

_RENEWED = 4.0  # seconds; a lease holds several times as long
_STEP = 0.5  # seconds between two looks, and between two chances to cancel


@contextmanager
def turn_at(database: Database, symbol: str, resolution: str, report: Report) -> Iterator[None]:
    """Wait until no other process fetches the series, and keep others waiting meanwhile.

    A process that was killed keeps nobody waiting. What `report` raises ends the wait.
    """
    leases, name = Leases(database, this_process()), f"series:{symbol} {resolution}"
    while not leases.take(name):
        report(Progress(0, 0, f"waiting: {symbol} {resolution} is being fetched elsewhere"))
        time.sleep(_STEP)
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(leases, name, ended), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        with suppress(UserError):  # a database that is away forgets the lease by itself
            leases.leave(name)


def _keep(leases: Leases, name: str, ended: threading.Event) -> None:
    while not ended.wait(_RENEWED):
        with suppress(UserError):
            leases.take(name)
