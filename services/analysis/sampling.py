"""The returns of a run as its metrics sample them, each with the date on which it was made."""

import weakref
from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.backtest.result import BacktestResult
from services.metrics import Calendar, calendar_of, returns_of

_US_A_DAY = 86_400_000_000
_WEEKS_A_YEAR = 52
_FRIDAY = 4  # days after the Monday that a weekly bar is labelled with
_KEPT = 8


@dataclass(frozen=True, eq=False)
class Sampled:
    """The closes that count as one return each (`calendar.ends`), arrays of one value a close.

    `dates` (datetime64[D]) are the exchange's days of these closes; `before` and
    `benchmark_before` are what the curve was worth one sampled close earlier (the cash at first).
    """

    calendar: Calendar
    dates: np.ndarray
    equity: np.ndarray
    benchmark: np.ndarray
    returns: np.ndarray
    benchmark_returns: np.ndarray
    cash: float

    @property
    def ts(self) -> np.ndarray:
        """Times of the sampled bars, datetime64[us] in UTC."""
        return self.calendar.ts[self.calendar.ends]

    @property
    def is_weekly(self) -> bool:
        """Tell whether the bars are weeks."""
        return self.calendar.periods_a_year == _WEEKS_A_YEAR

    @property
    def never_closes(self) -> bool:
        """Tell whether the market trades seven days a week."""
        return self.calendar.periods_a_year == 365


_recent: dict[tuple[int, str], tuple[weakref.ref, Sampled]] = {}


def sampled(result: BacktestResult, timezone: str = "UTC") -> Sampled:
    """Sample a run's curves; `timezone` says where a day of intraday bars ends, as in metrics.

    Sampling a million bars costs more than most that is done with it, so that of the last few
    results is kept for as long as they live.
    """
    key = (id(result), timezone)
    known = _recent.get(key)
    if known is not None and known[0]() is result:
        return known[1]
    answer = _sample(result, timezone)
    for oldest in list(_recent)[: 1 - _KEPT]:  # a copy: other threads keep theirs meanwhile
        _recent.pop(oldest, None)
    _recent[key] = (weakref.ref(result, lambda _: _recent.pop(key, None)), answer)
    return answer


def _sample(result: BacktestResult, timezone: str) -> Sampled:
    calendar = calendar_of(result.bars["ts"], timezone)
    cash = result.settings.cash
    equity = result.equity.to_numpy()[calendar.ends]
    benchmark = result.benchmark_equity.to_numpy()[calendar.ends]
    return Sampled(
        calendar,
        _close_dates(calendar, timezone),
        equity,
        benchmark,
        returns_of(equity, cash),
        returns_of(benchmark, cash),
        cash,
    )


def _close_dates(calendar: Calendar, timezone: str) -> np.ndarray:
    """Return the day of each sampled close: a week, labelled by its Monday, closes on Friday."""
    stamps = calendar.ts[calendar.ends]
    if calendar.periods_a_year == _WEEKS_A_YEAR:
        return stamps.astype("datetime64[D]") + _FRIDAY
    return local_times(stamps, timezone, calendar.ts).astype("datetime64[D]")


def local_times(stamps: np.ndarray, timezone: str, bars: np.ndarray) -> np.ndarray:
    """Return times in UTC (datetime64[us]) as the clocks of a time zone show them.

    When all `bars` of the run begin at midnight UTC they stand for whole days, whose date is the
    same everywhere (as in `services.metrics.calendar_of`).
    """
    if timezone == "UTC" or not (bars.astype(np.int64) % _US_A_DAY).any():
        return stamps
    aware = pd.DatetimeIndex(stamps, tz="UTC")
    return aware.tz_convert(timezone).tz_localize(None).to_numpy().astype("datetime64[us]")


def bar_times(result: BacktestResult) -> np.ndarray:
    """Return the times of a run's bars as datetime64[us] in UTC."""
    ts = result.bars["ts"].dt.tz_convert("UTC").dt.tz_localize(None)
    return ts.to_numpy().astype("datetime64[us]")
