"""The stored indicators computed by pandas-ta-classic, with TA-Lib where it offers that."""

import numpy as np
import pandas as pd
import pandas_ta_classic as ta

from services.indicators.supertrend import SUPERTREND_PERIOD


def compute(bars: pd.DataFrame) -> dict[str, np.ndarray]:
    """Compute the indicators by our names: all whose definition is equal to ours.

    The line of SuperTrend is computed too but left out: where the trend turns, bands are carried
    on by another rule. So are the warm-up's trends, which are +1 there and undefined with us.
    """
    high, low, close = bars["high"], bars["low"], bars["close"]
    macd = ta.macd(close, 12, 26, 9, talib=True)
    bands = ta.bbands(close, 20, 2.0, talib=True)
    trend = ta.supertrend(high, low, close, SUPERTREND_PERIOD, 3.0).iloc[:, 1].to_numpy(copy=True)
    trend[:SUPERTREND_PERIOD] = np.nan
    columns = {
        "ma20": ta.sma(close, 20, talib=True),
        "ma50": ta.sma(close, 50, talib=True),
        "ema_fast": ta.ema(close, 12, talib=True),
        "ema_slow": ta.ema(close, 26, talib=True),
        "macd": macd.iloc[:, 0],
        "macd_signal": macd.iloc[:, 2],
        "bb_lower": bands.iloc[:, 0],
        "bb_mid": bands.iloc[:, 1],
        "bb_upper": bands.iloc[:, 2],
        "rsi": ta.rsi(close, 14, talib=True),
        "atr": ta.atr(high, low, close, 14, talib=True),
        "tr": ta.true_range(high, low, close, talib=True),
        "supertrend_trend": trend,
        "ath": high.cummax(),
    }
    return {name: np.asarray(values) for name, values in columns.items()}
