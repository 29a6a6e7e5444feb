"""Keeps the runs that were looked at last, so that a zoom does not read the database again."""

from collections import OrderedDict
from dataclasses import replace
from threading import Lock

from sqlalchemy import select

from db.models import BacktestRun
from db.session import Database
from services.runs.remarks import remarks_of, run_number
from services.runs.saved import SavedRun
from services.runs.store import load_run


class RecentRuns:
    """The last few saved runs, by number.

    What came out of a run never changes; what was said of it may, in any process, and is read
    anew each time.
    """

    def __init__(self, size: int = 16):
        self._size = size
        self._runs: OrderedDict[int, SavedRun] = OrderedDict()
        self._lock = Lock()

    def keep(self, run: SavedRun) -> SavedRun:
        """Remember a run and return it."""
        with self._lock:
            self._runs[run.id] = run
            self._runs.move_to_end(run.id)
            while len(self._runs) > self._size:
                self._runs.popitem(last=False)
        return run

    def get(self, database: Database, run_id: int | str) -> SavedRun:
        """Return a run, its series from memory if they are at hand; raises as load_run."""
        with self._lock:
            run = self._runs.get(run_number(run_id))
        now = _as_it_is_now(database, run) if run else None
        return self.keep(now or load_run(database, run_id))


def _as_it_is_now(database: Database, run: SavedRun) -> SavedRun | None:
    """Return a run with what is said of it now; None where its number is another run's today.

    SQLite gives the number of a removed run again, and a database can be put back from a copy.
    """
    mark = select(BacktestRun.fingerprint).where(BacktestRun.id == run.id)
    with database.reading() as session:
        said = remarks_of(session, run.id)
        if session.scalar(mark) != run.manifest.fingerprint:
            return None
    is_same = all(getattr(run, name) == value for name, value in said.items())
    return run if is_same else replace(run, **said)
