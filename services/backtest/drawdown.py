"""How deep and how long an equity curve lay under a peak.

A curve is walked in pieces: bars at a price times some shares, or bars at one value. What is known
so far is a Fall. Within one span under a peak the lowest equity is the deepest fall: a division a
span, not one a bar.
"""

from typing import NamedTuple

import numpy as np

from services.backtest.cached import compiled

US_A_DAY = 86_400_000_000
BLOCK = 8  # bars that are looked at together

# Columns of a block of prices: the highest and the lowest, the place of the last highest and the
# lowest after that, and what no fall within the block is deeper than.
WIDTH = 5
HIGHEST, LOWEST, PLACE, LATER, DROP = range(WIDTH)


class Fall(NamedTuple):
    """The last peak, when it was last touched, the lowest value since, and the worst so far.

    Times and the longest span under a peak are in microseconds.
    """

    peak: float
    since: int
    trough: float
    depth: float
    longest: int


@compiled(allocates=False)
def drawdown_of(equity, cash, ts):
    """Return the deepest fall as a fraction, and the longest span under a peak in days.

    Bars without a new peak, or all on the peak, are passed a block at a time.
    """
    n, fall = len(equity), begun(cash, ts)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        if stop == start + BLOCK:
            highest = highest_of(equity, start)
            if highest < fall.peak:
                fall = _under(fall, lowest_of(equity, start))
                continue
            if highest == fall.peak == fall.trough == lowest_of(equity, start):
                fall = _at_peak(fall, highest, ts[start], ts[stop - 1])
                continue
        fall = at_prices(fall, equity, 1.0, start, stop, ts)
    return ended(fall, ts)


@compiled(allocates=False)
def begun(cash, ts):
    """Return what is known before the first bar."""
    return Fall(cash, ts[0], cash, 0.0, 0)


@compiled(allocates=False)
def at_prices(fall, prices, shares, start, stop, ts):
    """Walk bars worth some shares each."""
    for i in range(start, stop):
        value = shares * prices[i]
        is_peak = value >= fall.peak
        fall = _at_peak(fall, value, ts[i], ts[i]) if is_peak else _under(fall, value)
    return fall


@compiled(allocates=False)
def at_blocks(fall, prices, blocks, shares, start, stop, ts):
    """Walk bars worth some shares each, of which the `blocks_of` are known.

    A product rises with the price, rounded or not: the highest price is the highest value. Bars are
    looked at one by one only where a new peak or a lower trough may be among them.
    """
    for k in range(start // BLOCK, -(-stop // BLOCK)):
        first, last = max(start, k * BLOCK), min(stop, (k + 1) * BLOCK)
        is_whole = last - first == BLOCK
        highest, lowest = shares * blocks[k, HIGHEST], shares * blocks[k, LOWEST]
        if highest < fall.peak and (is_whole or lowest >= fall.trough):
            fall = _under(fall, lowest)
        elif is_whole and _is_known(fall, blocks[k, DROP], ts[last - 1]):
            at, trough = first + int(blocks[k, PLACE]), shares * blocks[k, LATER]
            fall = Fall(highest, ts[at], trough, fall.depth, fall.longest)
        else:
            fall = at_prices(fall, prices, shares, first, last, ts)
    return fall


@compiled(allocates=False)
def _is_known(fall, drop, end):
    """Tell whether no fall up to the end of a block can be deeper or longer than one before.

    The equity is on its peak, and comes to a new one in that block.
    """
    is_long = end - fall.since > fall.longest
    return fall.trough == fall.peak and drop > fall.depth and not is_long


@compiled()
def blocks_of(prices):
    """Prepare blocks of prices for `at_blocks`, a row each; the last may be a part of one."""
    n = len(prices)
    blocks = np.empty((-(-n // BLOCK), WIDTH))
    for k in range(len(blocks)):
        begin = k * BLOCK
        highest = prices[begin]
        lowest, later, place = highest, highest, 0
        for i in range(min(BLOCK, n - begin)):
            price = prices[begin + i]
            lowest, later = _lower(lowest, price), _lower(later, price)
            if price >= highest:
                highest, later, place = price, price, i
        blocks[k, HIGHEST], blocks[k, LOWEST] = highest, lowest
        blocks[k, LATER], blocks[k, PLACE] = later, place
        # Less a trifle, as values are rounded otherwise than prices.
        blocks[k, DROP] = lowest / highest - 1.0 - 1e-12
    return blocks


@compiled(allocates=False)
def at_value(fall, value, start, stop, ts):
    """Walk bars that are all worth the same."""
    if start >= stop:
        return fall
    if value >= fall.peak:
        return _at_peak(fall, value, ts[start], ts[stop - 1])
    return _under(fall, value)


@compiled(allocates=False)
def ended(fall, ts):
    """Return the deepest fall as a fraction and the longest in days, an open one included."""
    fall = _at_peak(fall, fall.peak, ts[len(ts) - 1], ts[len(ts) - 1])
    return fall.depth, fall.longest / US_A_DAY


@compiled(allocates=False)
def highest_of(values, i):
    """Return the highest of a block, in pairs: a chain would wait for each comparison."""
    a = _higher(_higher(values[i], values[i + 1]), _higher(values[i + 2], values[i + 3]))
    b = _higher(_higher(values[i + 4], values[i + 5]), _higher(values[i + 6], values[i + 7]))
    return _higher(a, b)


@compiled(allocates=False)
def lowest_of(values, i):
    """Return the lowest of a block."""
    a = _lower(_lower(values[i], values[i + 1]), _lower(values[i + 2], values[i + 3]))
    b = _lower(_lower(values[i + 4], values[i + 5]), _lower(values[i + 6], values[i + 7]))
    return _lower(a, b)


@compiled(allocates=False)
def _at_peak(fall, value, first, last):
    """Come to a peak that lasts from one time to another."""
    depth, longest = fall.depth, fall.longest
    if fall.trough < fall.peak:
        depth = _lower(depth, fall.trough / fall.peak - 1.0)
        longest = max(longest, first - fall.since)
    return Fall(value, last, value, depth, longest)


@compiled(allocates=False)
def _under(fall, value):
    return Fall(fall.peak, fall.since, _lower(fall.trough, value), fall.depth, fall.longest)


@compiled(allocates=False)
def _higher(a, b):
    return a if a > b else b


@compiled(allocates=False)
def _lower(a, b):
    return a if a < b else b
