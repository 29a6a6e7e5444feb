"""Buy a new all-time high, sell a close below a trend line."""

from typing import Literal

import numpy as np
import pandas as pd

from services.parameters import Parameters, param
from services.rules import above, below, column, series
from strategies.base import Strategy

TrendLine = Literal["ma20", "ma50", "ema_fast", "ema_slow", "bb_mid", "supertrend"]


def _previous_high(df: pd.DataFrame) -> np.ndarray:
    high = np.full(len(df), np.nan)
    high[1:] = df["ath"].to_numpy()[:-1]
    return high


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

    HIGH = series(_previous_high, label="Previous ATH")
    TREND = series(lambda df, name: df[name].to_numpy(), "trend", label="{trend}")
    buy, sell = above(column("close"), HIGH), below(column("close"), TREND)
