"""Holds the signals of shortened histories against those of the whole."""

import math
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from services.look_ahead.asking import (
    Checked,
    Failed,
    ask_at_once,
    ask_bar_by_bar,
    causal_frame,
)
from services.look_ahead.finding import LookAhead
from services.look_ahead.samples import far_apart, sample_bars

_REFINING = 0.5  # seconds to look for an earlier bar, once one was found
_TIMES = 2  # that an accusation must be confirmed
_WALL = 8  # times the budget, for a strategy that waits instead of computing


class _Budget:
    """Seconds of this thread's processor time, so that a busy machine takes nothing from them."""

    def __init__(self, seconds: float):
        self._computed = time.thread_time() + seconds
        self._passed = time.perf_counter() + seconds * _WALL

    @property
    def is_spent(self) -> bool:
        return time.thread_time() > self._computed or time.perf_counter() > self._passed


def check_look_ahead(
    strategy: Checked,
    bars: pd.DataFrame,
    whole_signals: np.ndarray,
    first: int,
    *,
    seconds: float,
) -> LookAhead:
    """Check whether signals depend on later bars; "unchecked" when `seconds` are not enough.

    They count processor time; on a clock eight times as many may pass. `bars` are those that gave
    `whole_signals`, one for each bar from `first` on; `strategy` is as it was before it saw any.
    At sampled bars, all the same at each call, everything later is left out, and no signal up to
    there may change. A strategy that peeks at some other bar alone can pass.
    """
    budget = _Budget(seconds)
    if len(whole_signals) < 2:
        return LookAhead("unchecked", reason="short")
    check = _Check(strategy, causal_frame(bars), whole_signals, first, budget)
    return check.at_once() if getattr(strategy, "is_vectorised", True) else check.bar_by_bar()


class _Check:
    """One check under way; positions count from the first bar of the frame."""

    def __init__(
        self,
        strategy: Checked,
        frame: pd.DataFrame,
        signals: np.ndarray,
        first: int,
        budget: _Budget,
    ):
        self._strategy, self._frame, self._signals = strategy, frame, np.asarray(signals)
        self._first, self._budget = first, budget
        self._samples = first + sample_bars(self._signals)

    def at_once(self) -> LookAhead:
        """Check a strategy that says all its signals at once."""
        checked = 0
        for end in far_apart(self._samples):
            if self._late():
                return LookAhead("unchecked", checked, reason="time")
            try:
                found = self._difference(end)
            except Failed:
                continue
            if found is not None:
                return self._accused_at_once(end, found, checked + 1)
            checked += 1
        # A history can be too short for a rule; then at least half must have been long enough.
        if checked * 2 < len(self._samples):
            return LookAhead("unchecked", checked, reason="fails")
        return LookAhead("passed", checked)

    def bar_by_bar(self) -> LookAhead:
        """Check a strategy that is asked bar by bar and may remember, in one pass."""
        try:
            found = self._first_difference(self._samples)
        except TimeoutError:
            return LookAhead("unchecked", reason="time")
        except Failed:
            return LookAhead("unchecked", reason="fails")
        if found is None:
            return LookAhead("passed", len(self._samples))
        return self._accused_bar_by_bar(found)

    def _late(self) -> bool:
        return self._budget.is_spent

    def _difference(self, end: int) -> int | None:
        """Return the first bar whose signal is another one when `end` is the last bar."""
        signals = self._ask(end)
        differs = np.flatnonzero(signals != self._signals[: len(signals)])
        return self._first + int(differs[0]) if len(differs) else None

    def _ask(self, end: int) -> np.ndarray:
        return ask_at_once(self._strategy, self._frame.iloc[: end + 1], self._first)

    def _accused_at_once(self, end: int, found: int, checked: int) -> LookAhead:
        if not self._is_steady_at_once(end, found):
            return LookAhead("unchecked", checked, reason="random")
        self._budget = _Budget(_REFINING)
        for earlier in range(self._first, found):
            if self._late():
                break
            checked += 1
            try:
                before = self._difference(earlier)
            except Failed:
                continue
            if before is not None:
                found = before
                break
        return self._peeks(found, checked)

    def _is_steady_at_once(self, end: int, found: int) -> bool:
        """Tell whether the same questions get the same answers again; chance gives others."""
        last = len(self._frame) - 1
        try:
            return all(
                np.array_equal(self._ask(last), self._signals) and self._difference(end) == found
                for _ in range(_TIMES)
            )
        except Failed:
            return False

    def _first_difference(self, ends: np.ndarray) -> int | None:
        for bar, signal in self._answers(ends):
            if self._late():
                raise TimeoutError
            if signal != self._signals[bar - self._first]:
                return bar
        return None

    def _answers(self, ends: np.ndarray) -> Iterator[tuple[int, int | None]]:
        """Yield bars and signals; None where the strategy asked for what is not there."""
        answers = ask_bar_by_bar(self._strategy, self._frame, self._first, ends)
        try:
            yield from enumerate(answers, self._first)
        except Failed as failure:
            # The whole history gave it what it wanted, so it wants what comes later.
            if not failure.beyond:
                raise
            yield failure.at, None

    def _accused_bar_by_bar(self, found: int) -> LookAhead:
        checked = int(np.searchsorted(self._samples, found)) + 1
        self._budget = _Budget(
            math.inf
        )  # the passes to confirm take as long as the one that was allowed
        if not self._is_steady_bar_by_bar(found):
            return LookAhead("unchecked", checked, reason="random")
        self._budget = _Budget(_REFINING)
        everywhere = np.arange(self._first, found + 1)
        try:
            earliest = self._first_difference(everywhere)
        except (TimeoutError, Failed):
            return self._peeks(found, checked)
        return self._peeks(found if earliest is None else earliest, len(everywhere))

    def _is_steady_bar_by_bar(self, found: int) -> bool:
        nowhere = np.empty(0, np.int64)
        try:
            return all(
                self._first_difference(nowhere) is None
                and self._first_difference(self._samples) == found
                for _ in range(_TIMES)
            )
        except Failed:
            return False

    def _peeks(self, found: int, checked: int) -> LookAhead:
        return LookAhead("peeks", checked, self._frame["ts"].iloc[found])
