"""SuperTrend: line and trend from TA-Lib, the two bands by a small compiled recurrence."""

import numpy as np
import talib
from numba import njit

SUPERTREND_PERIOD = 10
SUPERTREND_MULTIPLIER = 3.0


def supertrend_lines(
    high: np.ndarray, low: np.ndarray, close: np.ndarray, period: int, multiplier: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return line, trend (+1, -1), upper and lower band; all NaN in the warm-up of `period`."""
    line, direction = talib.SUPERTREND(high, low, close, period, multiplier)
    trend = np.where(np.isnan(line), np.nan, direction)
    atr = talib.ATR(high, low, close, period)
    upper, lower = _bands(high, low, close, atr, multiplier)
    return line, trend, upper, lower


@njit(cache=True, nogil=True)
def _bands(high, low, close, atr, multiplier):
    """Carry each band on until the new one is tighter or the previous close broke through it."""
    n = len(close)
    upper = np.full(n, np.nan)
    lower = np.full(n, np.nan)
    for i in range(n):
        if np.isnan(atr[i]):
            continue
        middle = (high[i] + low[i]) / 2.0
        upper[i] = middle + multiplier * atr[i]
        lower[i] = middle - multiplier * atr[i]
        if i == 0 or np.isnan(upper[i - 1]):
            continue
        if not (upper[i] < upper[i - 1] or close[i - 1] > upper[i - 1]):
            upper[i] = upper[i - 1]
        if not (lower[i] > lower[i - 1] or close[i - 1] < lower[i - 1]):
            lower[i] = lower[i - 1]
    return upper, lower
