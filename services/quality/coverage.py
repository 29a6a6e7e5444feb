"""How complete a stored series is, counted in the database where its bars are many."""

import json

import numpy as np
import pandas as pd
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from db.models import MarketPrice, PriceSeries
from db.session import Database
from services.calendars import Schedule, SessionCalendar, calendar_of, slot_counts
from services.instruments import get_instrument, normalise_symbol
from services.quality.examine import coverage_of
from services.timespan import RESOLUTIONS, check_resolution

_HOUR = pd.Timedelta(hours=1)
# The spans come as one JSON text: thousands of parameters would take longer than the counting.
_SPANS = {
    "sqlite": ("json_each(:spans)", "value ->> 0", "value ->> 1"),
    "postgresql": (
        "json_array_elements(CAST(:spans AS json)) AS span(value)",
        "CAST(value ->> 0 AS timestamptz)",
        "CAST(value ->> 1 AS timestamptz)",
    ),
}


def store_coverage(database: Database, symbol: str, resolution: str) -> float | None:
    """Measure which share of the calendar's bars is stored, and note it beside the series."""
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    calendar = calendar_of(get_instrument(database, symbol))
    with database.reading() as session:
        coverage = _measured(session, symbol, resolution, calendar)
    with database.writing() as session:
        session.execute(
            update(PriceSeries)
            .where(PriceSeries.symbol == symbol, PriceSeries.resolution == resolution)
            .values(coverage=coverage)
        )
    return coverage


def _measured(
    session: Session, symbol: str, resolution: str, calendar: SessionCalendar | None
) -> float | None:
    """Return what `coverage_of` the stored bars is, without reading a million times."""
    series = session.get(PriceSeries, (symbol, resolution))
    if calendar is None or series is None or series.first is None:
        return None
    if RESOLUTIONS[resolution] >= _HOUR:
        return _from_times(session, symbol, resolution, calendar)
    first, last = pd.Timestamp(series.first), pd.Timestamp(series.last)
    if first.tz_convert(None) < pd.Timestamp(calendar.known_from(first)):
        return _from_times(session, symbol, resolution, calendar)
    schedule = calendar.schedule_around(first, last)
    expected = int(slot_counts(schedule, resolution, first, last).sum())
    inside = series.bars - _count(session, symbol, resolution, closed_spans(schedule, first, last))
    return min(inside / expected, 1.0) if expected else None


def _from_times(session: Session, symbol: str, resolution: str, calendar) -> float | None:
    query = select(MarketPrice.ts).where(
        MarketPrice.symbol == symbol, MarketPrice.resolution == resolution
    )
    times = list(session.scalars(query.order_by(MarketPrice.ts)))
    return coverage_of(pd.DatetimeIndex(times, tz="UTC"), resolution, calendar)


def closed_spans(schedule: Schedule, first: pd.Timestamp, last: pd.Timestamp) -> np.ndarray:
    """Return the spans from the bar `first` to the bar `last` in which the exchange is closed.

    Two columns of datetime64[us]: the first moment of each, and the moment before which it ends.
    """
    begin, end = (np.datetime64(moment.tz_convert(None), "us") for moment in (first, last))
    paused = ~np.isnat(schedule.break_start)
    shut = np.concatenate(([begin], schedule.close, schedule.break_start[paused]))
    opened = np.concatenate((schedule.open, [end + 1], schedule.break_end[paused]))
    spans = np.stack([shut, opened], axis=1)
    return spans[spans[:, 0] < spans[:, 1]]


def _count(session: Session, symbol: str, resolution: str, spans: np.ndarray) -> int:
    """Count the bars in the spans: a short look into the index for each."""
    if len(spans) == 0:
        return 0
    dialect = session.get_bind().dialect.name
    source, begin, end = _SPANS[dialect]
    written = np.char.replace(np.datetime_as_string(spans, unit="us"), "T", " ")
    if dialect == "postgresql":
        written = np.char.add(written, "+00")
    query = text(
        "SELECT COALESCE(SUM((SELECT COUNT(*) FROM market_prices WHERE symbol = :symbol "
        f"AND resolution = :resolution AND ts >= {begin} AND ts < {end})), 0) FROM {source}"
    )
    given = {"symbol": symbol, "resolution": resolution, "spans": json.dumps(written.tolist())}
    return int(session.scalar(query, given))
