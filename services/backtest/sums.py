"""Sums in four lanes that are added at the end: fast, and the same to the last bit everywhere.

Products are written to a short block first, which the compiler turns into vector instructions;
a sum in an order of its own it may not.
"""

import numpy as np

from services.backtest.cached import compiled

BLOCK = 64  # a multiple of the lanes
NOTHING = (0.0, 0.0, 0.0, 0.0)


@compiled(allocates=False)
def added(values, start, stop, lanes):
    """Add the numbers from `start`, a multiple of four, up to `stop`; the odd last ones to lane 0.

    Only the last stop of a sum may be odd.
    """
    lane0, lane1, lane2, lane3 = lanes
    whole = stop - stop % 4
    for i in range(start, whole, 4):
        lane0 += values[i]
        lane1 += values[i + 1]
        lane2 += values[i + 2]
        lane3 += values[i + 3]
    for i in range(whole, stop):
        lane0 += values[i]
    return lane0, lane1, lane2, lane3


@compiled(allocates=False)
def total(lanes):
    """Add up the lanes."""
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])


@compiled(allocates=False)
def mean(values):
    """Return the mean of some numbers."""
    return total(added(values, 0, len(values), NOTHING)) / len(values)


@compiled()
def products(a, mean_a, b, mean_b):
    """Add up what a differs from its mean times what b differs from its own."""
    block, lanes = np.empty(BLOCK), NOTHING
    whole = len(a) - len(a) % BLOCK
    for start in range(0, whole, BLOCK):
        part, other = a[start : start + BLOCK], b[start : start + BLOCK]
        for i in range(BLOCK):
            block[i] = (part[i] - mean_a) * (other[i] - mean_b)
        lanes = added(block, 0, BLOCK, lanes)
    part, other = a[whole:], b[whole:]
    for i in range(len(part)):
        block[i] = (part[i] - mean_a) * (other[i] - mean_b)
    return total(added(block, 0, len(part), lanes))


@compiled()
def squares_below(a, free):
    """Add up the squares of what lies below."""
    block, lanes = np.empty(BLOCK), NOTHING
    whole = len(a) - len(a) % BLOCK
    for start in range(0, whole, BLOCK):
        part = a[start : start + BLOCK]
        for i in range(BLOCK):
            block[i] = square_below(part[i], free)
        lanes = added(block, 0, BLOCK, lanes)
    for i in range(len(a) - whole):
        block[i] = square_below(a[whole + i], free)
    return total(added(block, 0, len(a) - whole, lanes))


@compiled(allocates=False)
def square_below(value, free):
    """Return the square of how far a number lies below; 0 where it does not."""
    below = value - free
    return below * below if below < 0.0 else 0.0
