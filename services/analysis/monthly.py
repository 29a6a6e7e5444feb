"""Returns by calendar month and year, as they chain to the total return."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.analysis.numbers import highest_of, lowest_of, mean_of, median_of, share_of
from services.analysis.sampling import Sampled, sampled
from services.backtest.result import BacktestResult

Curve = Literal["strategy", "benchmark"]
_DAYS_A_WEEK = 7
_WITHIN_SCALE = 0.95


@dataclass(frozen=True)
class MonthlyReturns:
    """Returns by month: `table[year][month]` (1 to 12), None where the run has no close.

    `years` ascend; `totals[year]` is the year's return, its months chained, and `total` the whole
    run's. `partial` holds the (year, month) that the run covers in part only. Colours run from
    -`scale` to +`scale`: nineteen of twenty months lie within, lest one pale all the others.
    """

    years: tuple[int, ...]
    table: dict[int, dict[int, float | None]]
    totals: dict[int, float]
    total: float
    partial: frozenset[tuple[int, int]]
    scale: float
    best: float | None
    worst: float | None
    mean: float | None
    median: float | None
    positive: float | None


def monthly_returns(
    result: BacktestResult, timezone: str = "UTC", curve: Curve = "strategy"
) -> MonthlyReturns:
    """Compute the monthly and yearly returns of the strategy or of Buy & Hold.

    A month's return is its last equity over that of the last month that has any (the starting
    cash at first), so that the table chains to the total return. Months are those of the
    exchange's days; a week counts in the month of its Friday.
    """
    sample = sampled(result, timezone)
    equity = sample.equity if curve == "strategy" else sample.benchmark
    months, month_values = _by(sample.dates, "M", equity, sample.cash)
    years, year_values = _by(sample.dates, "Y", equity, sample.cash)
    numbers = [1970 + year for year in years.tolist()]
    table: dict[int, dict[int, float | None]] = {
        year: dict.fromkeys(range(1, 13)) for year in range(numbers[0], numbers[-1] + 1)
    }
    for month, value in zip(months.tolist(), month_values.tolist(), strict=True):
        table[1970 + month // 12][month % 12 + 1] = value
    return MonthlyReturns(
        years=tuple(table),
        table=table,
        totals=dict(zip(numbers, year_values.tolist(), strict=True)),
        total=float(equity[-1] / sample.cash - 1.0),
        partial=_partial(sample),
        scale=float(np.quantile(np.abs(month_values), _WITHIN_SCALE)),
        best=highest_of(month_values),
        worst=lowest_of(month_values),
        mean=mean_of(month_values),
        median=median_of(month_values),
        positive=share_of(float((month_values > 0).sum()), len(month_values)),
    )


def _by(
    dates: np.ndarray, unit: str, equity: np.ndarray, cash: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the periods (counted from 1970) that have a close, and the return of each."""
    period = dates.astype(f"datetime64[{unit}]").astype(np.int64)
    ends = np.flatnonzero(np.append(np.diff(period) != 0, True))
    last = equity[ends]
    return period[ends], last / np.append(cash, last[:-1]) - 1.0


def _partial(sample: Sampled) -> frozenset[tuple[int, int]]:
    """Find which of the first and the last month the run covers in part.

    One weekday that is missing at an end may be a holiday, more are not.
    """
    first, last = sample.dates[0], sample.dates[-1]
    begins = first.astype("datetime64[M]").astype("datetime64[D]")
    after = (last.astype("datetime64[M]") + 1).astype("datetime64[D]")
    found = set()
    if not _is_whole(sample, begins, first):
        found.add(_year_and_month(first))
    if not _is_whole(sample, last + 1, after):
        found.add(_year_and_month(last))
    return frozenset(found)


def _is_whole(sample: Sampled, start: np.datetime64, stop: np.datetime64) -> bool:
    """Tell whether the days from start to stop, stop left out, may hold no close."""
    days = int((stop - start).astype(np.int64))
    if sample.is_weekly:
        return days < _DAYS_A_WEEK
    return days <= 0 if sample.never_closes else int(np.busday_count(start, stop)) <= 1


def _year_and_month(date: np.datetime64) -> tuple[int, int]:
    day = date.astype(object)
    return day.year, day.month
