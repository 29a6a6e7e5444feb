"""The table of trades as the kernel writes it: a row a trade, in columns of numbers.

EXIT_BAR is STILL_OPEN for a position held at the end, whose EXIT_PRICE is the last close. WORST
and BEST are the lowest and highest marks while the trade was on, SIDE is 1 or -1; COMMISSION
includes what the loan of a short's shares cost.
"""

import numpy as np

from services.backtest.cached import compiled

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


@compiled(allocates=False)
def open_trade(trades, row, bar, paid, shares, fee, slipped, side):
    """Write what is known at the entry."""
    trades[row, ENTRY_BAR] = bar
    trades[row, ENTRY_PRICE] = paid
    trades[row, SHARES] = shares
    trades[row, COMMISSION] = fee
    trades[row, SLIPPAGE] = slipped
    trades[row, SIDE] = side


@compiled(allocates=False)
def close_trade(trades, row, bar, got, fee, slipped, worst, best, reason):
    """Write what is known at the exit; `fee` and `slipped` are those of the exit."""
    trades[row, EXIT_BAR] = bar
    trades[row, EXIT_PRICE] = got
    trades[row, COMMISSION] += fee
    trades[row, SLIPPAGE] += slipped
    trades[row, WORST] = worst
    trades[row, BEST] = best
    trades[row, REASON] = reason
    entry_fee = trades[row, COMMISSION] - fee
    gained = trades[row, SIDE] * trades[row, SHARES] * (got - trades[row, ENTRY_PRICE])
    trades[row, PROFIT] = gained - entry_fee - fee


@compiled(allocates=False)
def see(trades, row, price):
    """Let the marks of a trade reach to a price."""
    trades[row, WORST] = min(trades[row, WORST], price)
    trades[row, BEST] = max(trades[row, BEST], price)


@compiled(allocates=False)
def mark_trade(trades, row, price, worst, best):
    """Value a trade that is still on, at the last close."""
    close_trade(trades, row, STILL_OPEN, price, 0.0, 0.0, worst, best, BY_SIGNAL)


@compiled()
def position_of(trades, bars):
    """Return the position after every close, -1, 0 or 1, from the rows of all trades."""
    position = np.zeros(bars, dtype=np.int8)
    for k in range(len(trades)):
        last = int(trades[k, EXIT_BAR])
        side = np.int8(trades[k, SIDE])
        position[int(trades[k, ENTRY_BAR]) : bars if last == STILL_OPEN else last] = side
    return position
