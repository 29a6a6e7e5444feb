"""Buy below the lower Bollinger band, sell above the upper one."""

import numpy as np
import pandas as pd

from services.backtest.lines import Line
from services.indicators import bollinger
from services.parameters import Parameters, param
from strategies.base import Strategy
from strategies.crossing import signals_of


class Bollinger(Strategy):
    """Bet on the return to the mean after a close outside the bands."""

    name = "bollinger"
    rule = "Buy when the close is below the lower band, sell when it is above the upper band."

    class Params(Parameters):
        """Length and width of the bands."""

        period: int = param(20, "bars in the mean", ge=2, le=400, search=(10, 20, 30, 50))
        deviations: float = param(
            2.0, "standard deviations to each band", ge=0.1, le=10, search=(1.5, 2.0, 2.5, 3.0)
        )

    def signals(self, df: pd.DataFrame) -> np.ndarray:
        upper, _, lower = self._bands(df)
        close = df["close"].to_numpy()
        return signals_of(close < lower, close > upper)

    def lines(self, df: pd.DataFrame) -> list[Line]:
        names = ("Upper band", "Middle band", "Lower band")
        return [Line(name, values) for name, values in zip(names, self._bands(df), strict=True)]

    def _bands(self, df: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return bollinger(df, self.params.period, self.params.deviations)
