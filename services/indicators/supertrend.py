"""SuperTrend: line and trend from TA-Lib, the two bands by a small compiled recurrence."""

import numpy as np
import talib

from services.indicators.kernels import bands_and_trend

SUPERTREND_PERIOD = 10
SUPERTREND_MULTIPLIER = 3.0


def supertrend_lines(
    high: np.ndarray, low: np.ndarray, close: np.ndarray, period: int, multiplier: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return line, trend (+1, -1), upper and lower band; all NaN in the warm-up of `period`."""
    line, direction = talib.SUPERTREND(high, low, close, period, multiplier)
    atr = talib.ATR(high, low, close, period)
    upper, lower, trend = bands_and_trend(high, low, close, atr, direction, multiplier)
    return line, trend, upper, lower
