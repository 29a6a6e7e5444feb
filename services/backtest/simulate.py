"""The simulation kernel: one pass over arrays of bars and signals, compiled.

`simulate` with `realism` None is compiled to a loop that knows long positions of all the cash and
exits by signal only; with a Realism to one that knows sides, stops, sizes and rates. Where both
can say the same they give the same to the last bit.

All compiled functions of the kernel stand in this file: the cache of compiled code on disk is
renewed when the file changes, not when a file that it imports does.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

FILL_NEXT_OPEN, FILL_CLOSE = 0, 1

# Columns of the trade table that the kernel fills.
TRADE_WIDTH = 12
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
    SIDE,
    REASON,
) = range(TRADE_WIDTH)
STILL_OPEN = -1
# What ended a trade.
BY_SIGNAL, BY_STOP, BY_TARGET, BY_TRAILING, BY_RUIN = range(5)
NEVER = -1
ALL_IN, PERCENT, CASH, SHARES_OF, VOLATILITY = range(5)
LONG_ONLY, SHORT_ONLY, BOTH_SIDES = range(3)
# Cells of an account: its cash and signed shares, what the sale of a short brought, and of the
# trade that is on the best price of closed bars, the ATR before it, its levels and its marks.
ACCOUNT_WIDTH = 9
MONEY, HELD, PROCEEDS, PEAK, ATR, STOP, TARGET, LOWEST, HIGHEST = range(ACCOUNT_WIDTH)


class Realism(NamedTuple):
    """What a simulation assumes beyond cash, costs and fill, as numbers for the kernel.

    Distances are a fraction of the price and a multiple of the ATR, both 0 for none; rates are
    fractions a year. The arrays have a value a bar: what was known of ATR and yearly volatility at
    the close before (NaN: nothing), and the calendar days since then.
    """

    sides: int
    stop_fraction: float
    stop_atr: float
    target_fraction: float
    target_atr: float
    trail_fraction: float
    trail_atr: float
    target_first: bool
    sizing: int
    amount: float
    fractional: bool
    max_exposure: float
    interest: float
    borrow: float
    atr: np.ndarray
    volatility: np.ndarray
    days: np.ndarray


@njit(cache=True, nogil=True)
def simulate(
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
    realism=None,
):
    """Trade the signals; slippage is a fraction of the price.

    Return equity at every close, the position (-1, 0 or 1) after every close, and one row a trade
    (columns above; EXIT_BAR is STILL_OPEN for a position held at the end, whose EXIT_PRICE is
    the last close). WORST and BEST are the lowest and highest marks while the trade was on,
    SIDE is 1 or -1; COMMISSION includes what the loan of a short's shares cost.
    """
    n = len(close)
    equity = np.empty(n)
    position = np.empty(n, dtype=np.int8)
    trades = np.empty((most_trades(n, realism), TRADE_WIDTH))
    money = (cash, per_share, minimum, cap, rate, slippage)
    count = simulate_into(
        open_, high, low, close, signals, fill, *money, equity, position, trades, realism
    )
    return equity, position, trades[:count]


@njit(cache=True, nogil=True)
def most_trades(bars, realism=None):
    """Return how many rows of trades that many bars can need."""
    if realism is None:
        return bars // 2 + 1
    return bars


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
    realism=None,
):
    """Do the work of `simulate` in arrays at hand; return the number of trades.

    `equity` and `position` have a value a bar, `trades` has `most_trades` rows of TRADE_WIDTH.
    """
    if realism is not None:
        bars, fees = (open_, high, low, close), (per_share, minimum, cap, rate)
        return _simulate_with(
            bars, signals, fill, cash, fees, slippage, realism, equity, position, trades
        )
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
                _open_trade(trades[count], i, paid, shares, fee, shares * (paid - price), 1.0)
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
            slipped = shares * (price - got)
            _close_trade(trades[count], i, got, fee, slipped, worst, best, BY_SIGNAL)
            count += 1
            shares = 0.0

        holding = shares > 0.0
        if holding and not at_close:
            worst, best = min(worst, low[i]), max(best, high[i])
        position[i] = holding
        equity[i] = cash + shares * close[i]

    if shares > 0.0:
        _close_trade(trades[count], STILL_OPEN, close[n - 1], 0.0, 0.0, worst, best, BY_SIGNAL)
        count += 1
    return count


@njit(cache=True, nogil=True)
def _simulate_with(bars, signals, fill, cash, fees, slippage, realism, equity, position, trades):
    """Simulate under a Realism; return the number of trades.

    A bar begins with interest and the loan of a short for the days since the last close. A fill at
    the open comes before the bar's stop and target, a fill at the close after them. When equity is
    gone at a close the position is closed there, and nothing is traded any more.
    """
    close, at_close = bars[3], fill == FILL_CLOSE
    account = np.zeros(ACCOUNT_WIDTH)
    account[MONEY] = cash
    count = 0
    for i in range(len(close)):
        if i > 0:
            _accrue(account, trades[count], close[i - 1], realism.days[i] / 365.0, realism)
        if at_close:
            count += _hold(i, bars, slippage, fees, realism, account, trades[count])
            count += _follow(
                i, signals[i], close[i], slippage, fees, realism, account, trades, count
            )
        else:
            signal = signals[i - 1] if i > 0 else 0
            count += _follow(i, signal, bars[0][i], slippage, fees, realism, account, trades, count)
            count += _hold(i, bars, slippage, fees, realism, account, trades[count])

        if account[HELD] != 0.0 and account[MONEY] + account[HELD] * close[i] <= 0.0:
            _leave(account, trades[count], i, close[i], slippage, fees, BY_RUIN)
            count += 1
        position[i] = np.sign(account[HELD])
        equity[i] = account[MONEY] + account[HELD] * close[i]

    if account[HELD] != 0.0:
        worst, best = account[LOWEST], account[HIGHEST]
        last = close[len(close) - 1]
        _close_trade(trades[count], STILL_OPEN, last, 0.0, 0.0, worst, best, BY_SIGNAL)
        count += 1
    return count


@njit(cache=True, nogil=True)
def _accrue(account, trade, price, years, realism):
    """Pay interest on the trader's own idle cash, and the loan of a short by its last value."""
    idle = account[MONEY] - account[PROCEEDS]
    account[MONEY] += max(idle, 0.0) * realism.interest * years
    if account[HELD] < 0.0:
        lent = -account[HELD] * price * realism.borrow * years
        account[MONEY] -= lent
        trade[COMMISSION] += lent


