"""The finer bars that bars are made of, as the kernel takes them."""

from typing import NamedTuple

import numpy as np


class Pieces(NamedTuple):
    """Finer bars one after the other; those of bar i run from `starts[i]` up to `starts[i + 1]`.

    Every bar has one at least: itself, where nothing finer is known.
    """

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    starts: np.ndarray
