"""Saves runs in the database and reads them back as they were."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from db.models import BacktestRun, BacktestSeries
from db.session import Database
from services.backtest.request import BacktestRequest
from services.backtest.result import BacktestResult, StrategyInfo
from services.backtest.settings import SimulationSettings
from services.backtest.trades import trade_records, trades_from_records
from services.errors import UnknownRun
from services.metrics import METRICS_VERSION, Metrics, in_order
from services.runs.fingerprint import fingerprint, versions
from services.runs.packing import pack_series, unpack_series

_HIGHEST_ID = 2**31 - 1


@dataclass(frozen=True)
class RunSummary:
    """A saved run as a list shows it; `start` and `end` are its first and last bar's times."""

    id: int
    created_at: pd.Timestamp
    name: str | None
    symbol: str
    resolution: str
    strategy: str
    params: Mapping[str, Any]
    start: pd.Timestamp
    end: pd.Timestamp
    bars: int
    metrics: Metrics


@dataclass(frozen=True)
class SavedRun:
    """A run with everything that a page draws; `id` is None when it was not saved.

    `cautions` are sentences about the bars that a reader of the numbers must know.
    """

    id: int | None
    created_at: pd.Timestamp
    request: BacktestRequest
    result: BacktestResult
    cautions: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Symbol, resolution and strategy in a few words."""
        return f"{self.request.symbol} {self.request.resolution} {self.request.strategy}"


def save_run(database: Database, run: SavedRun, bars: str, code: str) -> SavedRun:
    """Save a run and return it with its number; a run that must be equal is not saved twice.

    `bars` and `code` are the digests of services.runs.fingerprint.
    """
    return replace(run, id=_saved_id(database, run, bars, code))


def _saved_id(database: Database, run: SavedRun, bars: str, code: str) -> int:
    mark = fingerprint(run.request, bars, code, run.cautions)
    known = _id_of(database, mark)
    if known is not None:
        return known
    row = _row(run, mark, bars, code)
    payload = pack_series(run.result)
    try:
        with database.writing() as session:
            session.add(row)
            session.flush()
            session.add(BacktestSeries(run_id=row.id, payload=payload))
            return row.id
    except IntegrityError:
        # Somebody else saved the same run in the same moment.
        known = _id_of(database, mark)
        if known is None:
            raise
        return known


def load_run(database: Database, run_id: int | str) -> SavedRun:
    """Return a saved run as it was; raise UnknownRun when there is none of that number."""
    number = int(run_id) if str(run_id).isascii() and str(run_id).isdigit() else 0
    with database.reading() as session:
        row = session.get(BacktestRun, number) if 0 < number <= _HIGHEST_ID else None
        series = session.get(BacktestSeries, number) if row else None
    if row is None or series is None:
        raise UnknownRun(f'There is no saved run "{str(run_id)[:20]}": see the list of runs.')
    request = BacktestRequest(
        **row.request["asked"], settings=SimulationSettings(**row.request["settings"])
    )
    result = BacktestResult(
        **unpack_series(series.payload),
        trades=trades_from_records(row.trades),
        metrics=in_order(row.metrics),
        benchmark_metrics=in_order(row.benchmark_metrics),
        strategy=StrategyInfo(row.strategy, row.params, row.request["rule"]),
        settings=request.settings,
    )
    cautions = tuple(row.request["cautions"])
    return SavedRun(row.id, pd.Timestamp(row.created_at), request, result, cautions)


def latest_runs(database: Database, limit: int) -> list[RunSummary]:
    """Return the newest runs first, at most `limit`."""
    names = list(RunSummary.__dataclass_fields__)
    query = (
        select(*(getattr(BacktestRun, name) for name in names))
        .order_by(BacktestRun.id.desc())
        .limit(limit)
    )
    with database.reading() as session:
        return [RunSummary(**_with_timestamps(row._asdict())) for row in session.execute(query)]


def _with_timestamps(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: pd.Timestamp(row[name]) for name in ("created_at", "start", "end")}


def _id_of(database: Database, mark: str) -> int | None:
    with database.reading() as session:
        return session.scalar(select(BacktestRun.id).where(BacktestRun.fingerprint == mark))


def _row(run: SavedRun, mark: str, bars: str, code: str) -> BacktestRun:
    request, result = run.request, run.result
    asked = {
        name: getattr(request, name)
        for name in ("symbol", "resolution", "strategy", "duration", "start", "end")
    }
    return BacktestRun(
        fingerprint=mark,
        created_at=run.created_at.to_pydatetime(),
        symbol=request.symbol,
        resolution=request.resolution,
        strategy=request.strategy,
        params=dict(request.params),
        request={
            "asked": asked | {"params": dict(request.params)},
            "settings": request.settings.as_dict(),
            "rule": result.strategy.rule,
            "cautions": list(run.cautions),
        },
        start=result.start.to_pydatetime(),
        end=result.end.to_pydatetime(),
        bars=len(result.bars),
        metrics=result.metrics,
        benchmark_metrics=result.benchmark_metrics,
        trades=trade_records(result.trades),
        versions=versions(),
        metrics_version=METRICS_VERSION,
        bars_hash=bars,
        code_hash=code,
    )