@njit(cache=True, nogil=True)
def _follow(i, signal, price, slippage, fees, realism, account, trades, count):
    """Do what a signal says at a price; return how many trades that closed."""
    closed = 0
    if signal * account[HELD] < 0.0:
        _leave(account, trades[count], i, price, slippage, fees, BY_SIGNAL)
        closed = 1
    is_wanted = (signal > 0 and realism.sides != SHORT_ONLY) or (
        signal < 0 and realism.sides != LONG_ONLY
    )
    if is_wanted and account[HELD] == 0.0 and account[MONEY] > 0.0:
        side = 1.0 if signal > 0 else -1.0
        _enter(account, trades[count + closed], i, price, side, slippage, fees, realism)
    return closed


@njit(cache=True, nogil=True)
def _enter(account, trade, i, price, side, slippage, fees, realism):
    """Open a trade of the wanted size, if it has one and its stops can be placed."""
    atr, cash = realism.atr[i], account[MONEY]
    paid = price * (1.0 + side * slippage)
    shares, spent = _size(cash, paid, realism.volatility[i], realism, fees)
    needs_atr = realism.stop_atr > 0.0 or realism.target_atr > 0.0 or realism.trail_atr > 0.0
    if not shares > 0.0 or (needs_atr and math.isnan(atr)):
        return
    fee = commission_of(shares, paid, *fees)
    _open_trade(trade, i, paid, shares, fee, shares * abs(paid - price), side)
    account[HELD] = side * shares
    account[PROCEEDS] = shares * paid if side < 0.0 else 0.0
    account[MONEY] = cash - spent if side > 0.0 else cash + account[PROCEEDS] - fee
    account[LOWEST] = account[HIGHEST] = price
    account[PEAK] = paid
    account[ATR] = atr
    account[STOP] = paid - side * _distance(paid, realism.stop_fraction, realism.stop_atr, atr)
    away = side * _distance(paid, realism.target_fraction, realism.target_atr, atr)
    account[TARGET] = paid + away


