"""Crossing of the MACD line and its signal line."""

import numpy as np
import pandas as pd

from services.backtest.lines import Line
from services.indicators import macd
from services.parameters import Parameters, ordered, param
from strategies.base import Strategy
from strategies.crossing import crosses_above, crosses_below, signals_of


class Macd(Strategy):
    """Follow momentum by the convergence of two exponential averages."""

    name = "macd"
    rule = "Buy when MACD crosses above its signal line, sell when it crosses below."

    class Params(Parameters):
        """Lengths of the three exponential averages, in bars."""

        fast: int = param(12, "bars in the fast average", ge=2, le=200, search=(8, 12, 16))
        slow: int = param(26, "bars in the slow average", ge=3, le=400, search=(20, 26, 34))
        signal: int = param(9, "bars in the signal line", ge=1, le=100, search=(5, 9, 13))

        _order = ordered("fast", "slow")

    def signals(self, df: pd.DataFrame) -> np.ndarray:
        line, signal_line = self._lines(df)
        return signals_of(crosses_above(line, signal_line), crosses_below(line, signal_line))

    def lines(self, df: pd.DataFrame) -> list[Line]:
        line, signal_line = self._lines(df)
        return [Line("MACD", line, "MACD", (0.0,)), Line("Signal", signal_line, "MACD")]

    def _lines(self, df: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return macd(df, self.params.fast, self.params.slow, self.params.signal)
