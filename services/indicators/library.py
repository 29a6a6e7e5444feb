"""Indicators by parameters, for strategies: the stored column where it is what is asked for."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import talib

from services.indicators.memory import column_of, computed
from services.indicators.supertrend import (
    SUPERTREND_MULTIPLIER,
    SUPERTREND_PERIOD,
    supertrend_lines,
)


def of_prices(function: Callable) -> Callable:
    """Mark an indicator that needs no stored column: where there is none it computes its own."""
    function.reads = ()
    return function


@of_prices
def sma(df: pd.DataFrame, period: int) -> np.ndarray:
    """Return the simple moving average of close, computed from the bars."""
    return computed(talib.SMA, column_of(df, "close"), period)


@of_prices
def rsi(df: pd.DataFrame, period: int) -> np.ndarray:
    """Return Wilder's RSI of close."""
    if period == 14 and "rsi" in df:
        return column_of(df, "rsi")
    return computed(talib.RSI, column_of(df, "close"), period)


@of_prices
def bollinger(
    df: pd.DataFrame, period: int, deviations: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return upper, middle and lower band: SMA plus and minus population deviations."""
    if (period, deviations) == (20, 2.0) and "bb_upper" in df:
        return column_of(df, "bb_upper"), column_of(df, "bb_mid"), column_of(df, "bb_lower")
    return computed(talib.BBANDS, column_of(df, "close"), period, deviations, deviations)


@of_prices
def macd(df: pd.DataFrame, fast: int, slow: int, signal: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the MACD line and its signal line."""
    if (fast, slow, signal) == (12, 26, 9) and "macd" in df:
        return column_of(df, "macd"), column_of(df, "macd_signal")
    line, signal_line, _ = computed(talib.MACD, column_of(df, "close"), fast, slow, signal)
    return line, signal_line


@of_prices
def supertrend(df: pd.DataFrame, period: int, multiplier: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the SuperTrend line and its trend (+1 up, -1 down, NaN in the warm-up)."""
    if (period, multiplier) == (SUPERTREND_PERIOD, SUPERTREND_MULTIPLIER) and "supertrend" in df:
        return column_of(df, "supertrend"), column_of(df, "supertrend_trend")
    high, low, close = (column_of(df, name) for name in ("high", "low", "close"))
    line, trend, _, _ = computed(supertrend_lines, high, low, close, period, multiplier)
    return line, trend
