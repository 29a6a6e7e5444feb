"""The values of a parameter to try, as people write them: "5:50:5", "20,50,100", or nothing."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from services.errors import InvalidParams
from services.optimise.space import Axis
from services.parameters import ParameterSpec

MOST_VALUES = 100_000
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_FEWEST = 4  # values that are written as a range
_DIGITS = 10  # after the point: 0.1 + 0.2 shall be 0.3


def space_of(
    specs: Sequence[ParameterSpec], texts: Mapping[str, str], *, draws: bool = False
) -> dict[str, Any]:
    """Read the texts of all parameters; one without a text has its values worth searching.

    Where combinations are drawn a range stays a range, as (low, high[, step]). Parameters with
    nothing to search keep their default and are left out.
    """
    space = {}
    for spec in specs:
        text = (texts.get(spec.name) or "").strip()
        values = values_of(spec, text, draws=draws) if text else list(spec.search)
        if values:
            space[spec.name] = values
    return space


def values_of(spec: ParameterSpec, text: str, *, draws: bool = False) -> Any:
    """Read "a:b", "a:b:step" or "a,b,c"; both ends belong to a range.

    Raises InvalidParams, with the parameter as its field.
    """
    if ":" in text and spec.kind in (int, float):
        ends = _range(spec, text)
        return ends if draws else _steps(spec, ends, text)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise InvalidParams(f"{spec.name}: give at least one value to try.", field=spec.name)
    return list(dict.fromkeys(_value(spec, part) for part in parts))


def text_of(values: Any) -> str:
    """Write values as values_of reads them; four or more in equal steps as the range they are."""
    if not isinstance(values, tuple):
        values = _as_range(values) or values
    return (":" if isinstance(values, tuple) else ",").join(_word(value) for value in values)


def _as_range(values: Sequence[Any]) -> tuple | None:
    """Return the (low, high[, step]) that is read as these very values, if there is one.

    To the last bit, whether they are listed or drawn from.
    """
    kind = type(values[0]) if len(values) >= _FEWEST else None
    if kind not in (int, float) or any(type(value) is not kind for value in values):
        return None
    low, high, count = values[0], values[-1], len(values)
    step = kind(round(values[1] - low, _DIGITS))
    if not (step > 0 and (high - low) / step < 2 * count):
        return None
    axis = Axis("", count, low=low, high=high, step=step)
    drawn = [axis.value(place) for place in range(count)]
    if not (_is_same(values, _listed(kind, low, high, step)) and _is_same(values, drawn)):
        return None
    return (low, high) if kind is int and step == 1 else (low, high, step)


def _is_same(values: Sequence[Any], others: Sequence[Any]) -> bool:
    """Compare as it is written, which also tells 0.0 from -0.0."""
    return len(values) == len(others) and all(map(_is_written_alike, values, others))


def _is_written_alike(value: Any, other: Any) -> bool:
    return repr(value) == repr(other)


def _range(spec: ParameterSpec, text: str) -> tuple:
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in (2, 3) or not all(parts):
        raise InvalidParams(
            f'{spec.name}: write a range as from:to:step, as in 5:50:5, not "{text[:40]}".',
            field=spec.name,
        )
    ends = tuple(_value(spec, part) for part in parts)
    if ends[0] > ends[1]:
        raise InvalidParams(
            f"{spec.name}: the range starts at {ends[0]:g} and ends at {ends[1]:g}: swap the two.",
            field=spec.name,
        )
    if len(ends) == 3 and ends[2] <= 0:
        raise InvalidParams(
            f"{spec.name}: the step must be above 0, not {ends[2]:g}.", field=spec.name
        )
    return ends


def _steps(spec: ParameterSpec, ends: tuple, text: str) -> list:
    if len(ends) == 2 and spec.kind is float:
        raise InvalidParams(
            f"{spec.name}: say in which steps, as in {text.strip()[:30]}:{spec.default or 1:g}, "
            "or let the method draw from the range.",
            field=spec.name,
        )
    low, high, step = (*ends, 1)[:3]
    count = _count(low, high, step)
    if count > MOST_VALUES:
        raise InvalidParams(
            f"{spec.name}: {text[:40]} are {count:,} values; at most {MOST_VALUES:,} can be "
            "listed: take a longer step, or draw from the range.",
            field=spec.name,
        )
    return _listed(spec.kind, low, high, step)


def _listed(kind: type, low: float, high: float, step: float) -> list:
    return [kind(round(low + k * step, _DIGITS)) for k in range(_count(low, high, step))]


def _count(low: float, high: float, step: float) -> int:
    return math.floor((high - low) / step + 1e-9) + 1


def _value(spec: ParameterSpec, text: str) -> Any:
    try:
        value = _READ.get(spec.kind, str)(text)
    except (ValueError, OverflowError):
        kind = {int: "a whole number", float: "a number", bool: "true or false"}[spec.kind]
        raise InvalidParams(
            f'{spec.name} must be {kind}, not "{text[:40]}".', field=spec.name
        ) from None
    if spec.choices and value not in spec.choices:
        raise InvalidParams(f'{spec.name} must be {spec.span}, not "{text[:40]}".', field=spec.name)
    return value


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _whole(text: str) -> int:
    if len(text) > 18 or not text.isascii():
        raise ValueError(text)
    return int(text)


def _switch(text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise ValueError(text)
    return text.lower() in _YES


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


_READ = {int: _whole, float: _number, bool: _switch}
