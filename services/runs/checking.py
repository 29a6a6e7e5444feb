"""Checks a saved run for look-ahead afterwards, with more time than a user waits for a run."""

from db.session import Database
from services.look_ahead import LookAhead, check_look_ahead
from services.runs.changes import bars_seen
from services.runs.fingerprint import bars_hash, code_hash
from services.runs.saved import SavedRun
from services.runs.store import keep_look_ahead

SECONDS = 4.0


def check_saved_run(
    database: Database, run: SavedRun, strategy_class: type | None, *, seconds: float = SECONDS
) -> LookAhead:
    """Return what was found of a run before, or check it now and keep what is found.

    Only the code and the bars that it was made with can be checked: when either is another one
    today, or `strategy_class` is None, the answer says so and nothing is kept.
    """
    if run.look_ahead.is_final or run.manifest is None:
        return run.look_ahead
    if strategy_class is None:
        return LookAhead("unchecked", reason="gone")
    if code_hash(strategy_class) != run.manifest.code_hash:
        return LookAhead("unchecked", reason="code")
    bars = bars_seen(database, run)
    if bars.empty or bars_hash(bars) != run.manifest.bars_hash:
        return LookAhead("unchecked", reason="bars")
    strategy = strategy_class(**run.request.params)
    first = len(bars) - len(run.result.bars)
    found = check_look_ahead(strategy, bars, run.result.signals, first, seconds=seconds)
    keep_look_ahead(database, run.id, found)
    return found
