"""A rule said as two conditions over series, so that a sweep can run it without asking Python.

`series(sma, "fast")` is an indicator by a parameter, `level("low")` a parameter's own value; two
of them, or one and a number, make a condition. Where a value is not defined none holds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from services.indicators.lines import PRICE_PANE, Line
from services.indicators.memory import column_of

Computation = Callable[..., Any]


@dataclass(frozen=True)
class Series:
    """function(df, *values of the parameters `names`), or the part `output` of what it gives."""

    function: Computation
    names: tuple[str, ...] = ()
    output: int | None = None
    label: str = ""
    pane: str = PRICE_PANE
    levels: tuple[float, ...] = ()

    @property
    def reads(self) -> tuple[str, ...] | None:
        """Name the stored columns that it needs; None where only its function's code knows."""
        return getattr(self.function, "reads", None)

    def values(self, df: pd.DataFrame, params: Any) -> np.ndarray:
        """Compute one value a bar."""
        return self.part_of(self.computed(df, params))

    def computed(self, df: pd.DataFrame, params: Any) -> Any:
        """Return all that its function gives."""
        return self.function(df, *(getattr(params, name) for name in self.names))

    def part_of(self, computed: Any) -> np.ndarray:
        """Pick this series from what its function gave."""
        return np.asarray(computed if self.output is None else computed[self.output], np.float64)


@dataclass(frozen=True)
class Level:
    """The value of a parameter, the same at every bar."""

    name: str


Operand = Series | Level | float


class Values:
    """What operands are over one frame; a function that several of them ask for runs once."""

    def __init__(self, df: pd.DataFrame, params: Any):
        self.df, self.params = df, params
        self._computed: dict[tuple, Any] = {}

    def of(self, operand: Operand) -> np.ndarray:
        """Return one value a bar, not to be changed."""
        if not isinstance(operand, Series):
            return np.full(len(self.df), _number(operand, self.params))
        key = operand.function, operand.names
        if key not in self._computed:
            self._computed[key] = operand.computed(self.df, self.params)
        return operand.part_of(self._computed[key])


@dataclass(frozen=True)
class Condition:
    """Whether `upper` is above `lower`, or with `crossing` has just come to be."""

    upper: Operand
    lower: Operand
    crossing: bool
    # As it was said: the order in which a chart lists the lines.
    said: tuple[Operand, Operand] = field(compare=False)

    def holds(self, values: Values) -> np.ndarray:
        """Tell for each bar whether it holds."""
        upper, lower = values.of(self.upper), values.of(self.lower)
        is_above = upper > lower
        if not self.crossing:
            return is_above
        crossed = np.zeros(len(is_above), dtype=bool)
        crossed[1:] = is_above[1:] & (upper[:-1] <= lower[:-1])
        return crossed


def series(
    function: Computation,
    *names: str,
    output: int | None = None,
    label: str = "",
    pane: str = PRICE_PANE,
    levels: tuple[float, ...] = (),
) -> Series:
    """Name a series by its function and the parameters it takes.

    With a label it is drawn; "{fast}" in it stands for the value of that parameter. `levels` are
    drawn across its pane beside those that it is held against.
    """
    return Series(function, names, output, label, pane, levels)


def column(name: str, label: str = "") -> Series:
    """Name a column of the frame as a series."""
    return Series(_Column(name), label=label)


def level(name: str) -> Level:
    """Name a parameter's own value."""
    return Level(name)


def above(a: Operand, b: Operand) -> Condition:
    """Hold where a is above b."""
    return Condition(a, b, False, (a, b))


def below(a: Operand, b: Operand) -> Condition:
    """Hold where a is below b."""
    return Condition(b, a, False, (a, b))


def crosses_above(a: Operand, b: Operand) -> Condition:
    """Hold at bar i where a[i] > b[i] and a[i-1] <= b[i-1], all four defined."""
    return Condition(a, b, True, (a, b))


def crosses_below(a: Operand, b: Operand) -> Condition:
    """Hold at bar i where a[i] < b[i] and a[i-1] >= b[i-1], all four defined."""
    return Condition(b, a, True, (a, b))


def signals_of(
    buy: Condition | None, sell: Condition | None, df: pd.DataFrame, params: Any
) -> np.ndarray:
    """Return int8 signals: +1 where buy holds, -1 where sell, 0 where neither or both."""
    values = Values(df, params)
    signals = np.zeros(len(df), dtype=np.int8)
    if buy is not None:
        signals += buy.holds(values)
    if sell is not None:
        signals -= sell.holds(values)
    return signals


def columns_read(
    buy: Condition | None, sell: Condition | None, drawn: Sequence[Series] = ()
) -> frozenset[str] | None:
    """Name the stored columns that a rule needs; None where only its functions' code knows."""
    compared = (operand for pair in _said(buy, sell) for operand in pair)
    series = {*drawn, *(operand for operand in compared if isinstance(operand, Series))}
    if any(one.reads is None for one in series):
        return None
    return frozenset(name for one in series for name in one.reads)


def lines_of(
    buy: Condition | None,
    sell: Condition | None,
    df: pd.DataFrame,
    params: Any,
    drawn: Sequence[Series] = (),
) -> list[Line]:
    """List the series to draw, with the levels that they are held against.

    They are those `drawn`, or without any the labelled ones of the rule.
    """
    labelled = drawn or dict.fromkeys(
        operand
        for pair in _said(buy, sell)
        for operand in pair
        if isinstance(operand, Series) and operand.label
    )
    values, named = Values(df, params), params.model_dump()
    return [
        Line(
            one.label.format(**named),
            values.of(one),
            one.pane,
            (*one.levels, *_levels(one, buy, sell, params)),
        )
        for one in labelled
    ]


def _said(*conditions: Condition | None) -> Iterator[tuple[Operand, Operand]]:
    return (condition.said for condition in conditions if condition is not None)


def _levels(
    drawn: Series, buy: Condition | None, sell: Condition | None, params: Any
) -> Iterator[float]:
    for pair in _said(buy, sell):
        if drawn in pair:
            for operand in pair:
                if not isinstance(operand, Series):
                    yield _number(operand, params)


def _number(operand: Level | float, params: Any) -> float:
    return float(getattr(params, operand.name) if isinstance(operand, Level) else operand)


@dataclass(frozen=True)
class _Column:
    name: str

    @property
    def reads(self) -> tuple[str]:
        return (self.name,)

    def __call__(self, df: pd.DataFrame) -> np.ndarray:
        return column_of(df, self.name)
