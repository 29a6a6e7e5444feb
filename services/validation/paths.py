"""Equity curves that might have been: the same returns drawn again, in another order.

All compiled functions of resampling stand in this file: the cache of compiled code on disk is
renewed when the file changes, not when a file that it imports does.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from services.errors import InvalidParams
from services.validation.finite import finite

STATIONARY, CIRCULAR, PERMUTED = 0, 1, 2
_MOST_POINTS = 200
_MOST_RESAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class Paths:
    """One row a resample: equity and drawdown at `steps`, and what the whole path came to.

    Equity starts at one; `sharpe` is that of one period, NaN where the path does not vary.
    """

    steps: np.ndarray
    equity: np.ndarray
    drawdown: np.ndarray
    total_return: np.ndarray
    sharpe: np.ndarray
    max_drawdown: np.ndarray


def draw_paths(returns: np.ndarray, scheme: int, length: float, resamples: int, seed: int) -> Paths:
    """Draw resamples of the returns, each as long as they are; the same seed, the same paths.

    STATIONARY draws blocks of random length, `length` on average; CIRCULAR blocks of just that
    length (one: single returns with replacement); PERMUTED every return once, in random order.
    A return of -1 or worse is ruin: equity is zero from there on. No returns come to nothing: NaN.
    """
    r = finite(returns)
    if not 1 <= resamples <= _MOST_RESAMPLES:
        raise InvalidParams(f"Ask for 1 to {_MOST_RESAMPLES:,} resamples.", field="resamples")
    steps = np.unique(np.linspace(0, len(r), _MOST_POINTS).round().astype(np.int64))
    rng = np.random.default_rng(seed)
    return Paths(steps, *_draw(r, scheme, float(length), resamples, steps, rng))


@njit(cache=True, nogil=True)
def _draw(returns, scheme, length, resamples, steps, rng):
    n = len(returns)
    equity, drawdown = np.ones((resamples, len(steps))), np.zeros((resamples, len(steps)))
    total, sharpe, deepest = np.full((3, resamples), np.nan)
    drawn = returns.copy()
    for k in range(resamples if n > 0 else 0):
        if scheme == PERMUTED:
            _shuffle(drawn, rng)
        else:
            _fill_with_blocks(drawn, returns, scheme == STATIONARY, length, rng)
        total[k], deepest[k] = _walk(drawn, steps, equity[k], drawdown[k])
        sharpe[k] = _sharpe(drawn)
    return equity, drawdown, total, sharpe, deepest


@njit(cache=True, nogil=True)
def _shuffle(drawn, rng):
    for i in range(len(drawn) - 1, 0, -1):
        j = int(rng.random() * (i + 1))
        drawn[i], drawn[j] = drawn[j], drawn[i]


@njit(cache=True, nogil=True)
def _fill_with_blocks(drawn, returns, random_length, length, rng):
    """Lay blocks end to end, each from a random start and around the end to the beginning."""
    n = len(returns)
    done = 0
    while done < n:
        block = int(length)
        if random_length:
            # A block goes on with probability 1 - 1 / length: its length is geometric.
            block = 1
            if length > 1.0:
                going_on = np.log(1.0 - rng.random()) / np.log(1.0 - 1.0 / length)
                block = 1 + int(min(going_on, float(n)))
        place = int(rng.random() * n)
        for _ in range(min(block, n - done)):
            drawn[done] = returns[place]
            done += 1
            place += 1
            if place == n:
                place = 0


@njit(cache=True, nogil=True)
def _walk(returns, steps, equity, drawdown):
    value, peak, deepest, mark = 1.0, 1.0, 0.0, 1
    for i in range(len(returns)):
        value *= max(1.0 + returns[i], 0.0)
        peak = max(peak, value)
        fall = value / peak - 1.0
        deepest = min(deepest, fall)
        if i + 1 == steps[mark]:
            equity[mark], drawdown[mark] = value, fall
            mark += 1
    return value - 1.0, deepest


@njit(cache=True, nogil=True)
def _sharpe(returns):
    n = len(returns)
    if n < 2:
        return np.nan
    mean = returns.mean()
    spread = 0.0
    for i in range(n):
        spread += (returns[i] - mean) ** 2
    deviation = np.sqrt(spread / (n - 1))
    return mean / deviation if deviation > 1e-14 * max(1.0, abs(mean)) else np.nan
