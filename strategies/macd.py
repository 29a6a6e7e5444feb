"""Crossing of the MACD line and its signal line."""

from services.indicators import macd
from services.parameters import Parameters, ordered, param
from services.rules import crosses_above, crosses_below, series
from strategies.base import Strategy


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

    _LENGTHS = ("fast", "slow", "signal")
    LINE = series(macd, *_LENGTHS, output=0, label="MACD", pane="MACD", levels=(0.0,))
    SIGNAL = series(macd, *_LENGTHS, output=1, label="Signal", pane="MACD")
    buy, sell = crosses_above(LINE, SIGNAL), crosses_below(LINE, SIGNAL)
