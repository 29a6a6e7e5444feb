"""Stored bars finer than those of a request, with the sessions that they belong to."""

from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from db.session import Database
from services.backtest.finer import FinerBars
from services.backtest.request import BacktestRequest
from services.backtest.risk import FINER_BARS, FINER_RESOLUTIONS
from services.calendars import SessionCalendar, calendar_of, week_start
from services.errors import NoBars
from services.instruments import Instrument, get_instrument
from services.market_data import read_bars
from services.quality.series import Series
from services.quality.sessions import session_of
from services.series_row import stored_ends
from services.timespan import RESOLUTIONS, is_session_based

# How far the sessions of a bar may lie from its time, as people label weeks in several ways.
_AROUND = pd.Timedelta(days=9)


def with_finer_named(database: Database, request: BacktestRequest) -> BacktestRequest:
    """Name the finest stored resolution in a request that leaves it open.

    Raises NoBars when a request needs finer bars and none are stored, or not the named ones.
    """
    if not request.settings.needs_finer:
        return request
    named, wanted = request.settings.finer_resolution, RESOLUTIONS[request.resolution]
    names = [name for name in FINER_RESOLUTIONS if RESOLUTIONS[name] < wanted]
    with database.reading() as session:
        stored = [name for name in names if _is_stored(session, request.symbol, name)]
    if not stored or named not in ("", *stored):
        raise _not_stored(request, named or names[-2:][0], stored)
    intrabar = f"{FINER_BARS}:{named or stored[0]}"
    return replace(request, settings=replace(request.settings, intrabar=intrabar))


def load_finer(
    database: Database, request: BacktestRequest, first: pd.Timestamp, last: pd.Timestamp
) -> FinerBars | None:
    """Return the finer bars of a request's bars from `first` to `last`; None if it needs none.

    Those outside the sessions of the exchange's calendar are left out. Raises NoBars.
    """
    if not request.settings.needs_finer:
        return None
    request = with_finer_named(database, request)
    resolution = request.settings.finer_resolution
    instrument = get_instrument(database, request.symbol)
    by_session = is_session_based(request.resolution)
    start = first - _AROUND if by_session else first
    end = last + (_AROUND if by_session else RESOLUTIONS[request.resolution])
    with database.reading() as session:
        bars = read_bars(
            session, request.symbol, resolution, with_indicators=False, start=start, end=end
        )
    finer = FinerBars(bars, resolution, tick=instrument.tick_size)
    if not by_session:
        return finer
    return _within(_in_sessions(finer, instrument), first, last, request.resolution == "1w")


def load_finer_for(
    database: Database, request: BacktestRequest, bars: pd.DataFrame, span: tuple
) -> FinerBars | None:
    """Return the finer bars of those bars that lie in a span (None: unlimited), as load_finer."""
    start, end = span
    ts = bars["ts"] if end is None else bars["ts"][bars["ts"] <= end]
    ts = ts if start is None else ts[ts >= start]
    if ts.empty or not request.settings.needs_finer:
        return None
    return load_finer(database, request, ts.iloc[0], ts.iloc[-1])


def _is_stored(session: Session, symbol: str, resolution: str) -> bool:
    return stored_ends(session, (symbol, resolution))[0] is not None


def _in_sessions(finer: FinerBars, instrument: Instrument) -> FinerBars:
    """Find the session of each bar, and leave out what trades in none."""
    bars, calendar = finer.bars, calendar_of(instrument)
    if bars.empty or is_session_based(finer.resolution):
        return replace(finer, sessions=_utc_dates(bars))
    if calendar is None:
        local = bars["ts"].dt.tz_convert(instrument.timezone or "UTC").dt.tz_localize(None)
        return replace(finer, sessions=local.to_numpy().astype("datetime64[D]"))
    return _held_against(finer, calendar)


def _held_against(finer: FinerBars, calendar: SessionCalendar) -> FinerBars:
    series = Series.of(finer.bars, finer.resolution)
    schedule = calendar.schedule_around(series.ts[0], series.ts[-1] + series.step)
    if len(schedule) == 0:
        return replace(finer, bars=finer.bars.iloc[:0], sessions=_utc_dates(finer.bars.iloc[:0]))
    place, inside = session_of(series, schedule)
    bars = finer.bars[inside].reset_index(drop=True)
    return replace(finer, bars=bars, sessions=schedule.dates[place[inside]])


def _utc_dates(bars: pd.DataFrame) -> np.ndarray:
    return bars["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[D]")


def _within(finer: FinerBars, first: pd.Timestamp, last: pd.Timestamp, weekly: bool) -> FinerBars:
    """Keep the sessions of the days, or weeks, from the first bar's to the last one's."""
    ends = (np.datetime64(moment.tz_localize(None), "D") for moment in (first, last))
    begin, end = (week_start(day) if weekly else day for day in ends)
    sessions = week_start(finer.sessions) if weekly else finer.sessions
    kept = (sessions >= begin) & (sessions <= end)
    return replace(
        finer, bars=finer.bars[kept].reset_index(drop=True), sessions=finer.sessions[kept]
    )


def _not_stored(request: BacktestRequest, wanted: str, stored: list[str]) -> NoBars:
    named = request.settings.finer_resolution
    what = f"{named} bars" if named else f"bars finer than {request.resolution}"
    others = f" (there are {', '.join(stored)})" if stored else ""
    return NoBars(
        f"No {what} of {request.symbol} are stored to look into its bars{others}. Bring them in "
        f'with: python -m scripts.ingest -s "{request.symbol}" -r {wanted} '
        "--file prices.csv, or let the stop come first within a bar."
    )
