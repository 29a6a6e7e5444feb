"""Whether a good cell of a grid has good neighbours, or stands alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from services.errors import InvalidParams

_LONELY = 0.5  # a peak that loses this much of its lead one step away stands alone


@dataclass(frozen=True)
class Cell:
    """A cell and its neighbourhood: `mean` and `worst` are over the cell and its neighbours.

    `place` is the cell's index along every axis, `around` the mean of the neighbours alone.
    """

    place: tuple[int, ...]
    value: float
    neighbours: int
    mean: float
    worst: float
    around: float | None


@dataclass(frozen=True, eq=False)
class Plateau:
    """The cell with the best neighbourhood beside the cell with the best value.

    `mean` and `worst` hold every cell's score, NaN where the cell is missing. `median` is that
    of all cells; `lost` is the share of the peak's lead over it that its neighbours do not have,
    and from a half on the peak is `lonely`. A peak without neighbours is lonely, too.
    """

    mean: np.ndarray
    worst: np.ndarray
    cells: int
    best: Cell | None
    peak: Cell | None
    median: float | None
    lost: float | None
    lonely: bool | None


def grid_of(
    coordinates: Sequence[Sequence[float]], values: Sequence[float]
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Lay values out on the grid of their coordinates (a row a value); missing cells are NaN.

    Return the values of every axis in ascending order, and the grid. One step is from one value
    of an axis to the next, however far apart they are.
    """
    places = np.asarray(coordinates)
    axes, indices = [], []
    for column in places.T:
        axis, index = np.unique(column, return_inverse=True)
        axes.append(axis)
        indices.append(index)
    grid = np.full([len(axis) for axis in axes], np.nan)
    grid[tuple(indices)] = values
    return tuple(axes), grid


def plateau_of(grid: np.ndarray, diagonals: bool | None = None) -> Plateau:
    """Score every cell by itself and its neighbours; more is better (turn costs around first).

    Neighbours are one step away along an axis; with `diagonals` also along several at once, the
    default up to two axes. Missing or undefined cells (NaN) count neither as good nor as bad, but
    a cell with less than half of the neighbours that others have is no plateau.
    """
    values = np.asarray(grid, dtype=np.float64)
    if np.isinf(values).any():
        raise InvalidParams("A cell is infinite: an undefined objective must be missing.")
    there = np.isfinite(values)
    if not there.any():
        return Plateau(values.copy(), values.copy(), 0, *[None] * 5)
    neighbours, around, lowest = _neighbourhoods(values, there, diagonals)
    mean = np.where(there, (around + np.where(there, values, 0.0)) / (neighbours + 1), np.nan)
    worst = np.where(there, np.minimum(lowest, values), np.nan)

    def cell(place: tuple[int, ...]) -> Cell:
        count = int(neighbours[place])
        return Cell(
            place,
            float(values[place]),
            count,
            float(mean[place]),
            float(worst[place]),
            float(around[place]) / count if count else None,
        )

    enough = there & (2 * neighbours >= neighbours[there].max())
    best, peak = cell(_highest(mean, enough, worst)), cell(_highest(values, there, mean))
    median = float(np.median(values[there]))
    lost = _lost(peak, median)
    lonely = None if there.sum() < 2 else lost is None or lost >= _LONELY
    return Plateau(mean, worst, int(there.sum()), best, peak, median, lost, lonely)


def _neighbourhoods(
    values: np.ndarray, there: np.ndarray, diagonals: bool | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the number, the sum and the lowest of every cell's neighbours."""
    counts, total = np.zeros(values.shape, dtype=np.int64), np.zeros(values.shape)
    lowest = np.full(values.shape, np.inf)
    for step in _steps(values.ndim, values.ndim <= 2 if diagonals is None else diagonals):
        here = tuple(slice(max(0, -s), min(0, -s) or None) for s in step)
        beside = tuple(slice(max(0, s), min(0, s) or None) for s in step)
        present = there[beside]
        counts[here] += present
        total[here] += np.where(present, values[beside], 0.0)
        lowest[here] = np.minimum(lowest[here], np.where(present, values[beside], np.inf))
    return counts, total, lowest


def _steps(axes: int, diagonals: bool) -> list[tuple[int, ...]]:
    every = product((-1, 0, 1), repeat=axes)
    return [step for step in every if any(step) and (diagonals or sum(map(abs, step)) == 1)]


def _highest(values: np.ndarray, among: np.ndarray, then: np.ndarray) -> tuple[int, ...]:
    """Return where the highest value is; of equal ones that which is also higher in `then`."""
    best = values[among].max()
    tied = among & (values == best)
    return tuple(int(i) for i in np.argwhere(tied & (then == then[tied].max()))[0])


def _lost(peak: Cell, median: float) -> float | None:
    if peak.around is None:
        return None
    lead = peak.value - median
    # All cells alike: there is nothing to lose.
    return (peak.value - peak.around) / lead if lead > 0 else 0.0
