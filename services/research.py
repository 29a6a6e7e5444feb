"""The path from a request to a saved run: stored bars, backtest, run."""

from dataclasses import replace
from typing import Any

from services.adjustment import bars_text
from services.backtest import BacktestRequest, run_backtest
from services.cautions import split_cautions
from services.instruments import get_instrument
from services.market_data import load_bars
from services.runs.fingerprint import bars_hash, code_hash
from services.runs.saved import SavedRun
from services.runs.store import save_run
from services.series import series_of
from services.timespan import utc_now
from services.workspace import Workspace


def run_request(
    workspace: Workspace, request: BacktestRequest, strategy: Any, *, save: bool = True
) -> SavedRun:
    """Backtest a request on the stored bars and save the run.

    `strategy` is the object that the request names, built with its parameters. Raises
    UnknownSymbol, NoBars or what the database raises.
    """
    database = workspace.database
    params = getattr(strategy, "params", None)
    request = replace(request, params=params.model_dump() if params else {})
    bars = load_bars(database, request.symbol, request.resolution)
    instrument = get_instrument(database, request.symbol)
    start, end = request.span(bars["ts"].iloc[-1])
    result = run_backtest(
        bars,
        strategy,
        request.settings,
        start=start,
        end=end,
        timezone=instrument.timezone or "UTC",
    )
    cautions = split_cautions(database, request.symbol, result.bars)
    series = series_of(database, request.symbol, request.resolution)
    note = bars_text(series.source, series.adjustment)
    run = SavedRun(None, utc_now(), request, result, cautions, note)
    if not save:
        return run
    seen = bars if end is None else bars[bars["ts"] <= end]
    saved = save_run(database, run, bars_hash(seen), code_hash(strategy))
    return workspace.recent_runs.keep(saved)
