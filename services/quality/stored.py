"""The quality of stored series: their report, and what someone accepted."""

import pandas as pd
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db.models import AcceptedFinding, QuarantinedBar, SymbolEvent
from db.session import Database
from services.calendars import SessionCalendar, calendar_of
from services.errors import InvalidParams
from services.instruments import ensure_instrument, get_instrument, normalise_symbol
from services.market_data import load_bars
from services.quality.examine import examine
from services.quality.findings import KINDS, QualityReport
from services.timespan import check_resolution, utc_now


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
