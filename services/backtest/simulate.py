"""The simulation kernel: one pass over arrays of bars and signals, compiled.

Without a Realism it is compiled to a loop that knows long positions of all the cash and exits by
signal only; with one to a loop that knows sides, stops, sizes and rates. Where both can say the
same they give the same to the last bit.
"""

import numpy as np

import services.backtest.account as accounts
from services.backtest import exits, ledger, long_only, orders
from services.backtest.cached import compiled

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
    trades = trades[:count]
    return equity, ledger.position_of(trades, n), trades


@compiled()
def most_trades(bars, realism=None):
    """Return how many rows of trades that many bars can need."""
    if realism is None:
        return bars // 2 + 1
    return bars


@compiled()
def trade_with(prices, signals, at_close, money, realism, equity, trades):
    """Simulate under a Realism into arrays at hand; return the number of trades.

    `equity` has a value a bar, `trades` has `most_trades` rows of TRADE_WIDTH.

    A bar begins with interest and the loan of a short for the days since the last close. A fill at
    the open comes before the bar's stop and target, a fill at the close after them. When equity is
    gone at a close the position is closed there, and nothing is traded any more.
    """
    open_, close = prices[0], prices[3]
    fees, slippage = money[1:5], money[5]
    account = accounts.opened(money[0])
    count = 0
    for i in range(len(close)):
        if i > 0:
            years = realism.days[i] / 365.0
            accounts.accrue(account, trades, count, close[i - 1], years, realism)
        if at_close:
            count += exits.hold(i, prices, slippage, fees, realism, account, trades, count)
            count += accounts.follow(
                i, signals[i], close[i], slippage, fees, realism, account, trades, count
            )
        else:
            signal = signals[i - 1] if i > 0 else 0
            count += accounts.follow(
                i, signal, open_[i], slippage, fees, realism, account, trades, count
            )
            count += exits.hold(i, prices, slippage, fees, realism, account, trades, count)
        if accounts.is_ruined(account, close[i]):
            accounts.leave(account, trades, count, i, close[i], slippage, fees, ledger.BY_RUIN)
            count += 1
        equity[i] = accounts.equity_of(account, close[i])
    return count + accounts.mark_open(account, trades, count, close[len(close) - 1])


@compiled()
def buy_and_hold(open_, close, cash, per_share, minimum, cap, rate, slippage):
    """Buy at the first open with all the cash; return equity at every close and the costs."""
    paid = open_[0] * (1.0 + slippage)
    shares = orders.shares_for(cash, paid, per_share, minimum, cap, rate)
    if shares <= 0.0:
        return np.full(len(close), cash), 0.0
    fee = orders.commission_of(shares, paid, per_share, minimum, cap, rate)
    return shares * close, fee + shares * (paid - open_[0])
