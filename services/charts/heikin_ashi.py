"""Heikin-Ashi candles: each opens at the middle of the one before, so all history counts."""

import numpy as np
from numba import njit


def heikin_ashi(
    open_: np.ndarray, high: np.ndarray, low: np.ndarray, close: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return open, high, low and close of the Heikin-Ashi candles of a whole history.

    The first opens at the middle of its bar's open and close; source: D. Valcu, Using the
    Heikin-Ashi technique, Stocks & Commodities 22:2 (2004).
    """
    closes = (open_ + high + low + close) / 4.0
    opens = np.empty(len(closes))
    if len(closes):
        _opens(float(open_[0] + close[0]) / 2.0, closes, opens)
    highs = np.maximum(high, np.maximum(opens, closes))
    lows = np.minimum(low, np.minimum(opens, closes))
    return opens, highs, lows, closes


@njit(cache=True, nogil=True)
def _opens(first, closes, opens):
    opens[0] = first
    for i in range(1, len(closes)):
        opens[i] = (opens[i - 1] + closes[i - 1]) / 2.0
