"""When a return is taken of an equity curve, read off the times of its bars."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from pandas.arrays import DatetimeArray

_US_A_DAY = 86_400_000_000


class Sampling(NamedTuple):
    """A Calendar as the compiled metrics take it; `ts` in microseconds."""

    ends: np.ndarray
    periods_a_year: float
    days: float
    ts: np.ndarray


@dataclass(frozen=True)
class Calendar:
    """Which closes count as one return, and how many of them make a year.

    `ends` are the positions of those closes: every bar for daily and weekly bars, the last bar
    of each day for finer ones. `days` is the calendar span from the first to the last bar.
    """

    ends: np.ndarray
    periods_a_year: int
    days: float
    ts: np.ndarray

    @property
    def sampling(self) -> Sampling:
        """The same for the compiled metrics."""
        stamps = np.array(self.ts, "datetime64[us]").view(np.int64)
        return Sampling(self.ends, float(self.periods_a_year), float(self.days), stamps)


def calendar_of(ts: pd.Series, timezone: str = "UTC") -> Calendar:
    """Read the sampling of returns off the bars' times (`timezone` says where a day ends).

    Bars a week apart: 52 a year. Days: 252, or 365 for a market that trades seven days a week.
    """
    return calendar_of_times(ts.array, timezone)


def calendar_of_times(times: DatetimeArray, timezone: str = "UTC") -> Calendar:
    """Read the same off a column's array."""
    index = pd.DatetimeIndex(times, copy=False)
    microseconds = _microseconds(index)
    stamps = microseconds.view("datetime64[us]")
    days = (microseconds[-1] - microseconds[0]) / _US_A_DAY
    if days and is_weekly(np.diff(microseconds)):
        return Calendar(np.arange(len(stamps)), 52, days, stamps)
    local = microseconds
    # A daily bar carries its date at midnight UTC, which is another day elsewhere.
    if timezone != "UTC" and (microseconds % _US_A_DAY).any():
        local = _microseconds(index.tz_convert(timezone).tz_localize(None))
    ends, trades_seven_days = _days_of(local)
    return Calendar(ends, 365 if trades_seven_days else 252, days, stamps)


def _microseconds(index: pd.DatetimeIndex) -> np.ndarray:
    """Return times as numbers, of the one kind that the compiled code is made for."""
    in_unit = index if index.unit == "us" else index.as_unit("us")
    return np.require(in_unit.asi8, np.int64, ["C", "W"])


def is_weekly(gaps: np.ndarray) -> bool:
    """Tell whether bars are usually five days apart or more, by the median gap."""
    far = np.count_nonzero(gaps >= 5 * _US_A_DAY)
    if far * 2 == len(gaps):  # the median lies between two gaps
        return bool(np.median(gaps) >= 5 * _US_A_DAY)
    return far * 2 > len(gaps)


@njit(cache=True, nogil=True)
def _days_of(local):
    """Return the positions of the last bars of all days, and whether weekends are traded.

    They are where most weeks have both days of one. One alone proves nothing: in UTC, New York's
    Friday evening is a Saturday, and the Sunday evening of futures a Sunday.
    """
    ends, count = np.empty(len(local), np.int64), 0
    date = local[0] // _US_A_DAY
    week, weeks, both = (date + 3) // 7, 1, 0
    for i in range(1, len(local)):
        next_date = local[i] // _US_A_DAY
        if next_date != date:
            ends[count] = i - 1
            count += 1
            next_week = (next_date + 3) // 7
            weeks += next_week != week
            # Dates ascend, so a Saturday and the Sunday of its week stand side by side.
            both += (date + 3 - 7 * week == 5) & (next_date == date + 1)
            date, week = next_date, next_week
    ends[count] = len(local) - 1
    return ends[: count + 1].copy(), both * 2 >= weeks
