"""The base of every trading rule: declared parameters, and one rule said in one of two ways."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from services.errors import InvalidSignals, UnknownColumn, did_you_mean
from services.indicators.lines import Line
from services.parameters import Parameters, build_parameters
from services.rules import Condition, Series, columns_read, lines_of, signals_of

BUY, SELL, NOTHING = 1, -1, 0
_ANSWERS = {"BUY": BUY, "SELL": SELL, None: NOTHING}


class Strategy:
    """A rule on closed bars: `buy` and `sell` conditions, `signals` (all at once) or `on_bar`.

    Whichever is written, the others are derived from it. `df` has ts, open, high, low, close,
    volume and all indicators, on a RangeIndex; only rows up to the bar in hand may be used.
    """

    name: str = ""
    rule: str = ""
    Params: type[Parameters] = Parameters
    buy: Condition | None = None
    sell: Condition | None = None
    # The series to draw, where they are not the labelled ones of the conditions.
    drawn: tuple[Series, ...] = ()
    _columns_read: frozenset[str] = frozenset()

    def __init__(self, **params: Any):
        """Check the parameters; raise InvalidParams when one is unknown or out of range."""
        self.name = self.name or type(self).__name__
        self.params = build_parameters(self.Params, params, self.name)

    def on_bar(self, i: int, row: Mapping[str, float], df: pd.DataFrame) -> str | None:
        """Return "BUY", "SELL" or None on the close of bar i."""
        if not self.is_vectorised:
            raise NotImplementedError(f"{type(self).__name__} needs on_bar or signals")
        return {BUY: "BUY", SELL: "SELL"}.get(int(self.signals(df.iloc[: i + 1])[i]))

    def signals(self, df: pd.DataFrame) -> np.ndarray:
        """Return +1 BUY, -1 SELL or 0 for every bar, as int8."""
        if self.is_declared():
            return signals_of(self.buy, self.sell, df, self.params)
        return self._ask_bar_by_bar(df, first=0)

    def signals_from(self, df: pd.DataFrame, first: int) -> np.ndarray:
        """Return the signals of the bars from `first` on; the earlier ones serve as history.

        A bar-by-bar rule wakes up at `first`, with no memory of bars before it.
        """
        if not self.is_vectorised:
            return self._ask_bar_by_bar(df, first)
        return np.asarray(self.signals(df))[first:]

    @property
    def is_vectorised(self) -> bool:
        """Tell whether the rule is said for all bars at once."""
        return self.says_all_at_once()

    @classmethod
    def says_all_at_once(cls) -> bool:
        """Tell the same of the class."""
        return cls.is_declared() or cls.signals is not Strategy.signals

    @classmethod
    def is_declared(cls) -> bool:
        """Tell whether the rule is said as conditions, and by no `signals` of its own."""
        has_condition = cls.buy is not None or cls.sell is not None
        return has_condition and cls.signals is Strategy.signals

    @property
    def columns_read(self) -> frozenset[str] | None:
        """Name the stored columns that it needs beside its bars; None where only its code knows."""
        kind = type(self)
        asks = (kind.signals_from, kind.lines)
        if not kind.is_declared() or asks != (Strategy.signals_from, Strategy.lines):
            return None
        return columns_read(self.buy, self.sell, self.drawn)

    def bar_by_bar(
        self, df: pd.DataFrame, first: int, seen: Callable[[int], pd.DataFrame] | None = None
    ) -> Iterator[int]:
        """Ask on_bar for the signal of each bar from `first` on.

        `seen` gives the frame that bar i is shown, which reaches to bar i at least; all of `df`
        without it.
        """
        columns = _Columns(df)
        # A copy, because a rule may keep state on itself and every run starts without any.
        on_bar = copy.deepcopy(self).on_bar
        for i in range(first, len(df)):
            answer = on_bar(i, _Row(columns, i), df if seen is None else seen(i))
            try:
                code = _ANSWERS[answer]
            except (KeyError, TypeError):
                raise _no_answer(answer, self.name) from None
            yield code
        self._columns_read = frozenset(columns)

    def lines(self, df: pd.DataFrame) -> list[Line]:
        """List what to draw; by default the labelled series, or what on_bar has read."""
        if self.is_declared():
            return lines_of(self.buy, self.sell, df, self.params, self.drawn)
        names = [name for name in df.columns if name in self._columns_read & _PANES.keys()]
        return [Line(name, df[name].to_numpy(np.float64), _PANES[name]) for name in names]

    def _ask_bar_by_bar(self, df: pd.DataFrame, first: int) -> np.ndarray:
        return np.fromiter(self.bar_by_bar(df, first), np.int8)


class _Columns(dict):
    """The cells of the columns that a rule looks at, taken from its frame at the first look."""

    def __init__(self, df: pd.DataFrame):
        super().__init__()
        self.frame = df.copy(deep=False)  # as it was, whatever a rule writes into its own

    def __missing__(self, name: str) -> Any:
        names = self.frame.columns
        if name not in names:
            raise UnknownColumn(
                f'A bar has no "{name}": it has {", ".join(names)}.{did_you_mean(name, names)}'
            )
        column = self.frame[name]
        self[name] = column.to_numpy() if column.dtype == np.float64 else column.array
        return self[name]


class _Row(Mapping):
    """One bar, read by column name."""

    __slots__ = ("_columns", "_i")

    def __init__(self, columns: _Columns, i: int):
        self._columns, self._i = columns, i

    def __getitem__(self, name: str) -> Any:
        return self._columns[name][self._i]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy asks for such names before it has any columns
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns.frame)

    def __len__(self) -> int:
        return len(self._columns.frame.columns)


def _no_answer(answer: Any, name: str) -> InvalidSignals:
    return InvalidSignals(f'{name}.on_bar must return "BUY", "SELL" or None, not {answer!r}.')


_OVERLAYS = [
    "ma20",
    "ma50",
    "ema_fast",
    "ema_slow",
    "bb_mid",
    "bb_upper",
    "bb_lower",
    "ath",
    "supertrend",
    "supertrend_upper",
    "supertrend_lower",
]
_PANES = dict.fromkeys(_OVERLAYS, "price") | {
    "rsi": "RSI",
    "macd": "MACD",
    "macd_signal": "MACD",
    "atr": "ATR",
    "tr": "ATR",
}
