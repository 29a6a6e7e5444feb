"""The path from a request to a saved run: stored bars, backtest, run."""

import copy
import time
from dataclasses import replace
from typing import Any

import pandas as pd

from services.adjustment import bars_text
from services.backtest import BacktestRequest, BacktestResult, run_backtest
from services.cautions import split_cautions
from services.finer_bars import load_finer_for, with_finer_named
from services.instruments import get_instrument
from services.look_ahead import UNCHECKED, LookAhead, check_look_ahead
from services.market_data import load_bars
from services.rule_failure import named_failures
from services.runs.fingerprint import bars_hash, code_hash, finer_hash
from services.runs.saved import SavedRun
from services.runs.store import save_run
from services.series import series_of
from services.timespan import utc_now
from services.workspace import Workspace

# What a user who waits for a run is made to wait for its check, in processor time: a busy machine
# shall not leave runs unchecked. The usual daily run needs half.
_CHECK_SECONDS, _CHECK_BARS = 0.06, 20_000


def run_request(
    workspace: Workspace, request: BacktestRequest, strategy: Any, *, save: bool = True
) -> SavedRun:
    """Backtest a request on the stored bars, check it for look-ahead if that is quick, save it.

    `strategy` is the object that the request names, built with its parameters. Raises
    UnknownSymbol, NoBars, RuleFailed or what the database raises.
    """
    database = workspace.database
    params = getattr(strategy, "params", None)
    request = replace(request, params=params.model_dump() if params else {})
    request = with_finer_named(database, request)
    bars = load_bars(database, request.symbol, request.resolution)
    instrument = get_instrument(database, request.symbol)
    start, end = request.span(bars["ts"].iloc[-1])
    finer = load_finer_for(database, request, bars, (start, end))
    untouched = _copy(strategy)
    began = time.thread_time()
    with named_failures(strategy):
        result = run_backtest(
            bars,
            strategy,
            request.settings,
            start=start,
            end=end,
            timezone=instrument.timezone or "UTC",
            finer=finer,
        )
    ran_quickly = time.thread_time() - began < _CHECK_SECONDS and len(bars) <= _CHECK_BARS
    seen = bars if end is None else bars[bars["ts"] <= end]
    cautions = (*split_cautions(database, request.symbol, result.bars), *finer_cautions(result))
    series = series_of(database, request.symbol, request.resolution)
    note = bars_text(series.source, series.adjustment)
    run = SavedRun(None, utc_now(), request, result, cautions, note)

    def check() -> LookAhead:
        return _check(untouched, seen, result) if ran_quickly and untouched else UNCHECKED

    if not save:
        return replace(run, look_ahead=check())
    digests = bars_hash(seen), code_hash(strategy)
    saved = save_run(database, run, *digests, check, finer_hash(finer))
    return workspace.recent_runs.keep(saved)


def finer_cautions(result: BacktestResult) -> tuple[str, ...]:
    """Say where finer bars could not tell what was met first."""
    return (result.finer.text,) if result.finer and result.finer.text else ()


def _copy(strategy: Any) -> Any:
    """Copy a strategy as it is before it sees any bar; None for one that cannot be copied."""
    try:
        return copy.deepcopy(strategy)
    except Exception:  # noqa: BLE001 - whatever a strategy's author keeps on it, the run goes on
        return None


def _check(strategy: Any, bars: pd.DataFrame, result: BacktestResult) -> LookAhead:
    first = len(bars) - len(result.bars)
    found = check_look_ahead(strategy, bars, result.signals, first, seconds=_CHECK_SECONDS)
    # Not tried in earnest: with more time it may still be checked.
    return UNCHECKED if found.reason == "time" else found
