"""Moving-average crossover on the stored 20- and 50-bar averages."""

import numpy as np
import pandas as pd

from services.backtest.lines import Line
from strategies.base import Strategy
from strategies.crossing import crosses_above, crosses_below, signals_of


class DbMaCross(Strategy):
    """Follow the trend by the averages that are kept with the bars."""

    name = "db_ma_cross"
    rule = "Buy when the stored MA 20 crosses above the stored MA 50, sell when it crosses below."

    def signals(self, df: pd.DataFrame) -> np.ndarray:
        fast, slow = df["ma20"].to_numpy(), df["ma50"].to_numpy()
        return signals_of(crosses_above(fast, slow), crosses_below(fast, slow))

    def lines(self, df: pd.DataFrame) -> list[Line]:
        return [Line("MA 20", df["ma20"].to_numpy()), Line("MA 50", df["ma50"].to_numpy())]
