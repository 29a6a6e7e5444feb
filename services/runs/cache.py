"""Keeps the runs that were looked at last, so that a zoom does not read the database again."""

from collections import OrderedDict
from threading import Lock

from db.session import Database
from services.runs.store import SavedRun, load_run, run_number


class RecentRuns:
    """The last few saved runs, by number; a saved run never changes, so none grows stale."""

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
        """Return a run, from the database if it is not at hand; raise UnknownRun."""
        with self._lock:
            run = self._runs.get(run_number(run_id))
        return self.keep(run or load_run(database, run_id))
