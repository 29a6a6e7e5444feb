"""What a series of bars is to whoever holds it, prepared once for all runs over it."""

from typing import NamedTuple

import numpy as np

import services.backtest.sums as adding
from services.backtest import drawdown
from services.backtest.cached import compiled

# Columns of the running sums: each a number and what rounding took from it.
COLUMNS = 8
APART, SQUARES, BELOW, BESIDE = range(0, COLUMNS, 2)


class Tape(NamedTuple):
    """Closes, their `blocks` (see `drawdown`), the `period` of each bar, and sums over periods.

    The price returns `usual` a period. Row k of `sums` adds up the periods before k: what their
    returns differ from the usual, the squares of that, the squares of the returns below zero, and
    the returns times `held_apart`, which is what Buy & Hold differs there from its own mean.
    """

    close: np.ndarray
    blocks: np.ndarray
    period: np.ndarray
    usual: float
    sums: np.ndarray
    held_apart: np.ndarray


class Sums(NamedTuple):
    """What some periods add up to."""

    periods: int
    apart: float
    squares: float
    below: float
    beside: float


NOTHING = Sums(0, 0.0, 0.0, 0.0, 0.0)


@compiled()
def tape_of(close, sampling, held):
    """Prepare the bars that are traded."""
    ends = sampling.ends
    periods = len(ends)
    period, returns = np.empty(len(close), np.int64), np.zeros(periods)
    first = 0
    for k in range(periods):
        period[first : ends[k] + 1] = k
        first = ends[k] + 1
        if k > 0:
            returns[k] = close[ends[k]] / close[ends[k - 1]] - 1.0
    # The median, as one wrong bar would move a mean far from all that is usual.
    usual = np.median(returns[1:]) if periods > 1 else 0.0
    held_apart = held.returns - held.mean
    sums = np.zeros((periods + 1, COLUMNS))
    for k in range(periods):
        r, apart = returns[k], returns[k] - usual
        _add(sums, k, APART, apart)
        _add(sums, k, SQUARES, apart * apart)
        _add(sums, k, BELOW, adding.square_below(r, 0.0))
        _add(sums, k, BESIDE, r * held_apart[k])
    return Tape(close, drawdown.blocks_of(close), period, usual, sums, held_apart)


@compiled(allocates=False)
def _add(sums, k, column, value):
    """Carry a sum on by a value. What rounding takes is kept: Knuth, TAOCP 2, 4.2.2, theorem B."""
    before, rest = sums[k, column], sums[k, column + 1]
    after = before + value
    grown = after - before
    sums[k + 1, column] = after
    sums[k + 1, column + 1] = rest + ((before - (after - grown)) + (value - grown))


@compiled(allocates=False)
def plus(total, sums, first, stop):
    """Add to a total the periods from `first` up to `stop`."""
    return Sums(
        total.periods + stop - first,
        total.apart + _between(sums, APART, first, stop),
        total.squares + _between(sums, SQUARES, first, stop),
        total.below + _between(sums, BELOW, first, stop),
        total.beside + _between(sums, BESIDE, first, stop),
    )


@compiled(allocates=False)
def _between(sums, column, first, stop):
    whole = sums[stop, column] - sums[first, column]
    return whole + (sums[stop, column + 1] - sums[first, column + 1])
