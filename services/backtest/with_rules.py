"""Trades under a Realism: from signal to signal, and between two of them to the next exit.

What no bar can change while a position lasts is asked once a trade. So a bar costs a look at its
range where a level is open, a sum where rates are paid, and next to nothing elsewhere.
"""

import services.backtest.account as accounts
from services.backtest import exits, ledger
from services.backtest.cached import compiled


@compiled()
def trade(prices, signals, at_close, money, realism, equity, trades):
    """Write equity and trades; return the number of trades.

    A bar begins after the interest and the loan of a short for the days since the last close. A
    fill at the open comes before the bar's stop and target, a fill at the close after them. When
    equity is gone at a close the position is closed there, and nothing is traded any more.
    """
    open_, high, low, close = prices
    rules, atr, volatility, years, pieces = realism
    fills, delay = (close, 0) if at_close else (open_, 1)
    fees, slippage = money[1:5], money[5]
    n, account = len(close), accounts.opened(money[0])
    count, at, said = 0, 0, -1
    while at < n:
        said = _next(signals, said + 1)
        bar = min(said + delay, n)
        signal = signals[said] if bar < n else 0
        if account[accounts.HELD] != 0.0:
            # Filled at the close, it is not in the range of its first bar but in the last one's.
            first, until = at + at_close, min(bar + at_close, n)
            out, price, reason = exits.find(first, until, open_, high, low, rules, pieces, account)
            last = min(out, bar)
            at = accounts.carry(at, last, close, years, rules, account, trades, count, equity)
            if at < last:
                price, reason = close[at], ledger.BY_RUIN
            elif reason != exits.NEVER:
                ledger.see(trades, count, account[accounts.LOWEST])
                ledger.see(trades, count, account[accounts.HIGHEST])
            if reason != exits.NEVER:
                accounts.leave(account, trades, count, at, price, slippage, fees, reason)
                count += 1
        elif bar < n and not accounts.opens(signal, rules):
            continue
        at = accounts.carry(at, bar, close, years, rules, account, trades, count, equity)
        if bar < n:
            known = atr[bar], volatility[bar]
            count += accounts.follow(
                bar, signal, fills[bar], slippage, fees, rules, *known, account, trades, count
            )
    return count + accounts.mark_open(account, trades, count, close[n - 1])


@compiled(allocates=False)
def _next(signals, start):
    """Return the place of the first signal from `start` on, or the number of bars."""
    i = start
    while i < len(signals) and signals[i] == 0:
        i += 1
    return i
