"""The recurrences that TA-Lib does not return, compiled and cached on disk."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def bands_and_trend(high, low, close, atr, direction, multiplier):
    """Carry each band on until the new one is tighter or the previous close broke through it.

    Return upper band, lower band and `direction` as floats; NaN where `atr` is.
    """
    n = len(close)
    upper = np.full(n, np.nan)
    lower = np.full(n, np.nan)
    trend = np.full(n, np.nan)
    for i in range(n):
        if np.isnan(atr[i]):
            continue
        middle = (high[i] + low[i]) / 2.0
        upper[i] = middle + multiplier * atr[i]
        lower[i] = middle - multiplier * atr[i]
        trend[i] = direction[i]
        if i == 0 or np.isnan(upper[i - 1]):
            continue
        if not (upper[i] < upper[i - 1] or close[i - 1] > upper[i - 1]):
            upper[i] = upper[i - 1]
        if not (lower[i] > lower[i - 1] or close[i - 1] < lower[i - 1]):
            lower[i] = lower[i - 1]
    return upper, lower, trend


@njit(cache=True, nogil=True)
def running_maximum(values):
    """Return the highest value so far (numpy's accumulate gives the same, five times slower)."""
    highest = np.empty_like(values)
    top = -np.inf
    for i in range(len(values)):
        top = max(top, values[i])
        highest[i] = top
    return highest
