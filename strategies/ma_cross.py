"""Moving-average crossover with averages computed from the bars."""

from services.indicators import sma
from services.parameters import Parameters, ordered, param
from services.rules import crosses_above, crosses_below, series
from strategies.base import Strategy


class MaCross(Strategy):
    """Follow the trend while the fast average is above the slow one."""

    name = "ma_cross"
    rule = "Buy when the fast average crosses above the slow one, sell when it crosses below."

    class Params(Parameters):
        """Lengths of the two averages, in bars."""

        fast: int = param(20, "bars in the fast average", ge=2, le=400, search=(5, 10, 20, 30))
        slow: int = param(50, "bars in the slow average", ge=3, le=1000, search=(50, 100, 200))

        _order = ordered("fast", "slow")

    FAST = series(sma, "fast", label="MA {fast}")
    SLOW = series(sma, "slow", label="MA {slow}")
    buy, sell = crosses_above(FAST, SLOW), crosses_below(FAST, SLOW)
