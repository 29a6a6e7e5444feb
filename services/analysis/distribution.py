"""How returns are spread: their middle, their tails and a histogram."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.analysis.numbers import defined, highest_of, lowest_of, mean_of, median_of, share_of
from services.analysis.sampling import sampled
from services.backtest.result import BacktestResult

_FEWEST_BINS, _MOST_BINS = 12, 60
_SAME = 1e-9  # returns that differ by less, relative to their size, are one


@dataclass(frozen=True, eq=False)
class Distribution:
    """Returns as fractions, and their histogram: `counts[i]` lie from edges[i] to edges[i + 1].

    Edges are whole multiples of one round step, so that zero is always an edge: no bin mixes
    gains and losses. A return of exactly zero counts in the bin above it; the last bin holds
    both its edges. `zeros` counts returns of exactly zero, `positive` is the share above it.
    `skew` and `kurtosis` (excess) are of the moments, undefined where nothing varies.
    """

    values: np.ndarray
    edges: np.ndarray
    counts: np.ndarray
    count: int
    zeros: int
    mean: float | None
    median: float | None
    deviation: float | None
    best: float | None
    worst: float | None
    positive: float | None
    skew: float | None
    kurtosis: float | None


def period_returns(
    result: BacktestResult,
    timezone: str = "UTC",
    curve: Literal["strategy", "benchmark"] = "strategy",
) -> Distribution:
    """Describe the returns that the metrics are made of: one a session, a week for weekly bars."""
    sample = sampled(result, timezone)
    return distribution(sample.returns if curve == "strategy" else sample.benchmark_returns)


def trade_returns(result: BacktestResult) -> Distribution:
    """Describe the net returns of the closed trades."""
    trades = result.trades
    return distribution(trades["return"].to_numpy(np.float64)[trades["exit_bar"].to_numpy() >= 0])


def distribution(values: np.ndarray) -> Distribution:
    """Describe an array of finite returns; of nothing, everything is None and no bin there."""
    edges = _edges(values)
    skew, kurtosis = _shape(values)
    return Distribution(
        values=values,
        edges=edges,
        counts=_counts(values, edges),
        count=len(values),
        zeros=int((values == 0).sum()),
        mean=mean_of(values),
        median=median_of(values),
        deviation=defined(values.std(ddof=1)) if len(values) > 1 else None,
        best=highest_of(values),
        worst=lowest_of(values),
        positive=share_of(float((values > 0).sum()), len(values)),
        skew=skew,
        kurtosis=kurtosis,
    )


def _edges(values: np.ndarray) -> np.ndarray:
    if len(values) == 0:
        return np.empty(0)
    low, high = float(values.min()), float(values.max())
    step = _round_step(values, high - low)
    first, last = np.floor(low / step), np.floor(high / step) + 1
    # Decimals as people write them, hence no 0.30000000000000004 (and no negative zero).
    edges = (np.arange(first, last + 1) * step).tolist()
    return np.array([float(f"{edge:.12g}") for edge in edges]) + 0.0


def _counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    if len(edges) == 0:
        return np.empty(0, dtype=np.int64)
    # An edge that was rounded must not leave the outermost value outside.
    return np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]


def _round_step(values: np.ndarray, span: float) -> float:
    """Choose 1, 2 or 5 times a power of ten, near what Freedman and Diaconis (1981) advise."""
    if span <= _SAME * float(np.abs(values).max()):
        return 0.01
    spread = float(np.subtract(*np.percentile(values, [75, 25])))
    advised = 2 * spread / len(values) ** (1 / 3)
    wanted = min(max(advised, span / _MOST_BINS), span / _FEWEST_BINS)
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(power * next(n for n in (1, 2, 5, 10) if n * power >= wanted * 0.999))


def _shape(values: np.ndarray) -> tuple[float | None, float | None]:
    if len(values) < 2:
        return None, None
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    if variance <= (1e-14 * max(1.0, float(np.abs(values).max()))) ** 2:
        return None, None
    skew = float(np.mean(centred**3)) / variance**1.5
    return defined(skew), defined(float(np.mean(centred**4)) / variance**2 - 3.0)
