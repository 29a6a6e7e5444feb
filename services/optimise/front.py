"""The Pareto front: the results than which none is better in one objective and as good in all."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import pandas as pd

from services.optimise.objective import Objective

MOST_OBJECTIVES = 3  # of a front that can still be looked at


def front_places(frame: pd.DataFrame, objectives: Sequence[Objective]) -> np.ndarray:
    """Return the places of the rows on the front of one to three objectives, ascending.

    No other row is better in one objective and as good in the rest. Rows with the same values
    are all kept, rows that lack one or have too few trades are not.
    """
    scores = np.column_stack([objective.scores(frame) for objective in objectives])
    places = np.flatnonzero(~np.isnan(scores).any(axis=1))
    found = {1: _of_one, 2: _of_two, 3: _of_three}[scores.shape[1]]
    return np.sort(places[found(scores[places])]) if len(places) else places


def _of_one(scores: np.ndarray) -> np.ndarray:
    return np.flatnonzero(scores[:, 0] == scores[:, 0].max())


def _of_two(scores: np.ndarray) -> np.ndarray:
    """Walk from the best in the first on: who is on the front is better in the second than all."""
    order = np.lexsort(-scores.T[::-1])
    sorted_ = scores[order]
    before = np.concatenate(([-np.inf], np.maximum.accumulate(sorted_[:, 1])[:-1]))
    steps = np.where(sorted_[:, 1] > before, np.arange(len(order)), 0)
    return order[(sorted_ == sorted_[np.maximum.accumulate(steps)]).all(axis=1)]


def _of_three(scores: np.ndarray) -> np.ndarray:
    """Walk from the best in the first on, over stairs of the best in the other two so far.

    A stair is a value of the second; the stairs rise, and their heights, the third, fall.
    """
    order = np.lexsort(-scores.T[::-1])
    stairs, heights, kept, before = [], [], [], None
    for place, row in zip(order.tolist(), scores[order].tolist(), strict=True):
        _, second, third = row
        k = bisect_left(stairs, second)
        if k < len(stairs) and heights[k] >= third:  # beaten, or the same once more
            if row == before:
                kept.append(place)
            continue
        stop = k + (k < len(stairs) and stairs[k] == second)
        while k and heights[k - 1] <= third:
            k -= 1
        stairs[k:stop], heights[k:stop] = [second], [third]
        kept.append(place)
        before = row
    return np.array(kept, dtype=np.int64)
