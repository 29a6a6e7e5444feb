"""What an account is worth at each close, and the extreme marks of trades while they were on."""

from services.backtest import ledger
from services.backtest.cached import compiled

CHUNK = 16  # bars


@compiled(allocates=False)
def value_into(close, cash, shares, start, stop, equity):
    """Write the equity of the bars from `start` up to `stop`, or of a few more; return `stop`.

    The few more are overwritten by whoever comes next: whole chunks cost less than odd ends.
    """
    i, n = start, len(close)
    while i < stop and i + CHUNK <= n:
        for j in range(i, i + CHUNK):
            equity[j] = cash + shares * close[j]
        i += CHUNK
    for j in range(i, stop):
        equity[j] = cash + shares * close[j]
    return stop


@compiled(allocates=False)
def reach(prices, at_close, trades):
    """Let WORST and BEST, which know fills and exits of their trades, reach to the bars between.

    A fill at the close comes after its bar, one at the open before it, and ruin is seen at the
    close. What a bar showed in which a level was met is known already.
    """
    _, high, low, close = prices
    for k in range(len(trades)):
        first, last = int(trades[k, ledger.ENTRY_BAR]), int(trades[k, ledger.EXIT_BAR])
        reason = int(trades[k, ledger.REASON])
        if last == ledger.STILL_OPEN:
            last = len(close)
        elif reason == ledger.BY_RUIN:
            last += 1
        elif reason == ledger.BY_SIGNAL:
            last += at_close
        worst, best = trades[k, ledger.WORST], trades[k, ledger.BEST]
        for i in range(first + at_close, last):
            worst, best = min(worst, low[i]), max(best, high[i])
        trades[k, ledger.WORST], trades[k, ledger.BEST] = worst, best
