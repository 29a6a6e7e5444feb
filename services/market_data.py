"""Reads stored bars with their indicators, and says what is stored."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.models import Instrument, MarketPrice, PriceSeries, UpdateSchedule
from db.session import Database
from services.bar_table import VALUE_COLUMNS, Key, select_bars
from services.bars import BAR_COLUMNS
from services.errors import NoBars
from services.indicators import INDICATOR_COLUMNS
from services.indicators.blocks import series_values
from services.instruments import normalise_symbol, unknown_symbol
from services.series_row import count_stored, lock_series, moment64, stored_ends
from services.timespan import RESOLUTIONS, check_resolution

_BARS = BAR_COLUMNS[1:]


@dataclass(frozen=True)
class CatalogueEntry:
    """One stored series: `first` and `last` are the times of its first and last bar.

    `coverage` is the share of the sessions that it has, where it was examined. `schedule` is off
    or daily.
    """

    symbol: str
    name: str | None
    resolution: str
    first: pd.Timestamp
    last: pd.Timestamp
    bars: int
    source: str | None = None
    adjustment: str | None = None
    regular_hours: bool | None = None
    coverage: float | None = None
    updated_at: pd.Timestamp | None = None
    schedule: str = "off"


def load_bars(
    database: Database, symbol: str, resolution: str, *, with_indicators: bool = True
) -> pd.DataFrame:
    """Return all stored bars of a series, ascending: the contract frame of services.bars.

    With indicators come the columns of services.indicators, NaN where they are undefined.
    Raises InvalidParams, UnknownSymbol, or NoBars naming the resolutions that are stored.
    """
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    with database.reading() as session:
        frame = read_bars(session, symbol, resolution, with_indicators=with_indicators)
        if frame.empty:
            raise _nothing_stored(session, symbol, resolution)
    return frame


def read_bars(
    session: Session,
    symbol: str,
    resolution: str,
    *,
    with_indicators: bool = True,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Return the stored bars of a series with start <= ts < end: an empty frame without any.

    Indicators that are not, or not surely, those of the bars are computed here.
    """
    key = (symbol, resolution)
    span = {"start": _moment64(start), "end": _moment64(end)}
    if not with_indicators:
        return _frame(_BARS, *select_bars(session, key, _BARS, **span))
    row = session.get(PriceSeries, key)
    if _is_current(session, row, key):
        frame = _frame(VALUE_COLUMNS, *select_bars(session, key, VALUE_COLUMNS, **span))
        whole = start is None and end is None
        if not frame["ath"].isna().any() and (not whole or len(frame) == row.bars):
            return frame
    return _computed(session, key, span)


def count_bars(session: Session, symbol: str, resolution: str) -> int:
    """Count the stored bars of a series within a session."""
    row = session.get(PriceSeries, (symbol, resolution))
    if row is not None and (row.first, row.last) == stored_ends(session, (symbol, resolution)):
        return row.bars
    return count_stored(session, (symbol, resolution))


def last_bar_time(database: Database, symbol: str, resolution: str) -> pd.Timestamp | None:
    """Return the time of the last stored bar of a series, None when there is none."""
    key = (normalise_symbol(symbol), check_resolution(resolution))
    with database.reading() as session:
        last = stored_ends(session, key)[1]
    return None if last is None else _timestamp(last)


def catalogue(database: Database) -> list[CatalogueEntry]:
    """Return every stored series, by symbol and from short to long bars.

    Series that other programs wrote are counted once, and then kept like the others.
    """
    with database.reading() as session:
        unknown = _uncounted(session)
    for key in unknown:
        with database.writing() as session:
            lock_series(session, key)
    query = (
        select(PriceSeries, Instrument.name, UpdateSchedule.mode)
        .join(Instrument, Instrument.symbol == PriceSeries.symbol)
        .outerjoin(UpdateSchedule, UpdateSchedule.symbol == PriceSeries.symbol)
        .where(PriceSeries.bars > 0)
    )
    with database.reading() as session:
        entries = [_entry(*row) for row in session.execute(query)]
    order = list(RESOLUTIONS)
    return sorted(entries, key=lambda entry: (entry.symbol, order.index(entry.resolution)))


