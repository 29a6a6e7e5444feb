"""Lets the combinations of a sweep share the indicators that several of them ask for."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import pandas as pd

MOST_BYTES = 64 * 2**20


class _Memory:
    def __init__(self):
        self._kept: OrderedDict[tuple, tuple] = OrderedDict()
        self._bytes = 0

    def result(self, function: Callable, arguments: tuple) -> Any:
        key = (function, *(_place(value) for value in arguments))
        if key not in self._kept:
            computed = function(*arguments)
            # The arguments are kept, so that no other array takes their place in memory.
            self._kept[key] = arguments, computed
            self._bytes += _size(computed)
            while self._bytes > MOST_BYTES and len(self._kept) > 1:
                self._bytes -= _size(self._kept.popitem(last=False)[1][1])
        self._kept.move_to_end(key)
        return _copy(self._kept[key][1])


_memory: ContextVar[_Memory | None] = ContextVar("indicators", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Compute each indicator once within the block; every caller gets a copy."""
    token = _memory.set(_Memory())
    try:
        yield
    finally:
        _memory.reset(token)


_read: ContextVar[tuple[pd.DataFrame, dict[str, np.ndarray]] | None] = ContextVar(
    "columns", default=None
)


@contextmanager
def read_once(df: pd.DataFrame) -> Iterator[None]:
    """Read each column of one frame once within the block: pandas takes longer than an average."""
    token = _read.set((df, {}))
    try:
        yield
    finally:
        _read.reset(token)


def column_of(df: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as numbers, not to be changed."""
    frame, columns = _read.get() or (None, {})
    if frame is not df:
        return df[name].to_numpy(np.float64)
    if name not in columns:
        columns[name] = df[name].to_numpy(np.float64)
    return columns[name]


def computed(function: Callable, *arguments: Any) -> Any:
    """Return function(*arguments), from memory where nobody can have changed an argument."""
    memory = _memory.get()
    if memory is None or any(_can_change(value) for value in arguments):
        return function(*arguments)
    return memory.result(function, arguments)


def _can_change(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.flags.writeable


def _place(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.__array_interface__["data"][0], value.shape, value.strides
    return type(value), value


def _size(result: Any) -> int:
    return sum(part.nbytes for part in (result if isinstance(result, tuple) else (result,)))


def _copy(result: Any) -> Any:
    return tuple(part.copy() for part in result) if isinstance(result, tuple) else result.copy()
