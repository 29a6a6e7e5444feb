"""Follow the SuperTrend line from flip to flip."""

import numpy as np
import pandas as pd

from services.indicators import supertrend
from services.indicators.lines import Line
from services.parameters import Parameters, param
from services.rules import crosses_above, crosses_below, series
from strategies.base import Strategy


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

    def lines(self, df: pd.DataFrame) -> list[Line]:
        line, trend = supertrend(df, self.params.period, self.params.multiplier)
        return [
            Line("SuperTrend up", np.where(trend == 1, line, np.nan)),
            Line("SuperTrend down", np.where(trend == -1, line, np.nan)),
        ]
