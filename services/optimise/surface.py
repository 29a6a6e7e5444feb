"""Results of many combinations as a map over two parameters, or over one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from services.optimise.objective import Objective
from services.optimise.plateau import plateau_of

MOST_STEPS = 100  # along an axis: more values share a cell


@dataclass(frozen=True)
class Axis:
    """One side of a map: a step holds one value, or neighbouring ones from `first` to `last`."""

    name: str
    first: tuple[Any, ...]
    last: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.first)

    def label(self, step: int) -> str:
        """Return the value of a step, or the span of its values."""
        first, last = value_text(self.first[step]), value_text(self.last[step])
        return first if first == last else f"{first} to {last}"


@dataclass(frozen=True, eq=False)
class Surface:
    """A map: `rows` holds for each cell the row of the frame that it shows, -1 for none.

    Of several rows in a cell it is the best by the objective. `best` and `plateau` are the cells
    (y, x) of the best row and of the best neighbourhood; `shared`: some cell had to choose.
    """

    x: Axis
    y: Axis
    rows: np.ndarray
    best: tuple[int, int] | None
    plateau: tuple[int, int] | None
    shared: bool

    def values(self, frame: pd.DataFrame, metric: str) -> np.ndarray:
        """Return a metric of every cell, NaN where there is none."""
        column = frame[metric].to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(self.rows >= 0, column[self.rows], np.nan)


def surface_of(
    frame: pd.DataFrame,
    x: str,
    y: str,
    objective: Objective,
    fixed: Mapping[str, Any] | None = None,
    most: int = MOST_STEPS,
) -> Surface:
    """Lay the rows of a sweep out over two parameters; with an empty `y` in a single line.

    `fixed` keeps other parameters at one value; those left out are free.
    """
    there = np.ones(len(frame), dtype=bool)
    for name, value in (fixed or {}).items():
        there &= (frame[name] == value).to_numpy()
    places = np.flatnonzero(there)
    across, i = _axis(frame[x].iloc[places], x, most)
    if y:
        up, j = _axis(frame[y].iloc[places], y, most)
    else:
        up, j = Axis("", ("",), ("",)), np.zeros(len(places), dtype=np.int64)
    scores = objective.scores(frame.iloc[places])
    # The best comes last and stays; of equal ones the first does.
    order = np.argsort(np.where(np.isnan(scores), -np.inf, scores)[::-1], kind="stable")
    order = len(places) - 1 - order
    rows = np.full((len(up), len(across)), -1, dtype=np.int64)
    rows[j[order], i[order]] = places[order]
    grid = np.full(rows.shape, np.nan)
    grid[j[order], i[order]] = scores[order]
    found = plateau_of(grid) if grid.size else None
    best = found.peak.place if found and found.peak else None
    plateau = found.best.place if found and found.best else None
    return Surface(across, up, rows, best, plateau, len(places) > int((rows >= 0).sum()))


def searched(frame: pd.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters that have more than one value, those with most values first."""
    counts = {name: frame[name].nunique() for name in names if name in frame}
    several = [name for name in counts if counts[name] > 1]
    return tuple(sorted(several, key=lambda name: -counts[name]))


def choices_of(frame: pd.DataFrame, name: str) -> list[Any]:
    """Return the different values of a parameter in their order."""
    return sorted(pd.unique(frame[name]).tolist(), key=_order)


def value_text(value: Any) -> str:
    """Write a parameter's value."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return str(value)


def _axis(column: pd.Series, name: str, most: int) -> tuple[Axis, np.ndarray]:
    """Return the steps of an axis and for each row the step in which it lies."""
    values = sorted(pd.unique(column).tolist(), key=_order)
    index = {value: place for place, value in enumerate(values)}
    size = max(1, -(-len(values) // most))
    steps = column.map(index).to_numpy(dtype=np.int64) // size
    first = tuple(values[::size])
    last = tuple(values[min(k + size, len(values)) - 1] for k in range(0, len(values), size))
    return Axis(name, first, last), steps


def _order(value: Any) -> tuple:
    # Numbers by size; words as they are; None, which no number can be held against, first.
    is_number = isinstance(value, int | float)
    return (value is not None, not is_number, value if is_number else 0, str(value))
