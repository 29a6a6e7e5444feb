"""The spans in which equity lay below its highest value so far."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.analysis.sampling import bar_times
from services.backtest.result import BacktestResult
from services.metrics import drawdown_of

_US_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class UnderwaterPeriod:
    """One fall from a peak and what became of it; the bars are positions in the run.

    `depth` is a fraction < 0, reached at `trough`. `recovery` is the close at which the peak was
    regained, None when the run ends before. `days` run from the peak to the recovery or to the
    end, `days_down` from the peak to the trough, `days_up` from there to the recovery.
    """

    peak: pd.Timestamp
    trough: pd.Timestamp
    recovery: pd.Timestamp | None
    depth: float
    days: float
    days_down: float
    days_up: float | None
    peak_bar: int
    trough_bar: int
    end_bar: int


@dataclass(frozen=True)
class Underwater:
    """All periods at a glance: how many, how long in all, and the longest of them.

    `share` is the share of closes below the peak, `average_depth` the mean of the periods'
    depths, `current` the period that the run ends in (None at a peak).
    """

    count: int
    share: float
    average_depth: float | None
    average_days: float | None
    longest: UnderwaterPeriod | None
    deepest: UnderwaterPeriod | None
    current: UnderwaterPeriod | None


def underwater_periods(
    result: BacktestResult, most: int | None = 10
) -> tuple[UnderwaterPeriod, ...]:
    """Return the deepest periods of a run, deepest first; all of them for `most` None.

    Spans are those of `services.metrics`: the starting cash at the first bar is a peak, and a
    span runs from the last close at the peak to the close that regains it. So the depth of the
    first is the max drawdown, and the longest of all is its duration.
    """
    spans = _spans(result)
    order = np.argsort(spans.depth, kind="stable")[:most]
    return tuple(spans.period(i) for i in order.tolist())


def underwater(result: BacktestResult) -> Underwater:
    """Sum up all the periods of a run."""
    spans = _spans(result)
    count = len(spans.depth)
    if count == 0:
        return Underwater(0, 0.0, None, None, None, None, None)
    is_open = spans.fall[-1] < 0
    return Underwater(
        count=count,
        share=float((spans.fall < 0).mean()),
        average_depth=float(spans.depth.mean()),
        average_days=float(spans.days.mean()),
        longest=spans.period(int(spans.days.argmax())),
        deepest=spans.period(int(spans.depth.argmin())),
        current=spans.period(count - 1) if is_open else None,
    )


@dataclass(frozen=True, eq=False)
class _Spans:
    """Arrays of one value a span: its first and last bar, its depth and its days."""

    ts: np.ndarray
    fall: np.ndarray
    first: np.ndarray
    last: np.ndarray
    depth: np.ndarray
    days: np.ndarray

    def period(self, i: int) -> UnderwaterPeriod:
        first, last = int(self.first[i]), int(self.last[i])
        trough = first + int(self.fall[first : last + 1].argmin())
        recovered = self.fall[last] == 0.0
        return UnderwaterPeriod(
            peak=self._stamp(first),
            trough=self._stamp(trough),
            recovery=self._stamp(last) if recovered else None,
            depth=float(self.depth[i]),
            days=float(self.days[i]),
            days_down=self._days(first, trough),
            days_up=self._days(trough, last) if recovered else None,
            peak_bar=first,
            trough_bar=trough,
            end_bar=last,
        )

    def _stamp(self, bar: int) -> pd.Timestamp:
        return pd.Timestamp(self.ts[bar], tz="UTC")

    def _days(self, first: int, last: int) -> float:
        return float((self.ts[last] - self.ts[first]).astype(np.int64) / _US_A_DAY)


def _spans(result: BacktestResult) -> _Spans:
    ts = bar_times(result)
    fall = drawdown_of(result.equity.to_numpy(), result.settings.cash)
    under = np.concatenate(([False], fall < 0, [False]))
    begins = np.flatnonzero(~under[:-1] & under[1:])  # the first bar below
    ends = np.flatnonzero(under[:-1] & ~under[1:])  # the first bar above again, or one too many
    depth = np.minimum.reduceat(np.append(fall, 0.0), begins) if len(begins) else np.empty(0)
    first = np.maximum(begins - 1, 0)
    last = np.minimum(ends, len(fall) - 1)
    days = (ts[last] - ts[first]).astype(np.int64) / _US_A_DAY
    return _Spans(ts, fall, first, last, depth, days)
