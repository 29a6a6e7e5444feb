"""What one order costs, and how many shares it buys."""

import math

from services.backtest.cached import compiled


@compiled(allocates=False)
def commission_of(shares, price, per_share, minimum, cap, rate):
    """Return the commission of one order in money."""
    value = shares * price
    return min(max(per_share * shares, minimum), cap * value) + rate * value


@compiled(division_raises=True, allocates=False)
def shares_for(cash, price, per_share, minimum, cap, rate):
    """Return the (fractional) shares that all the cash buys, commission included.

    What an order takes is a rising function of the shares, pieced together from straight lines
    by max and min; so its inverse is pieced together from theirs by min and max.
    """
    with_rate = price * (1.0 + rate)
    by_share = min(cash / (with_rate + per_share), (cash - minimum) / with_rate)
    if math.isinf(cap):
        return by_share
    return max(by_share, cash / (with_rate + cap * price))
