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
from services.wording import settings_warnings

_HIGHEST_ID = 2**31 - 1
_MOST_DIGITS = 20


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

    `cautions` are sentences about the bars that a reader of the numbers must know; `bars_note`
    says where the bars came from and what they are adjusted for.
    """

    id: int | None
    created_at: pd.Timestamp
    request: BacktestRequest
    result: BacktestResult
    cautions: tuple[str, ...] = ()
    bars_note: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cautions, and what its assumptions call for."""
        return (*self.cautions, *settings_warnings(self.request.settings))

    @property
    def title(self) -> str:
        """Symbol, resolution and strategy in a few words."""
        return f"{self.request.symbol} {self.request.resolution} {self.request.strategy}"


def save_run(database: Database, run: SavedRun, bars: str, code: str) -> SavedRun:
    """Save a run and return it with its number.

    A run that must be equal is not saved twice: the first keeps its number and date. `bars`
    and `code` are the digests of services.runs.fingerprint.
    """
    mark = fingerprint(run.request, run.result, bars, code, (*run.cautions, run.bars_note))
    known = _known(database, mark)
    if known is None:
        try:
            return replace(run, id=_insert(database, run, _row(run, mark, bars, code)))
        except IntegrityError:
            # Somebody else saved the same run in the same moment.
            known = _known(database, mark)
            if known is None:
                raise
    number, created_at = known
    return replace(run, id=number, created_at=created_at)


def _insert(database: Database, run: SavedRun, row: BacktestRun) -> int:
    payload = pack_series(run.result)
    with database.writing() as session:
        session.add(row)
        session.flush()
        session.add(BacktestSeries(run_id=row.id, payload=payload))
        return row.id


def run_number(text: int | str) -> int:
    """Return the number of a run as an address says it, 0 when it is none."""
    digits = str(text)
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) if is_number and int(digits) <= _HIGHEST_ID else 0


def load_run(database: Database, run_id: int | str) -> SavedRun:
    """Return a saved run as it was; raise UnknownRun when there is none of that number."""
    number = run_number(run_id)
    with database.reading() as session:
        row = session.get(BacktestRun, number) if number else None
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
    note = row.request.get("bars", "")
    return SavedRun(row.id, pd.Timestamp(row.created_at), request, result, cautions, note)


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


def _known(database: Database, mark: str) -> tuple[int, pd.Timestamp] | None:
    query = select(BacktestRun.id, BacktestRun.created_at).where(BacktestRun.fingerprint == mark)
    with database.reading() as session:
        row = session.execute(query).one_or_none()
    return row and (row.id, pd.Timestamp(row.created_at))


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
            "bars": run.bars_note,
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
