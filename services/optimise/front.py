"""The Pareto front: the results than which none is better in one objective and as good in all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from services.optimise.objective import Objective, objectives_of

MOST_OBJECTIVES = 3  # of a front that can still be looked at


def pareto_front(frame: pd.DataFrame, objectives: Any) -> pd.DataFrame:
    """Return the rows than which no other is better in one objective and as good in the rest.

    In the order of the frame; rows with the same values are all kept, rows that lack one or have
    too few trades are not. `objectives` is read by `objectives_of`.
    """
    return frame.iloc[front_places(frame, objectives_of(objectives))]


def front_places(frame: pd.DataFrame, objectives: Sequence[Objective]) -> np.ndarray:
    """Return the places of the rows on the front, ascending."""
    scores = np.column_stack([objective.scores(frame) for objective in objectives])
    places = np.flatnonzero(~np.isnan(scores).any(axis=1))
    found = _of_two if scores.shape[1] == 2 else _of_any
    return np.sort(places[found(scores[places])]) if len(places) else places


def _of_two(scores: np.ndarray) -> np.ndarray:
    """Walk from the best in the first on: who is on the front is better in the second than all."""
    order = np.lexsort(-scores.T[::-1])
    sorted_ = scores[order]
    before = np.concatenate(([-np.inf], np.maximum.accumulate(sorted_[:, 1])[:-1]))
    steps = np.where(sorted_[:, 1] > before, np.arange(len(order)), 0)
    return order[(sorted_ == sorted_[np.maximum.accumulate(steps)]).all(axis=1)]


def _of_any(scores: np.ndarray) -> np.ndarray:
    """Take who is best in the sum of its ranks, drop whom it beats, and again."""
    ranks = np.column_stack([np.unique(column, return_inverse=True)[1] for column in scores.T])
    order = np.argsort(-ranks.sum(axis=1), kind="stable")
    front: list[np.ndarray] = []
    while len(order):
        first = ranks[order[0]]
        there = ranks[order]
        front.append(order[(there == first).all(axis=1)])
        order = order[(there > first).any(axis=1)]
    return np.concatenate(front)
