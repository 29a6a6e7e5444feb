"""Which combinations of parameters an optimisation tries: checked all at once, kept as columns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from services.errors import InvalidParams
from services.parameters import (
    OutOfRange,
    Parameters,
    ParameterSpec,
    check_value,
    has_other_checks,
    orders_of,
    parameter_specs,
)
from services.rules import Condition

MOST_COMBINATIONS = 1_000_000
_TYPES = {int: np.int64, float: np.float64, bool: np.bool_}


class StrategyClass(Protocol):
    """What an optimisation asks of a class of strategies, as strategies.base.Strategy has it."""

    name: str
    Params: type[Parameters]
    buy: Condition | None
    sell: Condition | None

    @classmethod
    def is_declared(cls) -> bool: ...

    @classmethod
    def says_all_at_once(cls) -> bool: ...

    def signals_from(self, df: pd.DataFrame, first: int) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Combinations:
    """Valid combinations: a column for every parameter, in the order of the declaration.

    Whole numbers are int64, numbers float64, yes and no bool, anything else objects. `dropped`
    counts the candidates that were not valid.
    """

    model: type[Parameters]
    columns: dict[str, np.ndarray]
    count: int
    dropped: int = 0

    def __len__(self) -> int:
        return self.count

    def row(self, i: int) -> dict[str, Any]:
        """Return one combination as plain Python values."""
        return {name: _plain(values[i]) for name, values in self.columns.items()}

    def part(self, start: int, stop: int) -> "Combinations":
        """Return those from `start` up to `stop`."""
        return self.take(np.arange(start, min(stop, self.count)))

    def take(self, indices: np.ndarray) -> "Combinations":
        """Return those at some positions."""
        columns = {name: values[indices] for name, values in self.columns.items()}
        return Combinations(self.model, columns, len(indices), self.dropped)


def grid_size(grid: Mapping[str, Sequence]) -> int:
    """Count the combinations of a grid before the invalid ones are dropped; exact at any size."""
    return math.prod(len(values) for values in grid.values())


def combinations_of(strategy_class: type[StrategyClass], grid: Mapping[str, Any]) -> Combinations:
    """List a grid's valid combinations in the order of itertools.product.

    A value out of its parameter's range is dropped like a combination that contradicts itself.
    Raises InvalidParams for an unknown name, a value of another type, a parameter without a
    usable value, a grid of which nothing is valid, or more than MOST_COMBINATIONS.
    """
    owner = owner_of(strategy_class)
    if not grid and strategy_class.Params.model_fields:
        raise InvalidParams(f"{owner}: name at least one parameter to try.", field="grid")
    grid_lists = {name: _listed(values) for name, values in grid.items()}
    asked = grid_size(grid_lists)
    if asked > MOST_COMBINATIONS:
        raise InvalidParams(
            f"{owner}: {asked:,} combinations are too many to try all (the most is "
            f"{MOST_COMBINATIONS:,}): give fewer values, or draw a sample of them.",
            field="grid",
        )
    checked = {name: _checked(strategy_class, name, v) for name, v in grid_lists.items()}
    size = grid_size(checked)
    columns, repeat, inner = {}, 1, size
    for name, values in checked.items():
        inner //= len(values)
        columns[name] = np.tile(np.repeat(_array(values), inner), repeat)
        repeat *= len(values)
    return _valid(strategy_class, columns, size, asked)


def combinations_from(
    strategy_class: type[StrategyClass], columns: Mapping[str, Any]
) -> Combinations:
    """List the valid ones of any candidates: an array a parameter, all of one length.

    Parameters that are not given have their default. Raises InvalidParams for an unknown name
    and when nothing is valid.
    """
    kept, count = {}, 0
    good = None
    for name, values in columns.items():
        codes, distinct = pd.factorize(_array(list(values)), use_na_sentinel=False)
        tried = [_tried(strategy_class, name, _plain(value)) for value in distinct]
        count = len(codes)
        fits = np.array([ok for ok, _ in tried], dtype=bool)[codes]
        good = fits if good is None else good & fits
        known = [value for ok, value in tried if ok]
        filled = _array([value if ok else known[0] for ok, value in tried]) if known else None
        kept[name] = np.zeros(count) if filled is None else filled[codes]
    if good is None:
        return combinations_of(strategy_class, {})
    kept = {name: values[good] for name, values in kept.items()}
    return _valid(strategy_class, kept, int(good.sum()), count)


def owner_of(strategy_class: type[StrategyClass]) -> str:
    """Return the name by which messages call a strategy."""
    return strategy_class.name or strategy_class.__name__


def _listed(values: Any) -> list:
    is_one = isinstance(values, str) or not hasattr(values, "__iter__")
    return [values] if is_one else [_plain(value) for value in values]


def _checked(strategy_class: type[StrategyClass], name: str, values: list) -> list:
    """Return the usable ones of a parameter's values; raise the reason where there is none."""
    owner = owner_of(strategy_class)
    usable, refusal = [], InvalidParams(f"{owner}: give {name} at least one value.", field=name)
    for value in values:
        try:
            usable.append(check_value(strategy_class.Params, name, value, owner))
        except OutOfRange as error:
            refusal = error
    if not usable:
        raise refusal
    return usable


