"""Buy a new all-time high, sell a close below a trend line."""

from typing import Literal

import numpy as np
import pandas as pd

from services.backtest.lines import Line
from services.parameters import Parameters, param
from strategies.base import Strategy
from strategies.crossing import signals_of

TrendLine = Literal["ma20", "ma50", "ema_fast", "ema_slow", "bb_mid", "supertrend"]


class AthBreakout(Strategy):
    """Join a market that trades where it never traded before."""

    name = "ath_breakout"
    rule = (
        "Buy when the close is above the all-time high of the bars before, "
        "sell when it is below the trend line."
    )

    class Params(Parameters):
        """The line whose breach ends the trade."""

        trend: TrendLine = param("ma50", "sell below this line", search=("ma20", "ma50"))

    def signals(self, df: pd.DataFrame) -> np.ndarray:
        close = df["close"].to_numpy()
        return signals_of(close > _previous_high(df), close < df[self.params.trend].to_numpy())

    def lines(self, df: pd.DataFrame) -> list[Line]:
        return [
            Line("Previous ATH", _previous_high(df)),
            Line(self.params.trend, df[self.params.trend].to_numpy()),
        ]


def _previous_high(df: pd.DataFrame) -> np.ndarray:
    high = np.full(len(df), np.nan)
    high[1:] = df["ath"].to_numpy()[:-1]
    return high
