"""The stored indicator columns, with TA-Lib's values; NaN in the warm-up."""

import numpy as np
import pandas as pd
import talib

from services.indicators.kernels import running_maximum
from services.indicators.supertrend import (
    SUPERTREND_MULTIPLIER,
    SUPERTREND_PERIOD,
    supertrend_lines,
)

INDICATOR_COLUMNS = [
    "ma20",
    "ma50",
    "ema_fast",
    "ema_slow",
    "macd",
    "macd_signal",
    "bb_mid",
    "bb_upper",
    "bb_lower",
    "rsi",
    "atr",
    "tr",
    "ath",
    "supertrend",
    "supertrend_upper",
    "supertrend_lower",
    "supertrend_trend",
]


def compute_indicators(bars: pd.DataFrame) -> pd.DataFrame:
    """Compute all indicator columns of a frame of bars, on the same index.

    Every value depends on the bars up to its own only. MA 20/50, EMA 12/26, MACD(12, 26, 9),
    BBANDS(20, 2, population deviation), RSI(14), ATR(14), TRANGE and SUPERTREND(10, 3) are
    TA-Lib's; `ath` is the running maximum of high.
    """
    # Side by side in memory: TA-Lib would copy a strided column once a call.
    high, low, close = (
        np.ascontiguousarray(bars[name].to_numpy(np.float64)) for name in ("high", "low", "close")
    )
    if len(close) == 0:
        return pd.DataFrame({name: np.empty(0) for name in INDICATOR_COLUMNS}, index=bars.index)
    # First what leaves scratch arrays behind: the columns after it use their memory again.
    line, trend, upper, lower = supertrend_lines(
        high, low, close, SUPERTREND_PERIOD, SUPERTREND_MULTIPLIER
    )
    macd, macd_signal = talib.MACD(close, 12, 26, 9)[:2]
    bb_upper, bb_mid, bb_lower = talib.BBANDS(close, 20, 2.0, 2.0)
    columns = {
        "ma20": bb_mid,  # the middle band is SMA(20), to the last bit
        "ma50": talib.SMA(close, 50),
        "ema_fast": talib.EMA(close, 12),
        "ema_slow": talib.EMA(close, 26),
        "macd": macd,
        "macd_signal": macd_signal,
        "bb_mid": bb_mid,
        "bb_upper": bb_upper,
        "bb_lower": bb_lower,
        "rsi": talib.RSI(close, 14),
        "atr": talib.ATR(high, low, close, 14),
        "tr": talib.TRANGE(high, low, close),
        "ath": running_maximum(high),
        "supertrend": line,
        "supertrend_upper": upper,
        "supertrend_lower": lower,
        "supertrend_trend": trend,
    }
    return pd.DataFrame(columns, index=bars.index, copy=False)


def with_indicators(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with all indicator columns: those it has are kept, else computed."""
    if all(name in bars.columns for name in INDICATOR_COLUMNS):
        return bars
    computed = compute_indicators(bars)
    missing = [name for name in INDICATOR_COLUMNS if name not in bars.columns]
    return pd.concat([bars, computed[missing]], axis=1)