def _tried(strategy_class: type[StrategyClass], name: str, value: Any) -> tuple[bool, Any]:
    try:
        return True, check_value(strategy_class.Params, name, value, owner_of(strategy_class))
    except InvalidParams:
        if name not in strategy_class.Params.model_fields:
            raise
        return False, None


def _valid(
    strategy_class: type[StrategyClass], given: dict[str, np.ndarray], size: int, candidates: int
) -> Combinations:
    """Fill in the defaults and drop what the declaration does not allow together."""
    model = strategy_class.Params
    columns = {
        spec.name: given.get(spec.name, np.repeat(_default(spec), size))
        for spec in parameter_specs(model)
    }
    good = np.ones(size, dtype=bool)
    for lower, upper in orders_of(model):
        good &= (columns[lower] < columns[upper]).astype(bool)
    if has_other_checks(model):
        for i in np.flatnonzero(good):
            good[i] = _is_valid(model, {name: _plain(v[i]) for name, v in columns.items()})
    count = int(good.sum())
    if count == 0:
        raise InvalidParams(_contradiction(strategy_class, columns, size), field="grid")
    if count < size:
        columns = {name: values[good] for name, values in columns.items()}
    return Combinations(model, columns, count, candidates - count)


def _default(spec: ParameterSpec) -> np.ndarray:
    is_whole = spec.kind is float and type(spec.default) is int
    return _array([float(spec.default) if is_whole else spec.default])


def _is_valid(model: type[Parameters], values: dict[str, Any]) -> bool:
    try:
        model(**values)
    except ValueError:
        return False
    return True


def _contradiction(
    strategy_class: type[StrategyClass], columns: dict[str, np.ndarray], size: int
) -> str:
    owner = owner_of(strategy_class)
    if size == 0:
        return f"{owner}: none of the combinations is within the ranges: give other values."
    first = {name: _plain(values[0]) for name, values in columns.items()}
    try:
        strategy_class.Params(**first)
    except ValueError as error:
        why = str(error).split("Value error, ")[-1].split(" [")[0]
        if size == 1:
            return f"{owner}: the only combination is not valid: {why}"
        return f"{owner}: none of {size:,} combinations is valid. The first: {why}"
    return f"{owner}: none of {size:,} combinations is valid."


def _array(values: list) -> np.ndarray:
    """Return values as a column: numbers as numbers, anything else as objects."""
    kinds = {type(value) for value in values}
    kind = _TYPES.get(kinds.pop()) if len(kinds) == 1 else None
    if kind is not None:
        try:
            return np.array(values, dtype=kind)
        except OverflowError:
            pass
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
