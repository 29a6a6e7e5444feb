"""Sharpe and volatility over a window that moves through the run."""

import math
from dataclasses import dataclass

import numpy as np

from services.analysis.sampling import sampled
from services.backtest.result import BacktestResult

_CHUNK = 4096  # windows at a time: a few megabytes
_NOISE = 1e-14  # as in services.metrics: a smaller deviation than this is rounding


@dataclass(frozen=True, eq=False)
class Rolling:
    """One value a sampled close, NaN before the first whole window and where undefined.

    `ts` are the bars' times (datetime64[us], UTC); `window` counts sampled closes, of which
    `periods_a_year` make a year.
    """

    ts: np.ndarray
    sharpe: np.ndarray
    volatility: np.ndarray
    benchmark_sharpe: np.ndarray
    benchmark_volatility: np.ndarray
    window: int
    periods_a_year: int


def rolling(result: BacktestResult, window: int | None = None, timezone: str = "UTC") -> Rolling:
    """Compute Sharpe and volatility of the last `window` returns, half a year by default.

    Each value is what `services.metrics` defines, of that window's returns alone.
    """
    sample = sampled(result, timezone)
    a = sample.calendar.periods_a_year
    window = max(2, a // 2 if window is None else window)
    return Rolling(
        sample.ts,
        *_windows(sample.returns, window, a),
        *_windows(sample.benchmark_returns, window, a),
        window,
        a,
    )


def _windows(r: np.ndarray, window: int, a: int) -> tuple[np.ndarray, np.ndarray]:
    sharpe, volatility = np.full(len(r), np.nan), np.full(len(r), np.nan)
    if len(r) < window:
        return sharpe, volatility
    views = np.lib.stride_tricks.sliding_window_view(r, window)
    for start in range(0, len(views), _CHUNK):
        part = views[start : start + _CHUNK]
        yearly = part.mean(axis=1) * math.sqrt(a)
        deviation = part.std(axis=1, ddof=1)
        place = slice(start + window - 1, start + window - 1 + len(part))
        volatility[place] = deviation * math.sqrt(a)
        counts = deviation > _NOISE * np.maximum(1.0, np.abs(yearly))
        sharpe[place] = np.divide(yearly, deviation, out=np.full(len(part), np.nan), where=counts)
    return sharpe, volatility
