"""Asks a strategy for its signals on histories that end early."""

import copy
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import pandas as pd

from services.bars import BAR_COLUMNS
from services.indicators import INDICATOR_COLUMNS, compute_indicators

_SAME = 1e-7  # relative; stored indicators of long series may differ in their last digits


class Checked(Protocol):
    """What the check asks of a strategy, as strategies.base.Strategy has it."""

    is_vectorised: bool

    def signals_from(self, df: pd.DataFrame, first: int) -> np.ndarray: ...

    def bar_by_bar(self, df: pd.DataFrame, first: int, seen=None) -> Iterator[int]: ...


def causal_frame(bars: pd.DataFrame) -> pd.DataFrame:
    """Return bars with indicators that surely know nothing of later bars.

    Those at hand are kept where they are what compute_indicators makes of the bars, which reads
    no later bar: cutting them then gives what computing them on fewer bars would. Columns that a
    strategy has added are left out. One block in memory, which is quickly cut.
    """
    computed = compute_indicators(bars)
    known = all(name in bars.columns for name in INDICATOR_COLUMNS)
    if known and _agree(bars[INDICATOR_COLUMNS], computed, bars["close"]):
        return bars[[*BAR_COLUMNS, *INDICATOR_COLUMNS]].copy()
    return pd.concat([bars[BAR_COLUMNS], computed], axis=1).copy()


def _agree(stored: pd.DataFrame, computed: pd.DataFrame, close: pd.Series) -> bool:
    a, b = (frame.to_numpy(np.float64) for frame in (stored, computed))
    near = np.abs(a - b) <= _SAME * np.maximum(np.abs(b), close.to_numpy()[:, None])
    return bool((near | (np.isnan(a) & np.isnan(b))).all())


class Failed(Exception):
    """A strategy raised an error, or gave no array of signals, on a shorter history.

    `at` is the bar in hand where it is known, `beyond` whether it asked for what is not there.
    """

    def __init__(self, at: int | None = None, beyond: bool = False):
        super().__init__()
        self.at, self.beyond = at, beyond


def ask_at_once(strategy: Checked, frame: pd.DataFrame, first: int) -> np.ndarray:
    """Return the signals of the bars from `first` on, by a strategy without memories."""
    try:
        # A copy, because a rule may keep on itself what it computed from more bars.
        signals = np.asarray(copy.deepcopy(strategy).signals_from(frame, first))
    except Exception as error:  # a rule may fail in any way on fewer bars than it was written for
        raise Failed from error
    if signals.shape != (len(frame) - first,):
        raise Failed
    return signals


def ask_bar_by_bar(
    strategy: Checked, frame: pd.DataFrame, first: int, ends: np.ndarray
) -> Iterator[int]:
    """Yield the signals from `first` on; each bar sees no further than the next of `ends`.

    `ends` are ascending positions in the frame; after the last of them all bars are seen.
    """
    shown = [frame.iloc[: end + 1] for end in ends] + [frame]
    at = np.searchsorted(ends, np.arange(len(frame)))
    bar = first
    try:
        for signal in strategy.bar_by_bar(frame, first, lambda i: shown[at[i]]):
            yield signal
            bar += 1
    except Exception as error:  # as above
        raise Failed(bar, isinstance(error, IndexError | KeyError)) from error
