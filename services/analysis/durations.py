"""How long the trades of a run lasted."""

from dataclasses import dataclass

import numpy as np

from services.analysis.numbers import mean_of, median_of
from services.analysis.trades import Trades, closed_trades
from services.backtest.result import BacktestResult

_MOST_BINS = 40


@dataclass(frozen=True, eq=False)
class Held:
    """How long a group of trades lasted, in bars and in calendar days."""

    count: int
    mean_bars: float | None
    median_bars: float | None
    shortest_bars: int | None
    longest_bars: int | None
    mean_days: float | None
    median_days: float | None


@dataclass(frozen=True, eq=False)
class Durations:
    """Durations of the closed trades, and their histogram, winners and losers apart.

    Bin i holds the trades of `edges[i]` to `edges[i + 1] - 1` bars; `winners` and `losers` count
    them (a trade that ended at nothing is among the losers, so that the bins add up to all).
    """

    all: Held
    winners_held: Held
    losers_held: Held
    edges: np.ndarray
    winners: np.ndarray
    losers: np.ndarray


def durations(result: BacktestResult) -> Durations:
    """Measure how long the closed trades lasted, from the bar of the entry to that of the exit."""
    trades = closed_trades(result)
    won = trades.profit > 0
    edges = _edges(trades.bars)
    return Durations(
        _held(trades),
        _held(trades.where(won)),
        _held(trades.where(trades.profit < 0)),
        edges,
        _counts(trades.bars[won], edges),
        _counts(trades.bars[~won], edges),
    )


def _held(trades: Trades) -> Held:
    bars = trades.bars
    return Held(
        len(trades),
        mean_of(bars),
        median_of(bars),
        int(bars.min()) if len(bars) else None,
        int(bars.max()) if len(bars) else None,
        mean_of(trades.days),
        median_of(trades.days),
    )


def _edges(bars: np.ndarray) -> np.ndarray:
    if len(bars) == 0:
        return np.empty(0, dtype=np.int64)
    low, high = int(bars.min()), int(bars.max())
    step = -(-(high - low + 1) // _MOST_BINS)
    return np.arange(low, high + step + 1, step)


def _counts(bars: np.ndarray, edges: np.ndarray) -> np.ndarray:
    if len(edges) == 0:
        return np.empty(0, dtype=np.int64)
    return np.bincount((bars - edges[0]) // (edges[1] - edges[0]), minlength=len(edges) - 1)
