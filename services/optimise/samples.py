"""Samples of a space that is too large to try all of it: by chance, or evenly spread."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.errors import InvalidParams
from services.optimise.grid import StrategyClass
from services.optimise.sobol import MOST_DIMENSIONS, sobol_points
from services.optimise.space import Axis, Checker, Space, axes_of, every_candidate, size_of

MOST_SAMPLES = 1_000_000
_BLOCK = 512
_DRAWS = 20  # that may be made for each combination asked for, and a few more
_FEW = 1000

# Give `count` points of the unit cube, a row each, from number `first` on.
_Points = Callable[[int, int], np.ndarray]


@dataclass(frozen=True, eq=False)
class Sample:
    """Different valid combinations: a row holds all parameters of the strategy by name.

    `note` says why there are fewer than `asked`, and is empty when there are not.
    """

    rows: tuple[dict[str, Any], ...]
    asked: int
    note: str = ""

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The same by parameter: whole numbers as int64, others as floats, choices as objects."""
        return {name: _column([row[name] for row in self.rows]) for name in self.rows[0]}


def random_combinations(
    strategy_class: type[StrategyClass], space: Space, count: int, seed: int = 0
) -> Sample:
    """Draw combinations of a space by chance, the same ones for the same seed.

    See `_draw` for what happens to invalid and repeated ones; a longer sample begins as a shorter
    one does.
    """
    axes = axes_of(strategy_class, space)
    chance = np.random.default_rng(seed)
    return _draw(strategy_class, axes, count, lambda _, n: chance.random((n, len(axes))))


def sobol_combinations(
    strategy_class: type[StrategyClass], space: Space, count: int, seed: int = 0
) -> Sample:
    """Draw combinations of a space that are evenly spread over it, by Sobol's sequence.

    Powers of two make the most even samples. At most 20 parameters.
    """
    axes = axes_of(strategy_class, space)
    if len(axes) > MOST_DIMENSIONS:
        raise InvalidParams(
            f"Sobol samples spread over at most {MOST_DIMENSIONS} parameters, not {len(axes)}: "
            "draw by chance instead."
        )

    def points(first: int, n: int) -> np.ndarray:
        return sobol_points(n, len(axes), first=first, seed=seed)

    return _draw(strategy_class, axes, count, points)


def _draw(
    strategy_class: type[StrategyClass], axes: tuple[Axis, ...], count: int, points: _Points
) -> Sample:
    """Take points until `count` of them are different and valid, or a limit is reached.

    Invalid and repeated ones are replaced by the next points. A space that has no more
    combinations than are asked for is taken as a whole.
    """
    if not 1 <= count <= MOST_SAMPLES:
        raise InvalidParams(
            f"The number of samples must be 1 to {MOST_SAMPLES:,}, not {count:,}.", field="count"
        )
    size, limit = size_of(axes), _DRAWS * count + _FEW
    is_whole = size is not None and size <= count
    checker = Checker(strategy_class)
    candidates = every_candidate(axes) if is_whole else _candidates(axes, points, limit)
    rows = _different_and_valid(candidates, checker, count)
    if not rows:
        raise InvalidParams(f"No combination of that space is valid. {checker.reason}")
    return Sample(rows, count, _note(len(rows), count, is_whole, limit))


def _candidates(axes: tuple[Axis, ...], points: _Points, limit: int) -> Iterator[dict[str, Any]]:
    for first in range(0, limit, _BLOCK):
        for point in points(first, min(_BLOCK, limit - first)).tolist():
            yield {axis.name: axis.at(share) for axis, share in zip(axes, point, strict=True)}


def _different_and_valid(
    candidates: Iterator[dict[str, Any]], checker: Checker, count: int
) -> tuple[dict[str, Any], ...]:
    seen, rows = set(), []
    for candidate in candidates:
        key = tuple(candidate.values())
        if key in seen:
            continue
        seen.add(key)
        params = checker.params(candidate)
        if params is not None:
            rows.append(params)
        if len(rows) == count:
            break
    return tuple(rows)


def _note(found: int, asked: int, is_whole: bool, limit: int) -> str:
    if found == asked:
        return ""
    if is_whole:
        if found == 1:
            return "The space has only 1 valid combination, which is taken."
        return f"The space has only {found:,} valid combinations: all of them are taken."
    return (
        f"Only {found:,} of {asked:,} different valid combinations were found in {limit:,} "
        "draws: widen the space."
    )


def _column(values: list[Any]) -> np.ndarray:
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return np.array(values, dtype=np.bool_)
    if kinds == {int}:
        return np.array(values, dtype=np.int64)
    if kinds <= {int, float}:
        return np.array(values, dtype=np.float64)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
