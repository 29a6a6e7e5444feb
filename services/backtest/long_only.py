"""Trades long positions of all the cash that are left by signal only: the usual backtest."""

import numpy as np

from services.backtest import ledger, marks, orders
from services.backtest.cached import compiled

WORD = 8  # signals


@compiled(allocates=False)
def room_for(bars):
    """Return how many places `trade` needs to note the signals of that many bars."""
    return bars + bars // WORD + 1


@compiled(allocates=False)
def trade(prices, signals, at_close, money, said, equity, worth, trades):
    """Fill every signal at its close or at the next open; return the number of trades.

    Goes from signal to signal. Each bar's `equity` is written unless it is None, and the cash after
    each exit to `worth`. WORST and BEST of the trades stay empty: see `mark`.
    """
    close, fills = prices[3], prices[3] if at_close else prices[0]
    cash, per_share, minimum, cap, rate, slippage = money
    n, delay = len(close), 0 if at_close else 1
    count, done, shares = 0, 0, 0.0
    for k in range(_find(signals, said)):
        bar, is_buy = said[k] + delay, signals[said[k]] > 0
        if is_buy == (shares > 0.0) or bar >= n:
            continue
        price = fills[bar]
        if is_buy:
            paid = price * (1.0 + slippage)
            wanted = orders.shares_for(cash, paid, per_share, minimum, cap, rate)
            if wanted > 0.0:
                fee = orders.commission_of(wanted, paid, per_share, minimum, cap, rate)
                slipped = wanted * (paid - price)
                ledger.open_trade(trades, count, bar, paid, wanted, fee, slipped, 1.0)
                if equity is not None:
                    done = marks.value_into(close, cash, shares, done, bar, equity)
                cash, shares = 0.0, wanted
        else:
            got = price * (1.0 - slippage)
            fee = orders.commission_of(shares, got, per_share, minimum, cap, rate)
            slipped = shares * (price - got)
            ledger.close_trade(trades, count, bar, got, fee, slipped, 0.0, 0.0, ledger.BY_SIGNAL)
            if equity is not None:
                done = marks.value_into(close, cash, shares, done, bar, equity)
            cash, shares = shares * got - fee, 0.0
            worth[count] = cash
            count += 1
    if equity is not None:
        marks.value_into(close, cash, shares, done, n, equity)
    if shares > 0.0:
        ledger.mark_trade(trades, count, close[n - 1], 0.0, 0.0)
        count += 1
    return count


@compiled(allocates=False)
def _find(signals, said):
    """Write where signals are; return how many there are. Free of branches, as nobody foresees.

    Most words of eight signals say nothing: those that do are found first, and written down behind
    the place of the last signal.
    """
    n = len(signals)
    whole = n - n % WORD
    words, found, busy = signals[:whole].view(np.int64), 0, said[n:]
    for k in range(len(words)):
        busy[found] = k * WORD
        found += words[k] != 0
    count = 0
    for k in range(found):
        for i in range(busy[k], busy[k] + WORD):
            said[count] = i
            count += signals[i] != 0
    for i in range(whole, n):
        said[count] = i
        count += signals[i] != 0
    return count


@compiled(allocates=False)
def mark(prices, at_close, trades):
    """Write the lowest and highest marks of the trades, from the fills and the bars between."""
    open_, high, low, close = prices
    fills = close if at_close else open_
    for k in range(len(trades)):
        first, last = int(trades[k, ledger.ENTRY_BAR]), int(trades[k, ledger.EXIT_BAR])
        worst = best = fills[first]
        if last == ledger.STILL_OPEN:
            last = len(fills)
        else:
            worst, best = min(worst, fills[last]), max(best, fills[last])
        # A fill at the close comes after its bar, one at the open before it.
        for i in range(first + at_close, min(last + at_close, len(fills))):
            worst, best = min(worst, low[i]), max(best, high[i])
        trades[k, ledger.WORST], trades[k, ledger.BEST] = worst, best
