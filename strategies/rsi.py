"""Buy weakness, sell strength, by the relative strength index."""

from services.indicators import rsi
from services.parameters import Parameters, ordered, param
from services.rules import above, below, level, series
from strategies.base import Strategy


class Rsi(Strategy):
    """Buy when the RSI says oversold, sell when it says overbought."""

    name = "rsi"
    rule = "Buy when RSI is below the lower threshold, sell when it is above the upper one."

    class Params(Parameters):
        """Length of the index and its two thresholds."""

        period: int = param(14, "bars in the RSI", ge=2, le=200, search=(7, 14, 21))
        lower: float = param(30, "buy below this RSI", ge=1, le=99, search=(20, 25, 30, 35))
        upper: float = param(70, "sell above this RSI", ge=1, le=99, search=(65, 70, 75, 80))

        _order = ordered("lower", "upper")

    INDEX = series(rsi, "period", label="RSI {period}", pane="RSI")
    buy, sell = below(INDEX, level("lower")), above(INDEX, level("upper"))
