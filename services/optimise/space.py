"""The space of a search: for each parameter the values to try, or the range they may come from."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from services.errors import InvalidParams
from services.optimise.grid import StrategyClass, owner_of
from services.parameters import (
    Parameters,
    ParameterSpec,
    build_parameters,
    check_value,
    parameter_specs,
)

# A list of values, (low, high) or (low, high, step); both ends belong to a range.
Space = Mapping[str, Sequence[Any]]
Candidate = dict[str, Any]
Places = tuple[float, ...]  # where a candidate lies on each axis
_DIGITS = 6  # of a range's width: no rule is more sensitive, and people can read and type them


@dataclass(frozen=True)
class Axis:
    """The values of one parameter: `listed`, or from `low` on in `step`s, or all up to `high`.

    `count` is how many there are, None for all numbers of a range. Values that are no numbers
    have no order.
    """

    name: str
    count: int | None
    listed: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0

    @property
    def is_ordered(self) -> bool:
        """Tell whether neighbouring values are alike, as numbers are and choices are not."""
        return not any(isinstance(v, bool) or not isinstance(v, int | float) for v in self.listed)

    def value(self, place: float) -> Any:
        """Return the value at an index, or of an unbroken range the number itself, rounded."""
        if self.listed:
            return self.listed[int(place)]
        if self.count is None:
            return min(max(_rounded(place, self.high - self.low), self.low), self.high)
        value = self.low + int(place) * self.step
        return value if isinstance(value, int) else _rounded(value, self.step)

    def at(self, share: float) -> Any:
        """Return the value that lies this share (0 to 1) of the way along the axis."""
        if self.count is None:
            return self.value(self.low + share * (self.high - self.low))
        return self.value(min(int(share * self.count), self.count - 1))


def axes_of(strategy_class: type[StrategyClass], space: Space) -> tuple[Axis, ...]:
    """Check a space against a strategy's declaration; raise InvalidParams for what cannot be."""
    owner = owner_of(strategy_class)
    specs = {spec.name: spec for spec in parameter_specs(strategy_class.Params)}
    if not space:
        raise InvalidParams(f"{owner}: name at least one parameter to search over.", field="space")
    for name in space:
        if name not in specs:
            check_value(strategy_class.Params, name, None, owner)  # says which names there are
    return tuple(_axis(strategy_class.Params, specs[name], space[name], owner) for name in space)


def size_of(axes: Sequence[Axis]) -> int | None:
    """Return how many combinations there are, valid or not; None when they are unlimited."""
    counts = [axis.count for axis in axes]
    return None if None in counts else math.prod(counts)


def every_candidate(axes: Sequence[Axis]) -> Iterator[Candidate]:
    """Give all combinations of finite axes."""
    names = [axis.name for axis in axes]
    for places in product(*(range(axis.count) for axis in axes)):
        values = (axis.value(place) for axis, place in zip(axes, places, strict=True))
        yield dict(zip(names, values, strict=True))


class Checker:
    """Completes candidates by the defaults if they are valid; `reason` is why the last was not."""

    def __init__(self, strategy_class: type[StrategyClass]):
        self._model = strategy_class.Params
        self._owner = owner_of(strategy_class)
        self.reason = ""

    def params(self, candidate: Candidate) -> Candidate | None:
        """Return all parameters by name, or None when they do not go together."""
        try:
            return build_parameters(self._model, candidate, self._owner).model_dump()
        except InvalidParams as refusal:
            self.reason = str(refusal)
            return None


def _axis(model: type[Parameters], spec: ParameterSpec, wanted: Sequence, owner: str) -> Axis:
    if isinstance(wanted, tuple):
        return _range(model, spec, wanted, owner)
    if isinstance(wanted, str) or not isinstance(wanted, Sequence | np.ndarray):
        raise InvalidParams(
            f"{owner}: give {spec.name} as a list of values or as a (low, high) range.",
            field=spec.name,
        )
    values = tuple(dict.fromkeys(_value(model, spec.name, value, owner) for value in wanted))
    if not values:
        raise InvalidParams(f"{owner}: {spec.name} has no value to try.", field=spec.name)
    return Axis(spec.name, len(values), values)


def _range(model: type[Parameters], spec: ParameterSpec, wanted: tuple, owner: str) -> Axis:
    name, whole = spec.name, spec.kind is int
    if spec.kind not in (int, float) or len(wanted) not in (2, 3):
        raise InvalidParams(
            f"{owner}: a range of {name} is (low, high) or (low, high, step) of numbers; "
            "give other values as a list.",
            field=name,
        )
    low, high = (_value(model, name, end, owner) for end in wanted[:2])
    step = _step(spec, wanted[2], owner) if len(wanted) == 3 else 1 if whole else None
    if low > high:
        raise InvalidParams(
            f"{owner}: the range of {name} starts at {low:g} and ends at {high:g}: swap the two.",
            field=name,
        )
    if low == high:
        return Axis(name, 1, (low,))
    if step is None:
        return Axis(name, None, low=low, high=high)
    # A hair's breadth more, so that 0.1 to 0.3 in steps of 0.1 has three values.
    return Axis(name, int((high - low) / step + 1e-9) + 1, low=low, high=high, step=step)


def _step(spec: ParameterSpec, step: Any, owner: str) -> float:
    try:
        value = float(step)
    except (TypeError, ValueError):
        value = math.nan
    fits = math.isfinite(value) and value > 0 and (spec.kind is float or value == int(value))
    if not fits:
        kind = "a whole number above 0" if spec.kind is int else "a number above 0"
        raise InvalidParams(
            f"{owner}: the step of {spec.name} must be {kind}, not {str(step)[:40]!r}.",
            field=spec.name,
        )
    return int(value) if spec.kind is int else value


def _value(model: type[Parameters], name: str, value: Any, owner: str) -> Any:
    return check_value(model, name, value.item() if isinstance(value, np.generic) else value, owner)


def _rounded(value: float, width: float) -> float:
    return round(float(value), max(0, _DIGITS - math.floor(math.log10(width))))
