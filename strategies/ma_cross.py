"""Moving-average crossover with averages computed from the bars."""

import numpy as np
import pandas as pd

from services.backtest.lines import Line
from services.indicators import sma
from services.parameters import Parameters, ordered, param
from strategies.base import Strategy
from strategies.crossing import crosses_above, crosses_below, signals_of


class MaCross(Strategy):
    """Follow the trend while the fast average is above the slow one."""

    name = "ma_cross"
    rule = "Buy when the fast average crosses above the slow one, sell when it crosses below."

    class Params(Parameters):
        """Lengths of the two averages, in bars."""

        fast: int = param(20, "bars in the fast average", ge=2, le=400, search=(5, 10, 20, 30))
        slow: int = param(50, "bars in the slow average", ge=3, le=1000, search=(50, 100, 200))

        _order = ordered("fast", "slow")

    def signals(self, df: pd.DataFrame) -> np.ndarray:
        fast, slow = sma(df, self.params.fast), sma(df, self.params.slow)
        return signals_of(crosses_above(fast, slow), crosses_below(fast, slow))

    def lines(self, df: pd.DataFrame) -> list[Line]:
        return [Line(f"MA {n}", sma(df, n)) for n in (self.params.fast, self.params.slow)]
