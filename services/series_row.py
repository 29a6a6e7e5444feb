"""The row of a series in `price_series`: locked while its bars change, true to them afterwards."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import MarketPrice, PriceSeries
from services.bar_table import Key
from services.instruments import ensure_instrument
from services.timespan import utc_now

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Facts:
    """What a writer says of the bars it brings; None: nothing."""

    source: str | None = None
    adjustment: str | None = None
    regular_hours: bool | None = None


NOTHING = Facts()


def lock_series(session: Session, key: Key) -> PriceSeries:
    """Return the row of a series, made when there is none; its other writers wait.

    Bars that another program wrote are counted now, and their indicators taken for stale.
    """
    ensure_instrument(session, key[0], lock=True)
    row = session.get(PriceSeries, key)
    first, last = stored_ends(session, key)
    if row is None:
        row = PriceSeries(symbol=key[0], resolution=key[1], bars=0)
        if last is not None:
            session.add(row)
    if (row.first, row.last) != (first, last):
        row.first, row.last, row.stale_from = first, last, first
        row.bars = count_stored(session, key)
        row.updated_at = next_version(row)  # whoever is at work on the series looks anew
    return row


def stored_ends(session: Session, key: Key) -> tuple[datetime | None, datetime | None]:
    """Return the times of the first and last bar as the bars themselves have them."""
    of_series = _of_series(key)
    first = select(func.min(MarketPrice.ts)).where(*of_series).scalar_subquery()
    last = select(func.max(MarketPrice.ts)).where(*of_series).scalar_subquery()
    return tuple(session.execute(select(first, last)).one())


def count_stored(session: Session, key: Key, *, since: datetime | None = None) -> int:
    """Count the bars of a series, or those from a moment on."""
    query = select(func.count()).where(*_of_series(key))
    if since is not None:
        query = query.where(MarketPrice.ts >= since)
    return session.scalar(query)


def note_bars(
    session: Session, row: PriceSeries, facts: Facts, added: np.ndarray, changed: np.ndarray
) -> None:
    """Bring the row to bars that were added (their times) and bars that were changed."""
    if len(added):
        first, last = moment(added[0]), moment(added[-1])
        row.first = first if row.first is None else min(row.first, first)
        row.last = last if row.last is None else max(row.last, last)
        row.bars += len(added)
    if len(added) or len(changed):
        for fact in fields(facts):
            if (value := getattr(facts, fact.name)) is not None:
                setattr(row, fact.name, value)
        row.updated_at = max(utc_now().to_pydatetime(), next_version(row))
        session.add(row)
    else:
        _fill_in(row, facts)


def next_version(row: PriceSeries) -> datetime:
    """Return a time later than the row's: it serves as the version of the series."""
    before = row.updated_at
    return utc_now().to_pydatetime() if before is None else before + _TICK


def make_stale(row: PriceSeries, ts: np.datetime64) -> None:
    """Say that stored indicators from this time on are not those of the bars."""
    since = moment(ts)
    row.stale_from = since if row.stale_from is None else min(row.stale_from, since)


def make_fresh_until(row: PriceSeries, stale_from: datetime | None) -> None:
    """Say from when on indicators are still stale; the row counts as changed for other writers."""
    row.stale_from = stale_from
    row.updated_at = next_version(row)


def moment(ts: np.datetime64) -> datetime:
    """Return a numpy time as an aware moment."""
    return pd.Timestamp(ts, tz="UTC").to_pydatetime()


def moment64(ts: datetime) -> np.datetime64:
    """Return an aware moment as a numpy time."""
    return np.datetime64(ts.replace(tzinfo=None), "us")


def _fill_in(row: PriceSeries, facts: Facts) -> None:
    """Note what was not known of bars that were stored before."""
    if not row.bars:
        return
    for fact in fields(facts):
        value = getattr(facts, fact.name)
        if value is not None and getattr(row, fact.name) is None:
            setattr(row, fact.name, value)


def _of_series(key: Key) -> tuple:
    return (MarketPrice.symbol == key[0], MarketPrice.resolution == key[1])
