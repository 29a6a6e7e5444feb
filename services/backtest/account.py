"""The account of a simulation under a Realism: its cash, its position, and the trade that is on."""

import math

import numpy as np

from services.backtest import assumptions, ledger, marks, orders
from services.backtest.cached import compiled

# Cells of an account: its cash and signed shares, what the sale of a short brought, and of the
# trade that is on the best price of closed bars, the ATR before it, its levels, and what the bar of
# its exit showed.
ACCOUNT_WIDTH = 9
MONEY, HELD, PROCEEDS, PEAK, ATR, STOP, TARGET, LOWEST, HIGHEST = range(ACCOUNT_WIDTH)


@compiled()
def opened(cash):
    """Return an account that holds nothing but cash."""
    account = np.zeros(ACCOUNT_WIDTH)
    account[MONEY] = cash
    return account


@compiled(allocates=False)
def carry(at, bar, close, years, rules, account, trades, row, equity):
    """Write the equity from bar `at` up to `bar`, and pay what is due until then.

    Return `bar`, or the bar at whose close a position has taken all of the equity.
    """
    money, held, reached = account[MONEY], account[HELD], bar
    if rules.interest > 0.0 or (rules.borrow > 0.0 and held < 0.0):
        reached = _accrue(at, bar, close, years, rules, account, trades, row, equity)
    else:
        marks.value_into(close, money, held, at, bar, equity)
        if held < 0.0 or (held > 0.0 and money < 0.0):
            reached = _ruined(at, bar, equity)
    return reached


@compiled(allocates=False)
def _ruined(at, bar, equity):
    """Return the first bar from `at` on at whose close nothing is left, or `bar`."""
    i = at
    while i < bar and not equity[i] <= 0.0:
        i += 1
    return i


@compiled(allocates=False)
def _accrue(at, bar, close, years, rules, account, trades, row, equity):
    """Do the same with interest on the trader's own idle cash and the loan of a short by value."""
    money, held, proceeds = account[MONEY], account[HELD], account[PROCEEDS]
    lent = max(-held, 0.0)
    fee = trades[row, ledger.COMMISSION] if lent > 0.0 else 0.0
    i, is_ruined = at, False
    while i < bar and not is_ruined:
        equity[i] = money + held * close[i]
        is_ruined = (held != 0.0) & (equity[i] <= 0.0)
        if not is_ruined:
            loan = lent * close[i] * rules.borrow * years[i]
            money += max(money - proceeds, 0.0) * rules.interest * years[i]
            money -= loan
            fee += loan
            i += 1
    account[MONEY] = money
    if lent > 0.0:
        trades[row, ledger.COMMISSION] = fee
    return i


@compiled(allocates=False)
def opens(signal, rules):
    """Tell whether a signal opens a position where there is none."""
    if signal > 0:
        return rules.sides != assumptions.SHORT_ONLY
    return signal < 0 and rules.sides != assumptions.LONG_ONLY


@compiled(allocates=False)
def follow(i, signal, price, slippage, fees, rules, atr, volatility, account, trades, count):
    """Do what a signal says at a price; return how many trades that closed.

    `atr` and `volatility` are what is known of them at bar i, NaN for nothing.
    """
    closed = 0
    if signal * account[HELD] < 0.0:
        leave(account, trades, count, i, price, slippage, fees, ledger.BY_SIGNAL)
        closed = 1
    if opens(signal, rules) and account[HELD] == 0.0 and account[MONEY] > 0.0:
        side = 1.0 if signal > 0 else -1.0
        row = count + closed
        _enter(account, trades, row, i, price, side, slippage, fees, rules, atr, volatility)
    return closed


@compiled(allocates=False)
def _enter(account, trades, row, i, price, side, slippage, fees, rules, atr, volatility):
    """Open a trade of the wanted size, if it has one and its stops can be placed."""
    cash = account[MONEY]
    paid = price * (1.0 + side * slippage)
    shares, spent = _size(cash, paid, volatility, rules, fees)
    needs_atr = rules.stop_atr > 0.0 or rules.target_atr > 0.0 or rules.trail_atr > 0.0
    if not shares > 0.0 or (needs_atr and math.isnan(atr)):
        return
    fee = orders.commission_of(shares, paid, *fees)
    ledger.open_trade(trades, row, i, paid, shares, fee, shares * abs(paid - price), side)
    account[HELD] = side * shares
    account[PROCEEDS] = shares * paid if side < 0.0 else 0.0
    account[MONEY] = cash - spent if side > 0.0 else cash + account[PROCEEDS] - fee
    trades[row, ledger.WORST] = trades[row, ledger.BEST] = price
    account[PEAK] = paid
    account[ATR] = atr
    account[STOP] = paid - side * distance(paid, rules.stop_fraction, rules.stop_atr, atr)
    away = side * distance(paid, rules.target_fraction, rules.target_atr, atr)
    account[TARGET] = paid + away


@compiled(allocates=False)
def leave(account, trades, row, bar, price, slippage, fees, reason):
    """Close the trade that is on, at a market price; a target is a limit and does not slip."""
    side, shares = trades[row, ledger.SIDE], trades[row, ledger.SHARES]
    slippage = 0.0 if reason == ledger.BY_TARGET else slippage
    got = price * (1.0 - side * slippage)
    fee = orders.commission_of(shares, got, *fees)
    ledger.see(trades, row, price)
    worst, best = trades[row, ledger.WORST], trades[row, ledger.BEST]
    ledger.close_trade(trades, row, bar, got, fee, shares * abs(price - got), worst, best, reason)
    account[MONEY] += side * shares * got - fee
    account[HELD] = account[PROCEEDS] = 0.0


@compiled(allocates=False)
def mark_open(account, trades, row, price):
    """Mark the trade that is still on, in a row of `trades`; return 1 if there is one."""
    if account[HELD] == 0.0:
        return 0
    ledger.mark_trade(trades, row, price, trades[row, ledger.WORST], trades[row, ledger.BEST])
    return 1


@compiled(division_raises=True, allocates=False)
def _size(cash, price, volatility, rules, fees):
    """Return the shares of an entry and what they take, commission included.

    An entry takes at most max_exposure of the equity, its commission included. Without a known
    volatility nothing is bought by it.
    """
    limit = rules.max_exposure * cash
    budget = limit
    if rules.sizing == assumptions.PERCENT:
        budget = min(limit, rules.amount * cash)
    elif rules.sizing == assumptions.CASH:
        budget = min(limit, rules.amount)
    elif rules.sizing == assumptions.VOLATILITY:
        if math.isnan(volatility):
            return 0.0, 0.0
        if volatility > 0.0:
            budget = min(limit, rules.amount / volatility * cash)
    shares = orders.shares_for(budget, price, *fees)
    if rules.sizing == assumptions.SHARES_OF:
        shares = min(shares, rules.amount)
    if not rules.fractional:
        # A hundred shares that rounding made 99.99999999999999 are a hundred.
        shares = math.floor(shares * (1.0 + 1e-12))
    elif rules.sizing != assumptions.SHARES_OF:
        return shares, budget
    return shares, shares * price + orders.commission_of(shares, price, *fees)


@compiled(allocates=False)
def distance(price, fraction, multiple, atr):
    """Return how far a level lies from a price: infinitely, where none is asked for."""
    if multiple > 0.0:
        return multiple * atr
    return fraction * price if fraction > 0.0 else math.inf
