"""Follow the SuperTrend line from flip to flip."""

import numpy as np
import pandas as pd

from services.indicators import of_prices, supertrend
from services.parameters import Parameters, param
from services.rules import crosses_above, crosses_below, series
from strategies.base import Strategy


@of_prices
def _sides(df: pd.DataFrame, period: int, multiplier: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the line where the trend is up, and where it is down."""
    line, trend = supertrend(df, period, multiplier)
    return np.where(trend == 1, line, np.nan), np.where(trend == -1, line, np.nan)


class Supertrend(Strategy):
    """Hold while the trend of the SuperTrend line is up."""

    name = "supertrend"
    rule = "Buy when the SuperTrend flips from down to up, sell when it flips from up to down."

    class Params(Parameters):
        """Length of the average true range and distance of the bands."""

        period: int = param(10, "bars in the ATR", ge=2, le=200, search=(7, 10, 14, 21))
        multiplier: float = param(
            3.0, "ATRs between middle and band", ge=0.1, le=20, search=(2.0, 3.0, 4.0)
        )

    # The trend is +1 or -1: it flips where it crosses zero.
    TREND = series(supertrend, "period", "multiplier", output=1)
    buy, sell = crosses_above(TREND, 0), crosses_below(TREND, 0)
    drawn = tuple(
        series(_sides, "period", "multiplier", output=i, label=f"SuperTrend {side}")
        for i, side in enumerate(("up", "down"))
    )
