"""The limit of a sweep of two averages: one loop over the bars and nothing else, on all cores."""

import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import talib
from numba import njit

YEAR = 252
SHARES_A_CORE = 8  # parts of unequal cost, so that no core waits long for another


def averages_of(close: np.ndarray, lengths: range) -> np.ndarray:
    """Compute the moving average of each length, a row a length."""
    return np.vstack([talib.SMA(close, length) for length in lengths])


def sweep(
    close: np.ndarray,
    averages: np.ndarray,
    pairs: np.ndarray,
    cash: float,
    workers: int = os.cpu_count() or 1,
) -> np.ndarray:
    """Trade pairs of rows of `averages` at the close; return return, Sharpe, drawdown, trades."""
    out = np.empty((len(pairs), 4))
    edges = np.linspace(0, len(pairs), workers * SHARES_A_CORE + 1, dtype=np.int64)
    with ThreadPoolExecutor(workers) as pool:
        parts = zip(edges[:-1], edges[1:], strict=True)
        list(pool.map(lambda part: fused(close, averages, pairs, cash, *part, out), parts))
    return out


@njit(cache=True, nogil=True)
def fused(close, averages, pairs, cash, start, stop, out):
    """Trade the pairs from `start` to `stop`, all cash in and all out, without costs."""
    n = len(close)
    for k in range(start, stop):
        fast, slow = averages[pairs[k, 0]], averages[pairs[k, 1]]
        money, shares, equity, peak, fall = cash, 0.0, cash, cash, 0.0
        total, squares, trades = 0.0, 0.0, 0
        for i in range(1, n):
            if shares > 0.0:
                before, equity = equity, shares * close[i]
                change = equity / before - 1.0
                total += change
                squares += change * change
                peak = max(peak, equity)
                fall = min(fall, equity / peak - 1.0)
                if fast[i] < slow[i] and fast[i - 1] >= slow[i - 1]:
                    money, shares = equity, 0.0
                    trades += 1
            elif fast[i] > slow[i] and fast[i - 1] <= slow[i - 1]:
                shares = money / close[i]
        mean = total / n
        deviation = math.sqrt(max(squares - n * mean * mean, 0.0) / (n - 1))
        out[k, 0] = equity / cash - 1.0
        out[k, 1] = mean * math.sqrt(YEAR) / deviation if deviation > 0.0 else math.nan
        out[k, 2] = fall
        out[k, 3] = trades
