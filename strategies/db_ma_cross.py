"""Moving-average crossover on the stored 20- and 50-bar averages."""

from services.rules import column, crosses_above, crosses_below
from strategies.base import Strategy


class DbMaCross(Strategy):
    """Follow the trend by the averages that are kept with the bars."""

    name = "db_ma_cross"
    rule = "Buy when the stored MA 20 crosses above the stored MA 50, sell when it crosses below."

    FAST, SLOW = column("ma20", label="MA 20"), column("ma50", label="MA 50")
    buy, sell = crosses_above(FAST, SLOW), crosses_below(FAST, SLOW)
