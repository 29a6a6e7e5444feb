"""The Pareto front: the results than which none is better in one objective and as good in all."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from services.backtest.cached import compiled
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
    """Walk from the best in the first on: who is on the front is beaten by none before it."""
    order = np.lexsort(-scores.T[::-1])
    sorted_ = scores[order]
    levels, level = np.unique(-sorted_[:, 1], return_inverse=True)
    kept = np.zeros(len(order), dtype=np.bool_)
    _walk(sorted_, level + 1, np.full(len(levels) + 1, -np.inf), kept)
    return order[kept]


@compiled(allocates=False)
def _walk(scores, level, best, kept):
    """Mark the rows of which none before is as good in the second and in the third.

    The rows come in their order, the best in all three first. `level` counts the second from 1,
    the best, on; `best` is a Fenwick tree: the highest third so far, up to a level.
    """
    for k in range(len(scores)):
        third = scores[k, 2]
        if _highest(best, level[k]) < third:
            kept[k] = True
            _raise_to(best, level[k], third)
        elif k and kept[k - 1]:
            kept[k] = _are_equal(scores[k], scores[k - 1])


@compiled(allocates=False)
def _highest(best, level):
    found = -np.inf
    while level > 0:
        found = max(found, best[level])
        level -= level & -level
    return found


@compiled(allocates=False)
def _raise_to(best, level, value):
    while level < len(best):
        best[level] = max(best[level], value)
        level += level & -level


@compiled(allocates=False)
def _are_equal(one, other):
    return one[0] == other[0] and one[1] == other[1] and one[2] == other[2]