@njit(cache=True, nogil=True)
def _hold(i, bars, slippage, fees, realism, account, trade):
    """Take a position through a bar from its open on; return 1 if a stop or its target ended it.

    Stops fill at their level, or at an open beyond it, with slippage; the target is a limit
    order: at its level, or at an open beyond it, without. The trailing stop moves when a bar has
    closed, by its high (of a short: its low).
    """
    if account[HELD] == 0.0:
        return 0
    open_, high, low = bars[0][i], bars[1][i], bars[2][i]
    side, peak, stop = np.sign(account[HELD]), account[PEAK], account[STOP]
    away = _distance(peak, realism.trail_fraction, realism.trail_atr, account[ATR])
    trail = peak - side * away
    is_trailing = side * (trail - stop) > 0.0
    level = trail if is_trailing else stop
    price, reason = _exit_within(
        open_, high, low, side, level, account[TARGET], realism.target_first
    )
    if reason == NEVER:
        _see(account, low, high)
        account[PEAK] = max(peak, high) if side > 0.0 else min(peak, low)
        return 0
    # What else the bar showed, before the exit or after it, nobody knows.
    _see(account, open_, open_)
    slip = 0.0 if reason == BY_TARGET else slippage
    reason = BY_TRAILING if reason == BY_STOP and is_trailing else reason
    _leave(account, trade, i, price, slip, fees, reason)
    return 1


@njit(cache=True, nogil=True)
def _distance(price, fraction, multiple, atr):
    if multiple > 0.0:
        return multiple * atr
    return fraction * price if fraction > 0.0 else math.inf


@njit(cache=True, nogil=True)
def _exit_within(open_, high, low, side, stop, target, target_first):
    """Return the price at which a bar takes a position out, before slippage, and why."""
    if side * (open_ - stop) <= 0.0:
        return open_, BY_STOP
    if side * (open_ - target) >= 0.0:
        return open_, BY_TARGET
    bad, good = (low, high) if side > 0.0 else (high, low)
    hits_stop = side * (bad - stop) <= 0.0
    if side * (good - target) >= 0.0 and (target_first or not hits_stop):
        return target, BY_TARGET
    return (stop, BY_STOP) if hits_stop else (0.0, NEVER)


@njit(cache=True, nogil=True)
def _size(cash, price, volatility, realism, fees):
    """Return the shares of an entry and what they take, commission included.

    An entry takes at most max_exposure of the equity, its commission included. Without a known
    volatility nothing is bought by it.
    """
    limit = realism.max_exposure * cash
    budget = limit
    if realism.sizing == PERCENT:
        budget = min(limit, realism.amount * cash)
    elif realism.sizing == CASH:
        budget = min(limit, realism.amount)
    elif realism.sizing == VOLATILITY:
        if math.isnan(volatility):
            return 0.0, 0.0
        if volatility > 0.0:
            budget = min(limit, realism.amount / volatility * cash)
    shares = shares_for(budget, price, *fees)
    if realism.sizing == SHARES_OF:
        shares = min(shares, realism.amount)
    if not realism.fractional:
        # A hundred shares that rounding made 99.99999999999999 are a hundred.
        shares = math.floor(shares * (1.0 + 1e-12))
    elif realism.sizing != SHARES_OF:
        return shares, budget
    return shares, shares * price + commission_of(shares, price, *fees)


@njit(cache=True, nogil=True)
def _leave(account, trade, bar, price, slippage, fees, reason):
    """Close the trade that is on, at a market price."""
    side, shares = trade[SIDE], trade[SHARES]
    got = price * (1.0 - side * slippage)
    fee = commission_of(shares, got, *fees)
    _see(account, price, price)
    worst, best = account[LOWEST], account[HIGHEST]
    _close_trade(trade, bar, got, fee, shares * abs(price - got), worst, best, reason)
    account[MONEY] += side * shares * got - fee
    account[HELD] = account[PROCEEDS] = 0.0


@njit(cache=True, nogil=True)
def _see(account, low, high):
    account[LOWEST] = min(account[LOWEST], low)
    account[HIGHEST] = max(account[HIGHEST], high)


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
def _open_trade(trade, bar, paid, shares, fee, slipped, side):
    trade[ENTRY_BAR] = bar
    trade[ENTRY_PRICE] = paid
    trade[SHARES] = shares
    trade[COMMISSION] = fee
    trade[SLIPPAGE] = slipped
    trade[SIDE] = side


@njit(cache=True, nogil=True)
def _close_trade(trade, bar, got, fee, slipped, worst, best, reason):
    trade[EXIT_BAR] = bar
    trade[EXIT_PRICE] = got
    trade[COMMISSION] += fee
    trade[SLIPPAGE] += slipped
    trade[WORST] = worst
    trade[BEST] = best
    trade[REASON] = reason
    entry_fee = trade[COMMISSION] - fee
    gained = trade[SIDE] * trade[SHARES] * (got - trade[ENTRY_PRICE])
    trade[PROFIT] = gained - entry_fee - fee


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
