"""Wins and losses in a row."""

from dataclasses import dataclass

import numpy as np

from services.analysis.numbers import mean_of
from services.analysis.trades import closed_trades
from services.backtest.result import BacktestResult


@dataclass(frozen=True)
class Streak:
    """Trades in a row of one kind ("win" or "loss"), by their numbers, and their net profit."""

    kind: str
    length: int
    first: int
    last: int
    profit: float


@dataclass(frozen=True)
class Streaks:
    """The longest streaks (the earliest of equal ones), their mean lengths, and the last one.

    `lengths` counts the streaks of each length: {"win": {1: 8, 2: 3}, "loss": {1: 5}}. A trade
    that ended at exactly nothing ends a streak and begins none; `current` is None after one.
    """

    longest_win: Streak | None
    longest_loss: Streak | None
    mean_win: float | None
    mean_loss: float | None
    current: Streak | None
    lengths: dict[str, dict[int, int]]


def streaks(result: BacktestResult) -> Streaks:
    """Find the winning and losing streaks of the closed trades, in order of entry."""
    trades = closed_trades(result)
    sign = np.sign(trades.profit).astype(np.int64)
    starts = np.flatnonzero(np.diff(sign, prepend=9)) if len(sign) else np.empty(0, dtype=np.int64)
    ends = np.append(starts[1:], len(sign))
    kinds = sign[starts]
    lengths = ends - starts

    def streak(i: int) -> Streak:
        part = slice(int(starts[i]), int(ends[i]))
        return Streak(
            "win" if kinds[i] > 0 else "loss",
            int(lengths[i]),
            int(trades.number[part][0]),
            int(trades.number[part][-1]),
            float(trades.profit[part].sum()),
        )

    def longest(kind: int) -> Streak | None:
        of_kind = np.flatnonzero(kinds == kind)
        return streak(int(of_kind[lengths[of_kind].argmax()])) if len(of_kind) else None

    return Streaks(
        longest(1),
        longest(-1),
        mean_of(lengths[kinds == 1]),
        mean_of(lengths[kinds == -1]),
        streak(len(kinds) - 1) if len(kinds) and kinds[-1] else None,
        {"win": _tally(lengths[kinds == 1]), "loss": _tally(lengths[kinds == -1])},
    )


def _tally(lengths: np.ndarray) -> dict[int, int]:
    found, counts = np.unique(lengths, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))
