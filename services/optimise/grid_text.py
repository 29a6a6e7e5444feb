"""The values of a parameter to try, as people write them: "5:50:5", "20,50,100", or nothing."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from services.errors import InvalidParams
from services.parameters import ParameterSpec

MOST_VALUES = 100_000
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
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
    """Write values as values_of reads them, evenly spaced whole numbers as a range."""
    if isinstance(values, tuple):
        return ":".join(_word(value) for value in values)
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if whole and len(values) > 3 and len(gaps := _gaps(values)) == 1 and (step := gaps.pop()) > 0:
        ends = (values[0], values[-1]) if step == 1 else (values[0], values[-1], step)
        return ":".join(map(str, ends))
    return ",".join(_word(value) for value in values)


def _gaps(values: Sequence[int]) -> set[int]:
    return {after - before for before, after in zip(values, values[1:], strict=False)}


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
    count = math.floor((high - low) / step + 1e-9) + 1
    if count > MOST_VALUES:
        raise InvalidParams(
            f"{spec.name}: {text[:40]} are {count:,} values; at most {MOST_VALUES:,} can be "
            "listed: take a longer step, or draw from the range.",
            field=spec.name,
        )
    return [spec.kind(round(low + k * step, _DIGITS)) for k in range(count)]


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
