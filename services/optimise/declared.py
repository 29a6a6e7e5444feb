"""Sweeps a declared rule: each distinct series computed once, everything else compiled."""

from collections.abc import Callable

import numpy as np
import pandas as pd

import services.optimise.compiled as kernel
from services.errors import InvalidSignals, error_text
from services.indicators.memory import read_once
from services.optimise.grid import Combinations
from services.optimise.outcome import Outcome
from services.rules import Condition, Level, Operand, Series
from services.threads import core_count, share, slices

MOST_BYTES = 128 * 2**20  # of series at a time
MANY_BARS = 20_000  # from here on series are worth a thread
_SECONDS_A_BAR = 1e-8
_ROUND_SECONDS = 0.3  # between two reports
_SLICES = 8  # a thread and round, so that none waits long for another

Done = Callable[[int], None]


def measure_declared(
    frame: pd.DataFrame,
    first: int,
    scene: kernel.Scene,
    sides: tuple[Condition | None, Condition | None],
    combinations: Combinations,
    done: Done,
) -> Outcome:
    """Measure all combinations of a rule; `done` is told how many are finished."""
    return _Sweep(frame, first, scene, sides, combinations).run(done)


class _Sweep:
    """One sweep under way.

    A call is a function with some values of its parameters; a series is one part of what a call
    gives. Both are numbered, so that what combinations share is computed once.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        first: int,
        scene: kernel.Scene,
        sides: tuple[Condition | None, Condition | None],
        combinations: Combinations,
    ):
        self._frame, self._first, self._scene = frame, first, scene
        self._lead = min(first, 1)
        self._sides, self._combinations = sides, combinations
        self._operands = [operand for side in sides for operand in _both(side)]
        self._parts = list(dict.fromkeys(s.output for s in self._operands if isinstance(s, Series)))
        self._calls: dict[tuple[Callable, tuple], int] = {}
        self._series = {
            operand: self._numbers_of(operand)
            for operand in dict.fromkeys(self._operands)
            if isinstance(operand, Series)
        }
        self._errors: dict[int, str] = {}
        self._outcome = Outcome.of(len(combinations))

    def run(self, done: Done) -> Outcome:
        start, count = 0, len(self._combinations)
        while start < count:
            stop = self._fitting(start)
            self._measure(start, stop, self._rows(start, stop), done)
            start = stop
        self._mark_errors()
        return self._outcome

    def _numbers_of(self, series: Series) -> np.ndarray:
        """Number the series that each combination asks for."""
        columns = [self._combinations.columns[name] for name in series.names]
        codes, places = np.zeros(len(self._combinations), dtype=np.int64), np.zeros(1, np.int64)
        for column in columns:
            own, distinct = pd.factorize(column)
            codes, kinds = pd.factorize(codes * len(distinct) + own)
            places = np.empty(len(kinds), np.int64)
            places[codes[::-1]] = np.arange(len(codes))[::-1]  # where each came first
        values = zip(*(c[places].tolist() for c in columns), strict=True) if columns else [()]
        calls = [self._calls.setdefault((series.function, v), len(self._calls)) for v in values]
        return np.array(calls)[codes] * len(self._parts) + self._parts.index(series.output)

    def _fitting(self, start: int) -> int:
        """Find how far a batch may reach with its series within the memory allowed."""
        most = max(MOST_BYTES // (8 * self._bars), kernel.SIDES)
        low, high = start + 1, len(self._combinations)
        if len(self._needed(start, high)) <= most:
            return high
        while low < high:
            middle = (low + high + 1) // 2
            if len(self._needed(start, middle)) <= most:
                low = middle
            else:
                high = middle - 1
        return low

    @property
    def _bars(self) -> int:
        return len(self._frame) - self._first + self._lead

    def _needed(self, start: int, stop: int) -> np.ndarray:
        """List the series of some combinations, in order."""
        asked = [pd.unique(numbers[start:stop]) for numbers in self._series.values()]
        return np.unique(np.concatenate(asked)) if asked else np.empty(0, np.int64)

    def _rows(self, start: int, stop: int) -> kernel.Rows:
        """Compute the series of a batch and say which of them each combination compares."""
        needed = self._needed(start, stop)
        row = np.full((kernel.SIDES, stop - start), kernel.CONSTANT, dtype=np.int64)
        number = np.full(row.shape, np.nan)
        for side, operand in enumerate(self._operands):
            if isinstance(operand, Series):
                row[side] = np.searchsorted(needed, self._series[operand][start:stop])
            elif isinstance(operand, Level):
                number[side] = self._combinations.columns[operand.name][start:stop]
            elif operand is not None:
                number[side] = operand
        buy, sell = (_comparison(side) for side in self._sides)
        return kernel.Rows(self._computed(needed), self._lead, row, number, buy, sell)

    def _computed(self, needed: np.ndarray) -> np.ndarray:
        matrix = np.empty((len(needed), self._bars))
        calls = list(self._calls)
        rows_of: dict[int, list[tuple[int, int]]] = {}
        for row, number in enumerate(needed.tolist()):
            call, part = divmod(number, len(self._parts))
            rows_of.setdefault(call, []).append((part, row))

        def compute(call: int) -> None:
            self._compute(call, *calls[call], rows_of[call], matrix)

        if self._bars >= MANY_BARS:
            share(list(rows_of), lambda: compute)
        else:
            with read_once(self._frame):
                for call in rows_of:
                    compute(call)
        return matrix

    def _compute(
        self,
        call: int,
        function: Callable,
        values: tuple,
        rows: list[tuple[int, int]],
        matrix: np.ndarray,
    ) -> None:
        try:
            computed = function(self._frame, *values)
            for part, row in rows:
                output = self._parts[part]
                numbers = np.asarray(computed if output is None else computed[output], np.float64)
                if numbers.shape != (len(self._frame),):
                    raise InvalidSignals("A series must give one number a bar.")
                matrix[row] = numbers[self._first - self._lead :]
        except Exception as error:  # noqa: BLE001  (the user's code: only its own cells fail)
            self._errors[call] = error_text(error)
            matrix[[row for _, row in rows]] = np.nan

    def _measure(self, start: int, stop: int, rows: kernel.Rows, done: Done) -> None:
        out = self._outcome.values[start:stop]
        bars = len(self._scene.prices[0])
        in_a_round = max(1, int(_ROUND_SECONDS / (bars * _SECONDS_A_BAR))) * core_count()

        def worker() -> Callable[[tuple[int, int]], None]:
            scratch = kernel.scratch_for(self._scene, self._lead)
            return lambda part: kernel.measure_rules(*part, rows, self._scene, scratch, out)

        for begin in range(0, stop - start, in_a_round):
            end = min(begin + in_a_round, stop - start)
            share(slices(begin, end, core_count() * _SLICES), worker)
            done(start + end)

    def _mark_errors(self) -> None:
        for numbers in self._series.values() if self._errors else ():
            for i, call in enumerate((numbers // len(self._parts)).tolist()):
                if call in self._errors:
                    self._outcome.fail(i, self._errors[call])


def _both(side: Condition | None) -> tuple[Operand | None, Operand | None]:
    return (None, None) if side is None else (side.upper, side.lower)


def _comparison(side: Condition | None) -> int:
    if side is None:
        return kernel.NEVER
    return kernel.CROSSES if side.crossing else kernel.ABOVE
