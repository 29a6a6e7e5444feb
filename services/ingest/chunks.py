"""Cuts a span into the pieces that the broker gives in one answer.

No piece may end within a bar: of such a bar the broker gives what has traded up to the end.

Step sizes (Interactive Brokers, historical data limitations): a duration in days goes with bars of
up to one hour, in weeks or months with bars of up to four hours, in years with daily bars.
"""

import math
from dataclasses import dataclass

import pandas as pd

_DAY = pd.Timedelta(days=1)
# The longest span that is certain to come in one answer, and its length in days.
LONGEST: dict[str, tuple[str, int]] = {
    "1m": ("1 D", 1),
    "5m": ("1 W", 7),
    "15m": ("1 W", 7),
    "30m": ("1 M", 28),
    "1h": ("1 M", 28),
    "4h": ("1 M", 27),
    "1d": ("1 Y", 365),
    "1w": ("1 Y", 364),
}
# A bar of four hours may reach over midnight: so much later ends the request, not the piece.
BEYOND = {"4h": pd.Timedelta(hours=4)}
IN_DAYS = ("1m", "5m", "15m", "30m", "1h")
# Stored bars that are fetched once more to see whether the past has changed.
OVERLAP_DAYS = {"1m": 0, "5m": 1, "15m": 1, "30m": 3, "1h": 3, "4h": 7, "1d": 30, "1w": 120}


@dataclass(frozen=True)
class Chunk:
    """Bars with `start` <= ts < `end`; the broker is asked for `duration` up to `asked_until`."""

    start: pd.Timestamp
    end: pd.Timestamp
    duration: str
    beyond: pd.Timedelta = pd.Timedelta(0)

    @property
    def asked_until(self) -> pd.Timestamp:
        """Return the moment at which the last bar is complete."""
        return self.end + self.beyond


def forward_chunks(
    start: pd.Timestamp, end: pd.Timestamp, resolution: str, timezone: str = "UTC"
) -> list[Chunk]:
    """Cut [start, end) at midnights of the exchange's clock, oldest first.

    The first chunk begins at the midnight before `start`, the last ends at the one after `end`: a
    day is one session, and the broker counts days so. Weeks are not cut.
    """
    _, days = LONGEST[resolution]
    first, last = _ends(start, end, resolution, timezone)
    chunks = []
    while first < last:
        until = min(first + days * _DAY, last)
        chunks.append(_chunk(first, until, resolution, timezone))
        first = until
    return chunks


def backward_chunks(
    start: pd.Timestamp, end: pd.Timestamp, resolution: str, timezone: str = "UTC"
) -> list[Chunk]:
    """Cut [start, end) likewise, newest first, whole chunks from the end."""
    _, days = LONGEST[resolution]
    first, last = _ends(start, end, resolution, timezone)
    chunks = []
    while first < last:
        since = max(last - days * _DAY, first)
        chunks.append(_chunk(since, last, resolution, timezone))
        last = since
    return chunks


def _ends(
    start: pd.Timestamp, end: pd.Timestamp, resolution: str, timezone: str
) -> tuple[pd.Timestamp, pd.Timestamp]:
    first, last = _midnight(start, timezone), _midnight(end, timezone) + _DAY
    if resolution == "1w":
        first -= first.weekday() * _DAY
        last += -last.weekday() % 7 * _DAY
    return first, last


def _chunk(first: pd.Timestamp, last: pd.Timestamp, resolution: str, timezone: str) -> Chunk:
    return Chunk(
        _moment(first, timezone),
        _moment(last, timezone),
        _asked(first, last, resolution),
        BEYOND.get(resolution, pd.Timedelta(0)),
    )


def _asked(first: pd.Timestamp, last: pd.Timestamp, resolution: str) -> str:
    longest, days = LONGEST[resolution]
    count = math.ceil((last - first) / _DAY)
    if count >= days:
        return longest
    if resolution in IN_DAYS:
        return f"{count} D"
    if resolution == "4h":
        return f"{math.ceil((count + 1) / 7)} W"
    return longest


def _midnight(moment: pd.Timestamp, timezone: str) -> pd.Timestamp:
    """Return the date on the exchange's clock, without a zone: days there may have 23 hours."""
    return moment.tz_convert(timezone).tz_localize(None).normalize()


def _moment(midnight: pd.Timestamp, timezone: str) -> pd.Timestamp:
    local = midnight.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward")
    return local.tz_convert("UTC")
