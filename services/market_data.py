"""Reads stored bars with their indicators, and says what is stored."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from db.models import Instrument, MarketPrice
from db.session import Database
from services.bars import BAR_COLUMNS
from services.errors import NoBars
from services.indicators import INDICATOR_COLUMNS
from services.instruments import normalise_symbol, unknown_symbol
from services.timespan import RESOLUTIONS, check_resolution

_FETCH = 20_000  # rows held as Python objects at a time: a million bars never are


@dataclass(frozen=True)
class CatalogueEntry:
    """One stored series: `first` and `last` are the times of its first and last bar."""

    symbol: str
    name: str | None
    resolution: str
    first: pd.Timestamp
    last: pd.Timestamp
    bars: int


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
    session: Session, symbol: str, resolution: str, *, with_indicators: bool = True
) -> pd.DataFrame:
    """Return the stored bars of a series within a session: an empty frame when there are none."""
    names = [*BAR_COLUMNS[1:], *(INDICATOR_COLUMNS if with_indicators else [])]
    # The driver's own rows, without a type's conversion for each of a million cells.
    moment = "ts" if _is_sqlite(session) else "(extract(epoch FROM ts) * 1000000)::bigint"
    result = session.execute(
        text(
            f"SELECT {moment}, {', '.join(names)} FROM market_prices "
            "WHERE symbol = :symbol AND resolution = :resolution ORDER BY ts"
        ),
        {"symbol": symbol, "resolution": resolution},
    )
    chunks = []
    while rows := result.cursor.fetchmany(_FETCH):
        chunks.append(_columns(rows))
    result.close()
    return _frame(names, chunks)


def count_bars(session: Session, symbol: str, resolution: str) -> int:
    """Count the stored bars of a series within a session."""
    return session.scalar(
        select(func.count()).where(
            MarketPrice.symbol == symbol, MarketPrice.resolution == resolution
        )
    )


def last_bar_time(database: Database, symbol: str, resolution: str) -> pd.Timestamp | None:
    """Return the time of the last stored bar of a series, None when there is none."""
    with database.reading() as session:
        last = session.scalar(
            select(func.max(MarketPrice.ts)).where(
                MarketPrice.symbol == normalise_symbol(symbol),
                MarketPrice.resolution == check_resolution(resolution),
            )
        )
    return None if last is None else _timestamp(last)


def catalogue(database: Database) -> list[CatalogueEntry]:
    """Return every stored series, by symbol and from short to long bars."""
    series = (
        select(
            MarketPrice.symbol,
            MarketPrice.resolution,
            func.min(MarketPrice.ts).label("first"),
            func.max(MarketPrice.ts).label("last"),
            func.count().label("bars"),
        )
        .group_by(MarketPrice.symbol, MarketPrice.resolution)
        .subquery()
    )
    query = select(series, Instrument.name).join(Instrument, Instrument.symbol == series.c.symbol)
    with database.reading() as session:
        entries = [
            CatalogueEntry(
                row.symbol,
                row.name,
                row.resolution,
                _timestamp(row.first),
                _timestamp(row.last),
                row.bars,
            )
            for row in session.execute(query)
        ]
    order = list(RESOLUTIONS)
    return sorted(entries, key=lambda entry: (entry.symbol, order.index(entry.resolution)))


def _columns(rows: list[tuple]) -> list[np.ndarray]:
    ts, *values = zip(*rows, strict=True)
    return [np.array(ts, dtype="datetime64[us]"), *(np.array(v, dtype=float) for v in values)]


def _frame(names: list[str], chunks: list[list[np.ndarray]]) -> pd.DataFrame:
    if not chunks:
        chunks = [[np.array([], dtype="datetime64[us]"), *(np.array([]) for _ in names)]]
    ts, *values = (np.concatenate(column) for column in zip(*chunks, strict=True))
    columns = {"ts": pd.Series(ts).dt.tz_localize("UTC"), **dict(zip(names, values, strict=True))}
    return pd.DataFrame(columns)


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


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
