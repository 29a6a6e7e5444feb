"""When a return is taken of an equity curve, read off the times of its bars."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

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
    index = pd.DatetimeIndex(ts.array, copy=False)
    microseconds = index.as_unit("us").asi8
    stamps = microseconds.view("datetime64[us]")
    days = (microseconds[-1] - microseconds[0]) / _US_A_DAY
    if days and is_weekly(np.diff(microseconds)):
        return Calendar(np.arange(len(stamps)), 52, days, stamps)
    local = microseconds
    # A daily bar carries its date at midnight UTC, which is another day elsewhere.
    if timezone != "UTC" and (microseconds % _US_A_DAY).any():
        local = index.tz_convert(timezone).tz_localize(None).as_unit("us").asi8
    day = local // _US_A_DAY
    ends = np.flatnonzero(np.append(np.diff(day) != 0, True))
    return Calendar(ends, 365 if _trades_seven_days(day[ends]) else 252, days, stamps)


def is_weekly(gaps: np.ndarray) -> bool:
    """Tell whether bars are usually five days apart or more, by the median gap."""
    far = np.count_nonzero(gaps >= 5 * _US_A_DAY)
    if far * 2 == len(gaps):  # the median lies between two gaps
        return bool(np.median(gaps) >= 5 * _US_A_DAY)
    return far * 2 > len(gaps)


def _trades_seven_days(dates: np.ndarray) -> bool:
    """Tell whether most weeks have both days of a weekend.

    One alone proves nothing: in UTC, New York's Friday evening is a Saturday, and the Sunday
    evening of futures a Sunday.
    """
    week = (dates + 3) // 7
    is_saturday = dates + 3 - 7 * week == 5
    # Dates ascend, so a Saturday and the Sunday of its week stand side by side.
    both = is_saturday[:-1] & (dates[1:] == dates[:-1] + 1)
    weeks = 1 + np.count_nonzero(week[1:] != week[:-1])
    return np.count_nonzero(both) * 2 >= weeks
