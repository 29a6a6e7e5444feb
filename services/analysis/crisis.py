"""How a run came through the falls of the market that everybody remembers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.analysis.sampling import Sampled, sampled
from services.backtest.result import BacktestResult
from services.metrics import drawdown_of

# From the closing high to the closing low of the S&P 500 (index levels of S&P Dow Jones Indices):
# 1527.46 to 776.76, 1565.15 to 676.53, 1363.61 to 1099.23, 2930.75 to 2351.10, 3386.15 to
# 2237.40, 4796.56 to 3577.03. That of 2015-16 begins where the fall broke out, at 2102.44 three
# months after the high of 2130.82, and ends at the low of 1829.08.
CRISES: tuple[tuple[str, str, str], ...] = (
    ("Dot-com, 2000–02", "2000-03-24", "2002-10-09"),
    ("Financial crisis, 2008", "2007-10-09", "2009-03-09"),
    ("Euro debt and US rating, 2011", "2011-04-29", "2011-10-03"),
    ("China and oil, 2015–16", "2015-08-17", "2016-02-11"),
    ("Fourth quarter of 2018", "2018-09-20", "2018-12-24"),
    ("Pandemic, 2020", "2020-02-19", "2020-03-23"),
    ("Inflation and rates, 2022", "2022-01-03", "2022-10-12"),
)
_DAYS_A_WEEK = 7


@dataclass(frozen=True)
class CrisisWindow:
    """One fall of the market and what the run did in it; `partial` when it covers not all of it.

    Returns are fractions from the close of the first day (from the starting cash when the run
    begins later) to the close of the last; drawdowns are the deepest falls below the highest
    close since the first day, <= 0. `covered_from` and `covered_to` are what the run saw of it.
    """

    name: str
    start: pd.Timestamp
    end: pd.Timestamp
    partial: bool
    covered_from: pd.Timestamp
    covered_to: pd.Timestamp
    total_return: float
    drawdown: float
    benchmark_return: float
    benchmark_drawdown: float


def crisis_windows(result: BacktestResult, timezone: str = "UTC") -> tuple[CrisisWindow, ...]:
    """Measure the run in every window of CRISES of which it has closes, in order of time."""
    sample = sampled(result, timezone)
    found = (_window(result, sample, *crisis) for crisis in CRISES)
    return tuple(window for window in found if window is not None)


def _window(
    result: BacktestResult, sample: Sampled, name: str, start: str, end: str
) -> CrisisWindow | None:
    first, last = np.datetime64(start, "D"), np.datetime64(end, "D")
    # Closes up to the first day lie before the fall, the last of them is its base.
    before, stop = (int(i) for i in np.searchsorted(sample.dates, [first, last], side="right"))
    if stop == before:
        return None
    final, ended = sample.dates[-1], _ended(sample, last)
    return CrisisWindow(
        name,
        pd.Timestamp(start),
        pd.Timestamp(end),
        before == 0 or not ended,
        pd.Timestamp(first if before else sample.dates[0]),
        pd.Timestamp(last if ended else final),
        *_measured(result.equity.to_numpy(), sample, before, stop),
        *_measured(result.benchmark_equity.to_numpy(), sample, before, stop),
    )


def _ended(sample: Sampled, last: np.datetime64) -> bool:
    """Tell whether the run goes on to the last day; weeks to the last one that closed by then."""
    patience = _DAYS_A_WEEK - 1 if sample.is_weekly else 0
    return bool(sample.dates[-1] + patience >= last)


def _measured(equity: np.ndarray, sample: Sampled, before: int, stop: int) -> tuple[float, float]:
    """Return total return and max drawdown from sampled close `before` - 1 to `stop` - 1."""
    ends = sample.calendar.ends
    begin = int(ends[before - 1]) + 1 if before else 0
    base = float(equity[begin - 1]) if before else sample.cash
    within = equity[begin : int(ends[stop - 1]) + 1]
    return float(within[-1] / base - 1.0), float(drawdown_of(within, base).min())
