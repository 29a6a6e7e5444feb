"""How deep and how long an equity curve lay under a peak."""

from services.backtest.cached import compiled

US_A_DAY = 86_400_000_000
BLOCK = 8  # bars that are looked at together


@compiled()
def drawdown_of(equity, cash, ts):
    """Return the deepest fall as a fraction, and the longest span under a peak in days.

    Within one span the lowest equity is the deepest fall: a division a span, not one a bar. Bars
    without a new peak, or all on the peak, are passed a block at a time.
    """
    n = len(equity)
    peak = trough = cash
    depth, longest, since = 0.0, 0, ts[0]
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        if stop == start + BLOCK:
            highest = _highest(equity, start)
            if highest < peak:
                trough = _lower(trough, _lowest(equity, start))
                continue
            if highest == peak == trough == _lowest(equity, start):
                since = ts[stop - 1]
                continue
        for i in range(start, stop):
            value = equity[i]
            if value >= peak:
                if trough < peak:
                    depth = min(depth, trough / peak - 1.0)
                    longest = max(longest, ts[i] - since)
                peak = trough = value
                since = ts[i]
            else:
                trough = _lower(trough, value)
    if trough < peak:
        depth = min(depth, trough / peak - 1.0)
        longest = max(longest, ts[n - 1] - since)
    return depth, longest / US_A_DAY


@compiled()
def _highest(values, i):
    """Return the highest of a block, in pairs: a chain would wait for each comparison."""
    a = _higher(_higher(values[i], values[i + 1]), _higher(values[i + 2], values[i + 3]))
    b = _higher(_higher(values[i + 4], values[i + 5]), _higher(values[i + 6], values[i + 7]))
    return _higher(a, b)


@compiled()
def _lowest(values, i):
    a = _lower(_lower(values[i], values[i + 1]), _lower(values[i + 2], values[i + 3]))
    b = _lower(_lower(values[i + 4], values[i + 5]), _lower(values[i + 6], values[i + 7]))
    return _lower(a, b)


@compiled()
def _higher(a, b):
    return a if a > b else b


@compiled()
def _lower(a, b):
    return a if a < b else b
