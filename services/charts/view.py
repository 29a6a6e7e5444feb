"""The part of a series that is in view, in as many candles as a screen can show."""

import math
from dataclasses import dataclass

import numpy as np

CANDLES_IN_VIEW = 420
MARGIN = 0.3  # of the view, loaded to each side so that a small pan shows no gap
_LEAST_BARS = 5


@dataclass(frozen=True)
class View:
    """Bars `first` to `last` (excluded) in buckets of `step` bars; lo..hi is what is in view.

    `starts` and `ends` are each bucket's first and last bar, `x` its middle; all are positions
    in the series.
    """

    lo: float
    hi: float
    step: int
    starts: np.ndarray
    ends: np.ndarray

    @property
    def x(self) -> np.ndarray:
        """The middle of each bucket."""
        return (self.starts + self.ends) / 2

    @property
    def range(self) -> tuple[float, float]:
        """What the axis shows: the bars in view whole."""
        return self.lo - 0.5, self.hi + 0.5

    @property
    def visible(self) -> np.ndarray:
        """Which buckets the axis shows, even if only the edge of their candle."""
        left, right = self.range
        # To its whole width also for the last one, where it holds fewer bars.
        return (self.starts + self.step - 0.5 > left) & (self.x - self.step / 2 < right)

    def first(self, values: np.ndarray) -> np.ndarray:
        """Return the first value of each bucket."""
        return values[self.starts]

    def last(self, values: np.ndarray) -> np.ndarray:
        """Return the last value of each bucket."""
        return values[self.ends]

    def highest(self, values: np.ndarray) -> np.ndarray:
        """Return the highest value of each bucket."""
        return self._reduce(np.maximum, values)

    def lowest(self, values: np.ndarray) -> np.ndarray:
        """Return the lowest value of each bucket."""
        return self._reduce(np.minimum, values)

    def total(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of each bucket."""
        return self._reduce(np.add, values)

    def _reduce(self, operation: np.ufunc, values: np.ndarray) -> np.ndarray:
        if self.step == 1:
            return values[self.starts]
        first, last = self.starts[0], self.ends[-1] + 1
        return operation.reduceat(values[first:last], self.starts - first)


def view_of(
    count: int, lo: float | None = None, hi: float | None = None, margin: float = MARGIN
) -> View:
    """Choose the buckets for the bars between two positions of `count` bars (default: all).

    Positions outside the series, or closer than a few bars, are moved to what can be shown.
    """
    lo, hi = _sensible(lo, 0.0, count), _sensible(hi, count - 1.0, count)
    if hi - lo < _LEAST_BARS:
        middle = (lo + hi) / 2
        lo, hi = middle - _LEAST_BARS / 2, middle + _LEAST_BARS / 2
    width = hi - lo
    step = max(1, math.ceil(width / CANDLES_IN_VIEW))
    first = int(max(0, lo - margin * width)) // step * step
    stop = int(min(count, hi + margin * width + 1))
    first = min(first, (count - 1) // step * step)
    starts = np.arange(first, max(stop, first + 1), step)
    return View(lo, hi, step, starts, np.minimum(starts + step, count) - 1)


def _sensible(position: float | None, default: float, count: int) -> float:
    if position is None or not math.isfinite(position):
        return default
    return min(max(position, -count), 2.0 * count)
