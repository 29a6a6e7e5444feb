"""What the kernel assumes beyond cash, costs and fill, as numbers."""

from typing import NamedTuple

import numpy as np

from services.backtest.pieces import Pieces

ALL_IN, PERCENT, CASH, SHARES_OF, VOLATILITY = range(5)
LONG_ONLY, SHORT_ONLY, BOTH_SIDES = range(3)


class Rules(NamedTuple):
    """The sides, stops, sizes and rates of a simulation.

    Distances are a fraction of the price and a multiple of the ATR, both 0 for none; rates are
    fractions a year.
    """

    sides: int
    stop_fraction: float
    stop_atr: float
    target_fraction: float
    target_atr: float
    trail_fraction: float
    trail_atr: float
    target_first: bool
    sizing: int
    amount: float
    fractional: bool
    max_exposure: float
    interest: float
    borrow: float


class Realism(NamedTuple):
    """What a simulation assumes beyond cash, costs and fill.

    The arrays have a value a bar: what was known of ATR and yearly volatility at the close before
    (NaN: nothing), and the years from the bar's close to the next one (none after the last).
    `pieces` are the finer bars in which levels are looked for, None for the bars themselves.
    """

    # Numbers apart from arrays: a compiled function that is given an array counts who uses it.
    rules: Rules
    atr: np.ndarray
    volatility: np.ndarray
    years: np.ndarray
    pieces: Pieces | None = None
