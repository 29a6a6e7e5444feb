"""The account of a simulation under a Realism: its cash, its position, and the trade that is on."""

import math

import numpy as np

from services.backtest import assumptions, ledger, orders
from services.backtest.cached import compiled

# Cells of an account: its cash and signed shares, what the sale of a short brought, and of the
# trade that is on the best price of closed bars, the ATR before it, its levels and its marks.
ACCOUNT_WIDTH = 9
MONEY, HELD, PROCEEDS, PEAK, ATR, STOP, TARGET, LOWEST, HIGHEST = range(ACCOUNT_WIDTH)


@compiled()
def opened(cash):
    """Return an account that holds nothing but cash."""
    account = np.zeros(ACCOUNT_WIDTH)
    account[MONEY] = cash
    return account


@compiled()
def equity_of(account, price):
    """Return cash and position in money, at a price."""
    return account[MONEY] + account[HELD] * price


@compiled()
def is_ruined(account, price):
    """Tell whether a position has taken all of the equity."""
    return account[HELD] != 0.0 and equity_of(account, price) <= 0.0


@compiled()
def accrue(account, trades, row, price, years, realism):
    """Pay interest on the trader's own idle cash, and the loan of a short by its last value."""
    idle = account[MONEY] - account[PROCEEDS]
    account[MONEY] += max(idle, 0.0) * realism.interest * years
    if account[HELD] < 0.0:
        lent = -account[HELD] * price * realism.borrow * years
        account[MONEY] -= lent
        trades[row, ledger.COMMISSION] += lent


@compiled()
def follow(i, signal, price, slippage, fees, realism, account, trades, count):
    """Do what a signal says at a price; return how many trades that closed."""
    closed = 0
    if signal * account[HELD] < 0.0:
        leave(account, trades, count, i, price, slippage, fees, ledger.BY_SIGNAL)
        closed = 1
    is_wanted = (signal > 0 and realism.sides != assumptions.SHORT_ONLY) or (
        signal < 0 and realism.sides != assumptions.LONG_ONLY
    )
    if is_wanted and account[HELD] == 0.0 and account[MONEY] > 0.0:
        side = 1.0 if signal > 0 else -1.0
        _enter(account, trades, count + closed, i, price, side, slippage, fees, realism)
    return closed


@compiled()
def _enter(account, trades, row, i, price, side, slippage, fees, realism):
    """Open a trade of the wanted size, if it has one and its stops can be placed."""
    atr, cash = realism.atr[i], account[MONEY]
    paid = price * (1.0 + side * slippage)
    shares, spent = _size(cash, paid, realism.volatility[i], realism, fees)
    needs_atr = realism.stop_atr > 0.0 or realism.target_atr > 0.0 or realism.trail_atr > 0.0
    if not shares > 0.0 or (needs_atr and math.isnan(atr)):
        return
    fee = orders.commission_of(shares, paid, *fees)
    ledger.open_trade(trades, row, i, paid, shares, fee, shares * abs(paid - price), side)
    account[HELD] = side * shares
    account[PROCEEDS] = shares * paid if side < 0.0 else 0.0
    account[MONEY] = cash - spent if side > 0.0 else cash + account[PROCEEDS] - fee
    account[LOWEST] = account[HIGHEST] = price
    account[PEAK] = paid
    account[ATR] = atr
    account[STOP] = paid - side * distance(paid, realism.stop_fraction, realism.stop_atr, atr)
    away = side * distance(paid, realism.target_fraction, realism.target_atr, atr)
    account[TARGET] = paid + away


@compiled()
def leave(account, trades, row, bar, price, slippage, fees, reason):
    """Close the trade that is on, at a market price."""
    side, shares = trades[row, ledger.SIDE], trades[row, ledger.SHARES]
    got = price * (1.0 - side * slippage)
    fee = orders.commission_of(shares, got, *fees)
    see(account, price, price)
    worst, best = account[LOWEST], account[HIGHEST]
    ledger.close_trade(trades, row, bar, got, fee, shares * abs(price - got), worst, best, reason)
    account[MONEY] += side * shares * got - fee
    account[HELD] = account[PROCEEDS] = 0.0


@compiled()
def mark_open(account, trades, row, price):
    """Mark the trade that is still on, in a row of `trades`; return 1 if there is one."""
    if account[HELD] == 0.0:
        return 0
    ledger.mark_trade(trades, row, price, account[LOWEST], account[HIGHEST])
    return 1


@compiled(division_raises=True)
def _size(cash, price, volatility, realism, fees):
    """Return the shares of an entry and what they take, commission included.

    An entry takes at most max_exposure of the equity, its commission included. Without a known
    volatility nothing is bought by it.
    """
    limit = realism.max_exposure * cash
    budget = limit
    if realism.sizing == assumptions.PERCENT:
        budget = min(limit, realism.amount * cash)
    elif realism.sizing == assumptions.CASH:
        budget = min(limit, realism.amount)
    elif realism.sizing == assumptions.VOLATILITY:
        if math.isnan(volatility):
            return 0.0, 0.0
        if volatility > 0.0:
            budget = min(limit, realism.amount / volatility * cash)
    shares = orders.shares_for(budget, price, *fees)
    if realism.sizing == assumptions.SHARES_OF:
        shares = min(shares, realism.amount)
    if not realism.fractional:
        # A hundred shares that rounding made 99.99999999999999 are a hundred.
        shares = math.floor(shares * (1.0 + 1e-12))
    elif realism.sizing != assumptions.SHARES_OF:
        return shares, budget
    return shares, shares * price + orders.commission_of(shares, price, *fees)


@compiled()
def distance(price, fraction, multiple, atr):
    """Return how far a level lies from a price: infinitely, where none is asked for."""
    if multiple > 0.0:
        return multiple * atr
    return fraction * price if fraction > 0.0 else math.inf


@compiled()
def see(account, low, high):
    """Let the marks of the trade that is on reach to prices."""
    account[LOWEST] = min(account[LOWEST], low)
    account[HIGHEST] = max(account[HIGHEST], high)
