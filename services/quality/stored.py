"""The quality of stored series: their report, their coverage, and what someone accepted."""

import numpy as np
import pandas as pd
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from db.models import AcceptedFinding, PriceSeries, QuarantinedBar, SymbolEvent
from db.session import Database
from services.calendars import SessionCalendar, calendar_of
from services.errors import InvalidParams
from services.instruments import ensure_instrument, get_instrument, normalise_symbol
from services.market_data import load_bars
from services.quality.examine import coverage_of, examine
from services.quality.findings import KINDS, QualityReport
from services.timespan import check_resolution, utc_now

_FETCH = 20_000  # rows held as Python objects at a time


def quality_report(database: Database, symbol: str, resolution: str) -> QualityReport:
    """Examine a stored series against its exchange's calendar, its splits and its quarantine.

    Raises InvalidParams, UnknownSymbol or NoBars.
    """
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    bars = load_bars(database, symbol, resolution, with_indicators=False)
    calendar = _calendar(database, symbol)
    with database.reading() as session:
        return examine(
            bars,
            resolution,
            calendar,
            symbol=symbol,
            splits=_splits(session, symbol),
            accepted=_accepted(session, symbol, resolution),
            quarantined=_in_quarantine(session, symbol, resolution),
        )


def store_coverage(database: Database, symbol: str, resolution: str) -> float | None:
    """Measure which share of the calendar's bars is stored, and note it beside the series."""
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    calendar = _calendar(database, symbol)
    with database.reading() as session:
        times = _times(session, symbol, resolution)
    coverage = coverage_of(times, resolution, calendar)
    with database.writing() as session:
        session.execute(
            update(PriceSeries)
            .where(PriceSeries.symbol == symbol, PriceSeries.resolution == resolution)
            .values(coverage=coverage)
        )
    return coverage


def accept_finding(
    database: Database, symbol: str, resolution: str, kind: str, start: pd.Timestamp
) -> None:
    """Remember that someone found this finding right; once more changes nothing."""
    key = _key(symbol, resolution, kind, start)
    with database.writing() as session:
        # Whoever accepts the same at this moment waits here.
        ensure_instrument(session, key["symbol"], lock=True)
        if session.scalar(select(AcceptedFinding.id).filter_by(**key)) is None:
            session.execute(
                insert(AcceptedFinding).values(**key, accepted_at=utc_now().to_pydatetime())
            )


def unaccept_finding(
    database: Database, symbol: str, resolution: str, kind: str, start: pd.Timestamp
) -> None:
    """Forget that a finding was accepted, so that it is listed again."""
    key = _key(symbol, resolution, kind, start)
    with database.writing() as session:
        session.execute(delete(AcceptedFinding).filter_by(**key))


def _key(symbol: str, resolution: str, kind: str, start: pd.Timestamp) -> dict:
    if kind not in KINDS:
        raise InvalidParams(f'"{kind}" is no kind of finding.', field="kind")
    return {
        "symbol": normalise_symbol(symbol),
        "resolution": check_resolution(resolution),
        "kind": kind,
        "start": pd.Timestamp(start).floor("us").to_pydatetime(),
    }


def _calendar(database: Database, symbol: str) -> SessionCalendar | None:
    return calendar_of(get_instrument(database, symbol))


def _splits(session: Session, symbol: str) -> list[tuple]:
    query = select(SymbolEvent.date, SymbolEvent.value).where(
        SymbolEvent.symbol == symbol,
        SymbolEvent.event_type == "split",
        SymbolEvent.value.is_not(None),
    )
    return [tuple(row) for row in session.execute(query)]


def _accepted(session: Session, symbol: str, resolution: str) -> set[tuple[str, pd.Timestamp]]:
    query = select(AcceptedFinding.kind, AcceptedFinding.start).where(
        AcceptedFinding.symbol == symbol, AcceptedFinding.resolution == resolution
    )
    return {(kind, pd.Timestamp(start).as_unit("us")) for kind, start in session.execute(query)}


def _in_quarantine(session: Session, symbol: str, resolution: str) -> int:
    return session.scalar(
        select(func.count()).where(
            QuarantinedBar.symbol == symbol,
            QuarantinedBar.resolution == resolution,
            QuarantinedBar.state == "open",
        )
    )


def _times(session: Session, symbol: str, resolution: str) -> pd.DatetimeIndex:
    """Read the times of the stored bars alone, without a type's conversion for each."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    moment = "ts" if is_sqlite else "(extract(epoch FROM ts) * 1000000)::bigint"
    result = session.execute(
        text(
            f"SELECT {moment} FROM market_prices "
            "WHERE symbol = :symbol AND resolution = :resolution ORDER BY ts"
        ),
        {"symbol": symbol, "resolution": resolution},
    )
    chunks = [np.array([], dtype="datetime64[us]")]
    while rows := result.cursor.fetchmany(_FETCH):
        chunks.append(np.array([row[0] for row in rows], dtype="datetime64[us]"))
    result.close()
    return pd.DatetimeIndex(np.concatenate(chunks), tz="UTC")
