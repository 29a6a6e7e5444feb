"""When one series crosses another: the comparison that most rules are made of."""

import numpy as np


def crosses_above(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Tell for each bar whether a[i] > b[i] and a[i-1] <= b[i-1], all four defined."""
    crossed = np.zeros(len(a), dtype=bool)
    crossed[1:] = (a[1:] > b[1:]) & (a[:-1] <= b[:-1])
    return crossed


def crosses_below(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Tell for each bar whether a[i] < b[i] and a[i-1] >= b[i-1], all four defined."""
    return crosses_above(b, a)


def signals_of(buy: np.ndarray, sell: np.ndarray) -> np.ndarray:
    """Return int8 signals: +1 where buy, -1 where sell, 0 elsewhere (and where both)."""
    return buy.astype(np.int8) - sell.astype(np.int8)