def _uncounted(session: Session) -> list[Key]:
    """Return the series whose bars are not those that their row in price_series tells of.

    Two steps into the index for each instrument and resolution: the table itself is not read.
    """
    names = ", ".join(f"('{name}')" for name in RESOLUTIONS)
    ends = ", ".join(
        f"(SELECT {end}(ts) FROM market_prices p "
        f"WHERE p.symbol = k.symbol AND p.resolution = k.resolution) AS {end}_ts"
        for end in ("min", "max")
    )
    query = text(
        f"WITH r (resolution) AS (VALUES {names}), "
        "k AS (SELECT i.symbol, r.resolution FROM instruments i CROSS JOIN r), "
        f"e AS (SELECT k.symbol, k.resolution, {ends} FROM k) "
        "SELECT e.symbol, e.resolution FROM e LEFT JOIN price_series s "
        "ON s.symbol = e.symbol AND s.resolution = e.resolution "
        "WHERE NOT coalesce(e.min_ts = s.first AND e.max_ts = s.last, "
        "e.max_ts IS NULL AND s.last IS NULL)"
    )
    return [tuple(row) for row in session.execute(query)]


def _entry(row: PriceSeries, name: str | None, schedule: str | None) -> CatalogueEntry:
    return CatalogueEntry(
        symbol=row.symbol,
        name=name,
        resolution=row.resolution,
        first=_timestamp(row.first),
        last=_timestamp(row.last),
        bars=row.bars,
        source=row.source,
        adjustment=row.adjustment,
        regular_hours=row.regular_hours,
        coverage=row.coverage,
        updated_at=None if row.updated_at is None else _timestamp(row.updated_at),
        schedule=schedule or "off",
    )


def _is_current(session: Session, row: PriceSeries | None, key: Key) -> bool:
    """Tell whether the stored indicators are those of the bars, as far as the row can tell."""
    if row is None or row.stale_from is not None:
        return False
    return (row.first, row.last) == stored_ends(session, key)


def _computed(session: Session, key: Key, span: dict) -> pd.DataFrame:
    ts, bars = select_bars(session, key, _BARS)
    frame = _frame(_BARS, ts, bars)
    values = series_values(frame)
    frame = pd.concat([frame, pd.DataFrame(values, columns=INDICATOR_COLUMNS)], axis=1)
    begin = 0 if span["start"] is None else np.searchsorted(ts, span["start"])
    end = len(ts) if span["end"] is None else np.searchsorted(ts, span["end"])
    return frame.iloc[begin:end].reset_index(drop=True)


def _frame(names: list[str], ts: np.ndarray, values: list[np.ndarray]) -> pd.DataFrame:
    columns = {"ts": pd.Series(ts).dt.tz_localize("UTC"), **dict(zip(names, values, strict=True))}
    return pd.DataFrame(columns, copy=False)


def _nothing_stored(session: Session, symbol: str, resolution: str) -> Exception:
    if session.scalar(select(Instrument.id).where(Instrument.symbol == symbol)) is None:
        return unknown_symbol(session, symbol)
    query = select(MarketPrice.resolution).where(MarketPrice.symbol == symbol).distinct()
    stored = set(session.scalars(query))
    others = [name for name in RESOLUTIONS if name in stored]
    return NoBars(
        f"No {resolution} bars of {symbol} are stored"
        + (f" (there are {', '.join(others)}). " if others else ". ")
        + f'Bring them in with: python -m scripts.ingest -s "{symbol}" -r {resolution} '
        "--file prices.csv"
    )


def _timestamp(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment.astimezone(UTC)).as_unit("us")


def _moment64(moment: pd.Timestamp | None) -> np.datetime64 | None:
    return None if moment is None else moment64(moment.tz_convert("UTC").to_pydatetime())
