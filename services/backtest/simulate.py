"""The simulation kernel: one pass over arrays of bars and signals, compiled.

Without a Realism it is compiled to a loop that knows long positions of all the cash and exits by
signal only; with one to a loop that knows sides, stops, sizes and rates. Where both can say the
same they give the same to the last bit.
"""

import numpy as np

from services.backtest import ledger, long_only, marks, orders
from services.backtest.cached import compiled
from services.backtest.with_rules import trade as trade_with

FILL_NEXT_OPEN, FILL_CLOSE = 0, 1


@compiled()
def simulate(prices, signals, fill, money, realism=None):
    """Trade the signals.

    `prices` are open, high, low and close; `money` is the cash, the four numbers of a commission
    and the slippage as a fraction of the price. Return equity at every close, the position (-1, 0
    or 1) after every close, and one row a trade (the columns of `ledger`).
    """
    n, at_close = len(prices[3]), fill == FILL_CLOSE
    most = most_trades(n, realism)
    equity, trades = np.empty(n), np.empty((most, ledger.TRADE_WIDTH))
    if realism is None:
        said, worth = np.empty(long_only.room_for(n), dtype=np.int64), np.empty(most)
        count = long_only.trade(prices, signals, at_close, money, said, equity, worth, trades)
        long_only.mark(prices, at_close, trades[:count])
    else:
        count = trade_with(prices, signals, at_close, money, realism, equity, trades)
        marks.reach(prices, at_close, trades[:count])
    trades = trades[:count]
    return equity, ledger.position_of(trades, n), trades


@compiled()
def most_trades(bars, realism=None):
    """Return how many rows of trades that many bars can need."""
    if realism is None:
        return bars // 2 + 1
    return bars


@compiled()
def buy_and_hold(open_, close, cash, per_share, minimum, cap, rate, slippage):
    """Buy at the first open with all the cash; return equity at every close and the costs."""
    paid = open_[0] * (1.0 + slippage)
    shares = orders.shares_for(cash, paid, per_share, minimum, cap, rate)
    if shares <= 0.0:
        return np.full(len(close), cash), 0.0
    fee = orders.commission_of(shares, paid, per_share, minimum, cap, rate)
    return shares * close, fee + shares * (paid - open_[0])
