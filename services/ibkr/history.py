"""Price bars as the gateway sends them, with the time of each bar's start; nothing is judged."""

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from services.bars import BAR_COLUMNS
from services.errors import EmptyAnswer, UnreadableAnswer
from services.ibkr.contracts import Contract
from services.ibkr.session import Session
from services.timespan import is_session_based

BAR_SIZES = {
    "1m": "1 min",
    "5m": "5 mins",
    "15m": "15 mins",
    "30m": "30 mins",
    "1h": "1 hour",
    "4h": "4 hours",
    "1d": "1 day",
    "1w": "1 week",
}
_EPOCH_TIMES = 2  # the format of dates that no clock change makes ambiguous
_TRADED = {
    "TRADES",
    "ADJUSTED_LAST",
    "AGGTRADES",
}  # elsewhere a volume of -1 says that there is none


async def fetch_bars(
    session: Session,
    contract: Contract,
    resolution: str,
    end: pd.Timestamp | None,
    duration: str,
    regular_hours: bool,
    what: str,
    limit: float,
) -> pd.DataFrame:
    """Return the bars that the gateway has; raise EmptyAnswer when there is none."""
    wanted = contract.to_library(session.library)
    until = "" if end is None else end.tz_convert("UTC").strftime("%Y%m%d-%H:%M:%S")

    def send(number: int) -> None:
        session.client.reqHistoricalData(
            number, wanted, until, duration, BAR_SIZES[resolution], what, int(regular_hours),
            _EPOCH_TIMES, False, [],
        )  # fmt: skip

    subject = f"{duration} of {contract.symbol} {resolution}"
    rows = await session.ask(send, subject, limit, session.client.cancelHistoricalData)
    if not rows:
        raise EmptyAnswer(
            f"The broker has no bars for {subject} up to {until or 'now'}: choose another span."
        )
    return to_frame(rows, resolution, contract.timezone, what)


async def fetch_head_time(
    session: Session, contract: Contract, regular_hours: bool, what: str, limit: float
) -> pd.Timestamp:
    """Return the time of the first bar that the broker has."""
    wanted = contract.to_library(session.library)

    def send(number: int) -> None:
        session.client.reqHeadTimeStamp(number, wanted, what, int(regular_hours), _EPOCH_TIMES)

    subject = f"the first bar of {contract.symbol}"
    moment = await session.ask(send, subject, limit, session.client.cancelHeadTimeStamp)
    return _instant(moment)


def to_frame(rows: list[Any], resolution: str, timezone: str, what: str) -> pd.DataFrame:
    """Lay the library's bars out as a frame with the columns of bars, in the order of arrival."""
    if is_session_based(resolution):
        starts = [_session(row.date, timezone) for row in rows]
        if resolution == "1w":
            starts = [start - pd.Timedelta(days=start.weekday()) for start in starts]
    else:
        starts = [_instant(row.date) for row in rows]
    frame = pd.DataFrame({"ts": pd.DatetimeIndex(starts).as_unit("us")})
    for name in BAR_COLUMNS[1:]:
        frame[name] = np.array([getattr(row, name) for row in rows], dtype="float64")
    if what not in _TRADED:
        frame["volume"] = frame["volume"].mask(frame["volume"] == -1)
    return frame


def _instant(moment: date | datetime) -> pd.Timestamp:
    """Return a moment as UTC; one without a time zone would be a guess."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise UnreadableAnswer(
            f"The gateway sent the time {moment} without a time zone, which cannot be placed: set "
            "TWS or IB Gateway to send UTC times, or update it."
        )
    return pd.Timestamp(moment).tz_convert("UTC")


def _session(day: date | datetime, timezone: str) -> pd.Timestamp:
    """Return the session's date at 00:00 UTC."""
    if isinstance(day, datetime):
        day = _midnight(day, timezone)
    return pd.Timestamp(day.year, day.month, day.day, tz="UTC")


def _midnight(moment: datetime, timezone: str) -> date:
    """Return the date that a moment stands for, if it is a midnight in UTC or at the exchange."""
    instant = _instant(moment)
    for zone in ("UTC", timezone):
        local = instant.tz_convert(zone or "UTC")
        if local == local.normalize():
            return local.date()
    raise UnreadableAnswer(
        f"The gateway sent the time {instant} for a daily bar, which names no session: ask again, "
        "or update TWS or IB Gateway."
    )
