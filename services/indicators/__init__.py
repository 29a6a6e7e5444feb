"""Indicators of a frame of bars: the columns of `market_prices`, and the same by parameters."""

from services.indicators.columns import INDICATOR_COLUMNS, compute_indicators, with_indicators
from services.indicators.library import bollinger, macd, of_prices, rsi, sma, supertrend

__all__ = [
    "INDICATOR_COLUMNS",
    "bollinger",
    "compute_indicators",
    "macd",
    "of_prices",
    "rsi",
    "sma",
    "supertrend",
    "with_indicators",
]
