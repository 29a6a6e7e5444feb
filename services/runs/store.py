"""Saves runs in the database and reads them back as they were."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from db.models import BacktestRun, BacktestSeries
from db.session import Database
from services.backtest.request import BacktestRequest
from services.backtest.result import BacktestResult, StrategyInfo
from services.backtest.settings import SimulationSettings
from services.backtest.trades import trade_records, trades_from_records
from services.look_ahead import UNCHECKED, LookAhead
from services.metrics import METRICS_VERSION, in_order
from services.runs.fingerprint import fingerprint, versions
from services.runs.packing import as_kept, pack_series, unpack_series
from services.runs.remarks import must_exist, remarks, remarks_of, run_number, tags_of
from services.runs.saved import Manifest, SavedRun


def save_run(
    database: Database,
    run: SavedRun,
    bars: str,
    code: str,
    check: Callable[[], LookAhead] | None = None,
    finer: str = "",
) -> SavedRun:
    """Save a run and return it with its number.

    A run that must be equal is not saved twice: the first keeps its number, its date and what
    was said of it, and comes back if it was deleted. `bars`, `code` and `finer` are the digests
    of services.runs.fingerprint. `check` is asked for the look-ahead of a run that is new.
    """
    said = (*run.cautions, run.bars_note)
    mark = fingerprint(run.request, run.result, bars, code, said, finer)
    number = _known(database, mark)
    if number is None:
        run = replace(run, look_ahead=check()) if check else run
        try:
            number = _insert(database, run, _row(run, mark, bars, code, finer))
        except IntegrityError:
            # Somebody else saved the same run in the same moment.
            number = _known(database, mark)
            if number is None:
                raise
    with database.reading() as session:
        saved_at = select(BacktestRun.created_at).where(BacktestRun.id == number)
        created_at = pd.Timestamp(session.scalar(saved_at))
        said = remarks_of(session, number)
    manifest = Manifest(versions(), bars, code, METRICS_VERSION, mark, finer)
    kept = as_kept(run.result)
    return replace(run, id=number, created_at=created_at, result=kept, manifest=manifest, **said)


def _insert(database: Database, run: SavedRun, row: BacktestRun) -> int:
    payload = pack_series(run.result)
    with database.writing() as session:
        session.add(row)
        session.flush()
        session.add(BacktestSeries(run_id=row.id, payload=payload))
        return row.id


def load_run(database: Database, run_id: int | str) -> SavedRun:
    """Return a saved run as it was; raise UnknownRun for no such number, DeletedRun if deleted."""
    number = run_number(run_id)
    with database.reading() as session:
        row = session.get(BacktestRun, number) if number else None
        series = session.get(BacktestSeries, number) if row else None
        must_exist(run_id, series is not None, row and row.deleted_at)
        said = remarks(row, tags_of(session, [number]))
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
    return SavedRun(
        id=row.id,
        created_at=pd.Timestamp(row.created_at),
        request=request,
        result=result,
        cautions=tuple(row.request["cautions"]),
        bars_note=row.request.get("bars", ""),
        manifest=Manifest(
            row.versions,
            row.bars_hash,
            row.code_hash,
            row.metrics_version,
            row.fingerprint,
            row.request.get("finer", ""),
        ),
        **said,
    )


def keep_look_ahead(database: Database, run_id: int, look_ahead: LookAhead) -> None:
    """Store what a later check of a run found."""
    change = update(BacktestRun).where(BacktestRun.id == run_id)
    with database.writing() as session:
        session.execute(change.values(look_ahead=look_ahead.as_record()))


def _known(database: Database, mark: str) -> int | None:
    """Return the number of the run with that fingerprint; bring it back if it was deleted."""
    query = select(BacktestRun.id, BacktestRun.deleted_at).where(BacktestRun.fingerprint == mark)
    with database.reading() as session:
        row = session.execute(query).one_or_none()
    if row is None or row.deleted_at is None:
        return row and row.id
    back = update(BacktestRun).where(BacktestRun.id == row.id).values(deleted_at=None)
    with database.writing() as session:
        # None when it was removed for good between the two.
        return row.id if session.execute(back).rowcount else None


def _row(run: SavedRun, mark: str, bars: str, code: str, finer: str) -> BacktestRun:
    request, result = run.request, run.result
    asked: dict[str, Any] = {
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
        }
        | ({"finer": finer} if finer else {}),
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
        look_ahead=None if run.look_ahead == UNCHECKED else run.look_ahead.as_record(),
    )
