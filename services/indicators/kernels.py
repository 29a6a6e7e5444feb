"""The recurrences that TA-Lib does not return, compiled and cached on disk.

They write into arrays that numpy made: numpy asks the system for large pages, the compiler's own
arrays come in small ones, which doubled the time of a million bars.
"""

import numpy as np
from numba import njit


def bands_and_trend(
    high: np.ndarray,
    low: np.ndarray,
    close: np.ndarray,
    atr: np.ndarray,
    direction: np.ndarray,
    multiplier: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry each band on until the new one is tighter or the previous close broke through it.

    Return upper band, lower band and `direction` as floats; NaN where `atr` is. The upper band
    takes the place of `atr`, which is gone afterwards.
    """
    lower, trend = np.empty((2, len(close)))
    _bands_and_trend(high, low, close, atr, direction, float(multiplier), atr, lower, trend)
    return atr, lower, trend


def running_maximum(values: np.ndarray, highest: np.ndarray | None = None) -> np.ndarray:
    """Return the highest value so far (numpy's accumulate gives the same in more time).

    `highest` is an array to write into.
    """
    highest = np.empty(len(values)) if highest is None else highest
    _running_maximum(values, highest)
    return highest


@njit(cache=True, nogil=True)
def _bands_and_trend(high, low, close, atr, direction, multiplier, upper, lower, trend):
    for i in range(len(close)):
        if np.isnan(atr[i]):
            upper[i] = lower[i] = trend[i] = np.nan
            continue
        middle, away = (high[i] + low[i]) / 2.0, multiplier * atr[i]
        upper[i] = middle + away  # in the place of atr[i], perhaps
        lower[i] = middle - away
        trend[i] = direction[i]
        if i == 0 or np.isnan(upper[i - 1]):
            continue
        if not (upper[i] < upper[i - 1] or close[i - 1] > upper[i - 1]):
            upper[i] = upper[i - 1]
        if not (lower[i] > lower[i - 1] or close[i - 1] < lower[i - 1]):
            lower[i] = lower[i - 1]


@njit(cache=True, nogil=True)
def _running_maximum(values, highest):
    top = -np.inf
    for i in range(len(values)):
        top = max(top, values[i])
        highest[i] = top
