"""What is known of one stored series, and what is done with it as a whole: export, delete, keep."""

import io
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import delete, select

from db.models import (
    AcceptedFinding,
    MarketPrice,
    PriceSeries,
    QuarantinedBar,
    StagedBar,
    StagedHistory,
    UpdateSchedule,
)
from db.session import Database
from services.errors import InvalidParams, did_you_mean
from services.instruments import ensure_instrument, normalise_symbol
from services.market_data import load_bars
from services.series_row import lock_series, stored_ends
from services.timespan import check_resolution

SCHEDULES = ("off", "daily")
EXPORTS = ("csv", "parquet")
_OF_SERIES = (MarketPrice, PriceSeries, StagedBar, StagedHistory, QuarantinedBar, AcceptedFinding)


@dataclass(frozen=True)
class Series:
    """One stored series; `stale_from` is set while its stored indicators await computing."""

    symbol: str
    resolution: str
    first: pd.Timestamp
    last: pd.Timestamp
    bars: int
    source: str | None = None
    adjustment: str | None = None
    regular_hours: bool | None = None
    coverage: float | None = None
    updated_at: pd.Timestamp | None = None
    stale_from: pd.Timestamp | None = None


def series_of(database: Database, symbol: str, resolution: str) -> Series | None:
    """Return what is known of a series, None when it has no bars."""
    key = (normalise_symbol(symbol), check_resolution(resolution))
    with database.reading() as session:
        row = session.get(PriceSeries, key)
        ends = stored_ends(session, key)
    if ends[1] is None:
        return None
    if row is None or (row.first, row.last) != ends:  # another program wrote bars
        with database.writing() as session:
            row = lock_series(session, key)
    return _from_row(row)


def delete_series(database: Database, symbol: str, resolution: str) -> int:
    """Delete a series with all that belongs to it; return how many bars it had.

    The instrument stays; its schedule goes with its last series.
    """
    key = (normalise_symbol(symbol), check_resolution(resolution))
    with database.writing() as session:
        ensure_instrument(session, key[0], lock=True)
        for model in _OF_SERIES:
            gone = session.execute(
                delete(model).where(model.symbol == key[0], model.resolution == key[1])
            )
            if model is MarketPrice:
                bars = gone.rowcount
        left = select(PriceSeries.symbol).where(PriceSeries.symbol == key[0])
        if session.scalar(left) is None:
            session.execute(delete(UpdateSchedule).where(UpdateSchedule.symbol == key[0]))
    return bars


def export_series(database: Database, symbol: str, resolution: str, kind: str) -> bytes:
    """Return a file of a series' bars and indicators, csv or parquet; times are UTC.

    Raises InvalidParams, UnknownSymbol or NoBars.
    """
    if kind not in EXPORTS:
        raise InvalidParams(
            f'"{kind}" is no kind of file that can be exported: use {" or ".join(EXPORTS)}.'
            f"{did_you_mean(kind, EXPORTS)}",
            field="kind",
        )
    bars = load_bars(database, symbol, resolution)
    bars["supertrend_trend"] = bars["supertrend_trend"].astype("Int8")
    if kind == "csv":
        return bars.assign(ts=_iso_times(bars["ts"])).to_csv(index=False).encode()
    file = io.BytesIO()
    bars.to_parquet(file, index=False)
    return file.getvalue()


def set_schedule(database: Database, symbol: str, mode: str) -> None:
    """Say when an instrument is brought up to date by itself: "off" or "daily"."""
    symbol = normalise_symbol(symbol)
    if mode not in SCHEDULES:
        raise InvalidParams(
            f'"{mode}" is no schedule: use {" or ".join(SCHEDULES)}.'
            f"{did_you_mean(mode, SCHEDULES)}",
            field="schedule",
        )
    with database.writing() as session:
        ensure_instrument(session, symbol, lock=True)
        row = session.get(UpdateSchedule, symbol)
        if row is None:
            session.add(UpdateSchedule(symbol=symbol, mode=mode))
        else:
            row.mode = mode


def _from_row(row: PriceSeries) -> Series:
    return Series(
        symbol=row.symbol,
        resolution=row.resolution,
        first=pd.Timestamp(row.first),
        last=pd.Timestamp(row.last),
        bars=row.bars,
        source=row.source,
        adjustment=row.adjustment,
        regular_hours=row.regular_hours,
        coverage=row.coverage,
        updated_at=None if row.updated_at is None else pd.Timestamp(row.updated_at),
        stale_from=None if row.stale_from is None else pd.Timestamp(row.stale_from),
    )


def _iso_times(ts: pd.Series) -> pd.Series:
    whole = (ts == ts.dt.floor("s")).all()
    return ts.dt.strftime("%Y-%m-%dT%H:%M:%SZ" if whole else "%Y-%m-%dT%H:%M:%S.%fZ")
