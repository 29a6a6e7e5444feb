"""Results as points over two metrics: where they lie, which are drawn, and the ticks of an axis."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from services.optimise.front import front_places
from services.optimise.objective import Objective, ranking

MOST_FRONT = 1_000  # points of a front that are drawn
_CELLS = 72, 48  # of the picture: in each the best one is drawn
_MARGIN, _TICKS = 0.04, 6
_FLAT = 0.1  # of its value, around a metric that is the same everywhere


@dataclass(frozen=True)
class Ends:
    """The two ends of an axis, and the values that are written along it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, values: np.ndarray) -> np.ndarray:
        """Return how far along the axis values lie, from 0 to 1."""
        return (values - self.low) / (self.high - self.low)


@dataclass(frozen=True, eq=False)
class Cloud:
    """The rows of a frame to draw: `front` by the first objective, the best first, then `others`.

    `on_front` counts the whole front, `known` the rows that have a value of each objective (and
    trades enough), `x` and `y` are the axes of the first two objectives.
    """

    front: np.ndarray
    others: np.ndarray
    on_front: int
    known: int
    x: Ends
    y: Ends

    @property
    def places(self) -> np.ndarray:
        """The rows in the order in which they are drawn."""
        return np.concatenate((self.front, self.others))


def cloud_of(
    frame: pd.DataFrame, objectives: Sequence[Objective], *, near: bool = False
) -> Cloud | None:
    """Lay the rows out over two objectives (a third has no axis); None where none has them.

    Of rows that fall together the best in the first objective is drawn. `near` shows the part of
    the picture in which the front lies.
    """
    ranked = ranking(frame, objectives)
    scores = np.column_stack([objective.scores(frame) for objective in objectives])
    ranked = ranked[~np.isnan(scores[ranked]).any(axis=1)]
    if not len(ranked):
        return None
    is_front = np.isin(ranked, front_places(frame, objectives))
    front, others = ranked[is_front], ranked[~is_front]
    on_front, known = len(front), len(ranked)
    front = front[np.unique(np.linspace(0, len(front) - 1, MOST_FRONT).astype(int))]
    shown = front if near else ranked
    values = [frame[one.metric].to_numpy(np.float64, na_value=np.nan) for one in objectives[:2]]
    x, y = (ends_of(column[shown]) for column in values)
    shares = np.column_stack([x.share(values[0][others]), y.share(values[1][others])])
    inside = ((shares >= 0) & (shares <= 1)).all(axis=1)
    cells = np.minimum((shares[inside] * _CELLS).astype(np.int64), np.array(_CELLS) - 1)
    _, first = np.unique(cells @ (1, _CELLS[0]), return_index=True)
    return Cloud(front, others[inside][np.sort(first)], on_front, known, x, y)


def ends_of(values: np.ndarray) -> Ends:
    """Return an axis that holds all values with a little room, its ticks at round numbers."""
    low, high = float(values.min()), float(values.max())
    room = (high - low) * _MARGIN or abs(low) * _FLAT or 1.0
    low, high = low - room, high + room
    rough = (high - low) / _TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough)
    ticks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return Ends(low, high, tuple(ticks.tolist()))
