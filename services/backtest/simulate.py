"""The simulation kernel: one pass over arrays of bars and signals, compiled.

All compiled functions of the kernel stand in this file: the cache of compiled code on disk is
renewed when the file changes, not when a file that it imports does.
"""

import math

import numpy as np
from numba import njit

FILL_NEXT_OPEN, FILL_CLOSE = 0, 1

# Columns of the trade table that the kernel fills.
TRADE_WIDTH = 10
(
    ENTRY_BAR,
    EXIT_BAR,
    ENTRY_PRICE,
    EXIT_PRICE,
    SHARES,
    COMMISSION,
    SLIPPAGE,
    PROFIT,
    WORST,
    BEST,
) = range(TRADE_WIDTH)
STILL_OPEN = -1


@njit(cache=True, nogil=True)
def simulate(open_, high, low, close, signals, fill, cash, per_share, minimum, cap, rate, slippage):
    """Trade the signals, all cash in and all out; slippage is a fraction of the price.

    Return equity at every close, the position (0 or 1) after every close, and one row a trade
    (columns above; EXIT_BAR is STILL_OPEN for a position held at the end, whose EXIT_PRICE is
    the last close). WORST and BEST are the lowest and highest marks while the trade was on.
    """
    n = len(close)
    equity = np.empty(n)
    position = np.empty(n, dtype=np.int8)
    trades = np.empty((most_trades(n), TRADE_WIDTH))
    money = (cash, per_share, minimum, cap, rate, slippage)
    count = simulate_into(open_, high, low, close, signals, fill, *money, equity, position, trades)
    return equity, position, trades[:count]


@njit(cache=True, nogil=True)
def most_trades(bars):
    """Return how many rows of trades that many bars can need."""
    return bars // 2 + 1


@njit(cache=True, nogil=True)
def simulate_into(
    open_,
    high,
    low,
    close,
    signals,
    fill,
    cash,
    per_share,
    minimum,
    cap,
    rate,
    slippage,
    equity,
    position,
    trades,
):
    """Do the work of `simulate` in arrays at hand; return the number of trades.

    `equity` and `position` have a value a bar, `trades` has `most_trades` rows of TRADE_WIDTH.
    """
    n = len(close)
    at_close = fill == FILL_CLOSE
    count = 0
    shares = 0.0
    # The marks of the trade that is on: a local number costs less than a cell of the table.
    worst = best = 0.0
    for i in range(n):
        holding = shares > 0.0
        if holding and at_close:
            worst, best = min(worst, low[i]), max(best, high[i])

        signal = 0
        if at_close:
            signal = signals[i]
        elif i > 0:
            signal = signals[i - 1]
        if signal > 0 and not holding:
            price = close[i] if at_close else open_[i]
            paid = price * (1.0 + slippage)
            shares = shares_for(cash, paid, per_share, minimum, cap, rate)
            if shares > 0.0:
                fee = commission_of(shares, paid, per_share, minimum, cap, rate)
                _open_trade(trades[count], i, paid, shares, fee, shares * (paid - price))
                worst = best = price
                cash = 0.0
            else:
                shares = 0.0
        elif signal < 0 and holding:
            price = close[i] if at_close else open_[i]
            got = price * (1.0 - slippage)
            fee = commission_of(shares, got, per_share, minimum, cap, rate)
            cash = shares * got - fee
            worst, best = min(worst, price), max(best, price)
            _close_trade(trades[count], i, got, fee, shares * (price - got), worst, best)
            count += 1
            shares = 0.0

        holding = shares > 0.0
        if holding and not at_close:
            worst, best = min(worst, low[i]), max(best, high[i])
        position[i] = holding
        equity[i] = cash + shares * close[i]

    if shares > 0.0:
        _close_trade(trades[count], STILL_OPEN, close[n - 1], 0.0, 0.0, worst, best)
        count += 1
    return count


@njit(cache=True, nogil=True)
def buy_and_hold(open_, close, cash, per_share, minimum, cap, rate, slippage):
    """Buy at the first open with all the cash; return equity at every close and the costs."""
    paid = open_[0] * (1.0 + slippage)
    shares = shares_for(cash, paid, per_share, minimum, cap, rate)
    if shares <= 0.0:
        return np.full(len(close), cash), 0.0
    fee = commission_of(shares, paid, per_share, minimum, cap, rate)
    return shares * close, fee + shares * (paid - open_[0])


@njit(cache=True, nogil=True)
def _open_trade(trade, bar, paid, shares, fee, slipped):
    trade[ENTRY_BAR] = bar
    trade[ENTRY_PRICE] = paid
    trade[SHARES] = shares
    trade[COMMISSION] = fee
    trade[SLIPPAGE] = slipped


@njit(cache=True, nogil=True)
def _close_trade(trade, bar, got, fee, slipped, worst, best):
    trade[EXIT_BAR] = bar
    trade[EXIT_PRICE] = got
    trade[COMMISSION] += fee
    trade[SLIPPAGE] += slipped
    trade[WORST] = worst
    trade[BEST] = best
    entry_fee = trade[COMMISSION] - fee
    trade[PROFIT] = trade[SHARES] * (got - trade[ENTRY_PRICE]) - entry_fee - fee


@njit(cache=True, nogil=True)
def commission_of(shares, price, per_share, minimum, cap, rate):
    """Return the commission of one order in money."""
    value = shares * price
    return min(max(per_share * shares, minimum), cap * value) + rate * value


@njit(cache=True, nogil=True)
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
