"""Asks for updates by itself, once for each session that an instrument's exchange has closed."""

import logging
from datetime import date

import pandas as pd
from sqlalchemy import or_, select, update

from db.models import PriceSeries, UpdateSchedule
from db.session import Database
from services.calendars import calendar_of
from services.errors import QueueUnavailable
from services.instruments import get_instrument
from services.jobs.desk import submit
from services.jobs.kinds import IBKR
from services.timespan import utc_now
from services.workspace import Workspace

log = logging.getLogger(__name__)

DAILY = "daily"
SETTLING = pd.Timedelta(minutes=30)  # until the broker has the whole session


def submit_due_updates(workspace: Workspace, now: pd.Timestamp | None = None) -> int:
    """Ask for the updates that are due; return how many jobs that are.

    However often and by however many workers it is called, a session counts once.
    """
    now = utc_now() if now is None else now
    return sum(
        _update(workspace, symbol, session, before)
        for symbol, before in _scheduled(workspace.database)
        if (session := _closed_session(workspace.database, symbol, now)) is not None
        and (before is None or before < session)
    )


def _scheduled(database: Database) -> list[tuple[str, date | None]]:
    query = (
        select(UpdateSchedule.symbol, UpdateSchedule.last_session)
        .where(UpdateSchedule.mode == DAILY)
        .order_by(UpdateSchedule.symbol)
    )
    with database.reading() as session:
        return [tuple(row) for row in session.execute(query)]


def _closed_session(database: Database, symbol: str, now: pd.Timestamp) -> date | None:
    calendar = calendar_of(get_instrument(database, symbol))
    if calendar is None:
        # An exchange that we do not know: its day is over when the day is over everywhere.
        return (now - pd.Timedelta(hours=36)).date()
    # The bar of a day counts as complete when that day is over in UTC: before, it is not stored.
    last = calendar.last_close((now - SETTLING).normalize())
    return None if last is None else last[0].date()


def _update(workspace: Workspace, symbol: str, closed: date, before: date | None) -> int:
    if not _mark(workspace.database, symbol, closed):
        return 0  # another worker was quicker
    resolutions = _fetched_series(workspace.database, symbol)
    try:
        for resolution in resolutions:
            submit(workspace, "update", {"symbol": symbol, "resolution": resolution})
    except QueueUnavailable:
        _unmark(workspace.database, symbol, closed, before)
        raise
    log.info("%s: %d updates asked for after the session of %s", symbol, len(resolutions), closed)
    return len(resolutions)


def _mark(database: Database, symbol: str, closed: date) -> bool:
    earlier = or_(UpdateSchedule.last_session.is_(None), UpdateSchedule.last_session < closed)
    query = (
        update(UpdateSchedule)
        .where(UpdateSchedule.symbol == symbol, UpdateSchedule.mode == DAILY, earlier)
        .values(last_session=closed)
    )
    with database.writing() as session:
        return session.execute(query).rowcount == 1


def _unmark(database: Database, symbol: str, closed: date, before: date | None) -> None:
    query = (
        update(UpdateSchedule)
        .where(UpdateSchedule.symbol == symbol, UpdateSchedule.last_session == closed)
        .values(last_session=before)
    )
    with database.writing() as session:
        session.execute(query)


def _fetched_series(database: Database, symbol: str) -> list[str]:
    query = (
        select(PriceSeries.resolution)
        .where(PriceSeries.symbol == symbol, PriceSeries.source == IBKR)
        .order_by(PriceSeries.resolution)
    )
    with database.reading() as session:
        return list(session.scalars(query))
