"""Fetches what a span lacks of stored bars, from the source that has them."""

import pandas as pd

from services.calendars import calendar_of
from services.errors import BrokerError, NoBars, NotConnected, did_you_mean
from services.ingest.fetching import SOURCE
from services.ingest.ibkr_source import ingest_ibkr
from services.ingest.request import IngestRequest
from services.ingest.sample_source import RESOLUTION, SAMPLES, ingest_sample
from services.instruments import known_symbols, normalise_symbol, stored_instrument
from services.progress import Report, silent
from services.series import Series, series_of
from services.timespan import RESOLUTIONS, check_resolution, is_session_based, utc_now
from services.workspace import Workspace

_CLOSE_ENOUGH = pd.Timedelta(days=7)  # a span may begin on a holiday
_FRESH = pd.Timedelta(days=1)  # where no calendar is known


def fetch_missing(
    workspace: Workspace,
    symbol: str,
    resolution: str,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    report: Report = silent,
) -> str | None:
    """Bring in what is not stored of a span: from `start` (None: as stored) to `end` (None: now).

    Nothing is asked when nothing is missing; bars from a file are left alone. Where some are
    stored and the broker fails, its sentence is returned, else raised. A sample stands in while
    the broker is not connected, and a sentence says so.
    """
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    stored = series_of(workspace.database, symbol, resolution)
    if stored and stored.bars and not _lacks(workspace, stored, start, end):
        return None
    request = IngestRequest(symbol, resolution, _duration_to(start))
    try:
        ingest_ibkr(workspace, request, report)
    except BrokerError as error:
        if stored and stored.bars:
            return f"The bars could not be brought up to date: {error}"
        if not isinstance(error, NotConnected):
            raise
        if symbol not in SAMPLES or resolution != RESOLUTION:
            raise _no_source(workspace, symbol, resolution, error) from error
        sample = ingest_sample(workspace.database, symbol, resolution, report=report)
        return f"the sample's bars are used, which end on {sample.last:%Y-%m-%d}: {error}"
    return None


def _lacks(
    workspace: Workspace, stored: Series, start: pd.Timestamp | None, end: pd.Timestamp | None
) -> bool:
    """Tell whether the broker may have bars of the span that are not stored."""
    if stored.source not in (SOURCE, "sample", None):
        return False
    if start is not None and stored.first > start + _CLOSE_ENOUGH:
        return True
    return stored.last < min(
        _last_start(workspace, stored), end or pd.Timestamp.max.tz_localize("UTC")
    )


def _last_start(workspace: Workspace, stored: Series) -> pd.Timestamp:
    """Return the time of the last bar that is complete by now."""
    now = utc_now()
    calendar = calendar_of(stored_instrument(workspace.database, stored.symbol))
    size = RESOLUTIONS[stored.resolution]
    whole_days = is_session_based(stored.resolution)  # complete when their day is over in UTC
    closed = calendar.last_close(now.normalize() if whole_days else now) if calendar else None
    if closed is None:
        return now - max(size * 2, _FRESH)
    session, close = closed
    if stored.resolution == "1w":
        monday = now.normalize() - pd.Timedelta(days=now.day_of_week)
        return monday - size
    return session if whole_days else close - size


def _duration_to(start: pd.Timestamp | None) -> str | None:
    if start is None:
        return None
    days = max((utc_now() - start) / pd.Timedelta(days=1), 1)
    return f"{int(days) + 1} D"


def _no_source(workspace: Workspace, symbol: str, resolution: str, error: NotConnected) -> NoBars:
    known = {*known_symbols(workspace.database), *SAMPLES}
    suggestion = "" if symbol in known else did_you_mean(symbol, known)
    return NoBars(
        f'No {resolution} bars of "{symbol}" are stored, and no broker answers.{suggestion} '
        f'{error} Or bring a file in: python -m scripts.ingest -s "{symbol}" -r {resolution} '
        "--file prices.csv"
    )
