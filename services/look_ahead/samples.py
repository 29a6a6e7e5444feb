"""At which bars a strategy is asked again: the same for the same signals, spread over the span."""

import numpy as np

MOST_SIGNALS, MOST_QUIET = 96, 32


def sample_bars(signals: np.ndarray) -> np.ndarray:
    """Return positions within `signals`, ascending: bars with a signal and some without one.

    The first bar is always among them, the last never: nothing comes after it.
    """
    earlier = signals[:-1]
    chosen = (
        _spread(np.flatnonzero(earlier), MOST_SIGNALS),
        _spread(np.flatnonzero(earlier == 0), MOST_QUIET),
        np.arange(min(1, len(earlier))),
    )
    return np.unique(np.concatenate(chosen)).astype(np.int64)


def far_apart(positions: np.ndarray) -> np.ndarray:
    """Put positions into an order in which every beginning is spread over all of them.

    Bits of the rank in reverse (van der Corput): the middle comes before the quarters.
    """
    bits = max(1, int(len(positions) - 1).bit_length())
    ranks = [int(f"{rank:0{bits}b}"[::-1], 2) for rank in range(1 << bits)]
    return positions[[rank for rank in ranks if rank < len(positions)]]


def _spread(positions: np.ndarray, most: int) -> np.ndarray:
    if len(positions) <= most:
        return positions
    return positions[np.linspace(0, len(positions) - 1, most).round().astype(np.int64)]
