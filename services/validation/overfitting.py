"""How often the configuration chosen on one half of the bars disappoints on the other half.

Combinatorially symmetric cross-validation (CSCV): Bailey, Borwein, López de Prado and Zhu (2017),
The Probability of Backtest Overfitting. The bars are cut into an even number of blocks; every
way to take half of the blocks is one split, in-sample on these and out-of-sample on the others.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numba import njit

from services.errors import InvalidParams
from services.validation.ranks import rank_correlation

DEFAULT_BLOCKS = 16
_MOST_BLOCKS = 20  # 184,756 splits
_SPLITS_RANKED = 256  # enough for a mean rank correlation: sorting is the slow part
_SAME = 1e-12  # a variance smaller than this share of the mean square is rounding


@dataclass(frozen=True, eq=False)
class BlockSums:
    """All that CSCV needs of the returns: one row a block, one column a configuration.

    `counts` may be one number a block, as all configurations see the same bars.
    """

    counts: np.ndarray
    sums: np.ndarray
    squares: np.ndarray


@dataclass(frozen=True, eq=False)
class Overfitting:
    """What became of the best configurations in-sample; arrays hold one value a split.

    `pbo` is the share of splits whose best configuration came out in the lower half
    out-of-sample, or just in the middle (logit <= 0). `in_sample` and `out_of_sample` are the
    measures of that configuration (Sharpe per period, not annualised), `slope` the least-squares
    line of the second on the first: below zero, the better it looked the worse it did.
    `probability_of_loss` is the share of splits with out-of-sample below zero.
    `rank_correlation` tells whether the order of all configurations carries over, averaged over
    at most 256 splits. `left_out` counts configurations that could not be compared; `chosen` are
    columns of the input.
    """

    configurations: int
    left_out: int
    blocks: int
    splits: int
    pbo: float | None
    probability_of_loss: float | None
    slope: float | None
    intercept: float | None
    rank_correlation: float | None
    logits: np.ndarray
    in_sample: np.ndarray
    out_of_sample: np.ndarray
    chosen: np.ndarray


def overfitting_of(
    returns: np.ndarray,
    blocks: int = DEFAULT_BLOCKS,
    measure: Literal["sharpe", "mean"] = "sharpe",
) -> Overfitting:
    """Run CSCV over returns with a row a bar and a column a configuration."""
    return overfitting_of_blocks(block_sums(returns, blocks), measure)


def block_sums(returns: np.ndarray, blocks: int = DEFAULT_BLOCKS) -> BlockSums:
    """Sum up returns (a row a bar) by block; blocks differ by one bar where they must."""
    _check_blocks(blocks)
    edges = np.arange(blocks + 1) * len(returns) // blocks
    sums, squares = np.empty((2, blocks, returns.shape[1]))
    for b in range(blocks):
        part = returns[edges[b] : edges[b + 1]]
        part.sum(axis=0, out=sums[b])
        np.einsum("ij,ij->j", part, part, out=squares[b])
    return BlockSums(np.diff(edges), sums, squares)


def overfitting_of_blocks(
    blocks: BlockSums, measure: Literal["sharpe", "mean"] = "sharpe"
) -> Overfitting:
    """Run CSCV over sums by block, which a sweep can keep where it cannot keep all returns.

    A configuration is left out when a sum of it is missing (NaN: it failed) or when its return
    never varies (it never traded: no Sharpe would choose it). One that rests for all of a half
    measures zero there: better than a loss, worse than a gain. Of equal ones in-sample the first
    is chosen; out-of-sample equal ones share the mean of their ranks.
    """
    _check_blocks(len(blocks.sums))
    kept, counts, sums, squares = _comparable(blocks)
    size, total = len(sums), blocks.sums.shape[1]
    configurations = sums.shape[1]
    left_out = total - configurations
    if configurations < 2 or _too_few(counts):
        nothing = np.empty(0)
        return Overfitting(
            configurations, left_out, size, 0, *[None] * 5, *[nothing] * 3, nothing.astype(int)
        )
    halves = _halves(size)
    chosen, inside, outside, rank = _splits(counts, sums, squares, halves, measure == "sharpe")
    logits = np.log(rank / (configurations + 1 - rank))
    slope, intercept = _line(inside, outside)
    return Overfitting(
        configurations,
        left_out,
        size,
        len(logits),
        float(np.mean(logits <= 0.0)),
        float(np.mean(outside < 0.0)),
        slope,
        intercept,
        _mean_rank_correlation(counts, sums, squares, halves, measure == "sharpe"),
        logits,
        inside,
        outside,
        kept[chosen],
    )


def _check_blocks(blocks: int) -> None:
    if blocks % 2 or not 2 <= blocks <= _MOST_BLOCKS:
        raise InvalidParams(
            f"The number of blocks must be even and at most {_MOST_BLOCKS}, not {blocks}.",
            field="blocks",
        )


def _comparable(blocks: BlockSums) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    counts = np.asarray(blocks.counts, dtype=np.float64)
    counts = counts[:, None] if counts.ndim == 1 else counts
    counts = np.broadcast_to(counts, blocks.sums.shape)
    n, total, square = counts.sum(axis=0), blocks.sums.sum(axis=0), blocks.squares.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        varies = square - total**2 / n > _SAME * square
    kept = np.flatnonzero(np.isfinite(total) & np.isfinite(square) & varies)
    parts = (counts, blocks.sums, blocks.squares)
    return kept, *(np.ascontiguousarray(part[:, kept], dtype=np.float64) for part in parts)


def _too_few(counts: np.ndarray) -> bool:
    return bool(counts.min() < 1 or counts.sum(axis=0).min() < 2 * len(counts))


def _halves(blocks: int) -> np.ndarray:
    """List the halves that hold the first block; the others are their complements."""
    rest = combinations(range(1, blocks), blocks // 2 - 1)
    places = np.array([(0, *others) for others in rest])
    inside = np.zeros((len(places), blocks), dtype=np.bool_)
    np.put_along_axis(inside, places, True, axis=1)
    return inside


@njit(cache=True, nogil=True)
def _splits(counts, sums, squares, halves, sharpe):
    """Choose in-sample and rank out-of-sample, each half taken once as either.

    Sums are taken over blocks, never over bars: a split costs one pass over the configurations
    a block, and no more memory than two rows of them.
    """
    splits, n = len(halves), sums.shape[1]
    chosen = np.empty(2 * splits, dtype=np.int64)
    inside, outside, rank = np.empty(2 * splits), np.empty(2 * splits), np.empty(2 * splits)
    first, second = np.empty(n), np.empty(n)
    buffer = np.empty((3, n))
    for k in range(splits):
        _measure(counts, sums, squares, halves[k], True, sharpe, buffer, first)
        _measure(counts, sums, squares, halves[k], False, sharpe, buffer, second)
        for swapped in range(2):
            trained, tested = (second, first) if swapped else (first, second)
            best = np.argmax(trained)
            place = k + swapped * splits
            chosen[place] = best
            inside[place] = trained[best]
            outside[place] = tested[best]
            below, equal = 0, 0
            for i in range(n):
                below += tested[i] < tested[best]
                equal += tested[i] == tested[best]
            rank[place] = below + (equal + 1) / 2.0
    return chosen, inside, outside, rank


@njit(cache=True, nogil=True)
def _measure(counts, sums, squares, half, member, sharpe, buffer, out):
    """Measure every configuration over the blocks whose membership of the half is `member`."""
    n = sums.shape[1]
    count, total, square = buffer[0], buffer[1], buffer[2]
    buffer[:] = 0.0
    for b in range(len(half)):
        if half[b] == member:
            for i in range(n):
                count[i] += counts[b, i]
                total[i] += sums[b, i]
                square[i] += squares[b, i]
    for i in range(n):
        mean = total[i] / count[i]
        if sharpe:
            spread = square[i] - mean * total[i]
            deviation = np.sqrt(max(spread, 0.0) / max(count[i] - 1.0, 1.0))
            out[i] = mean / deviation if spread > _SAME * square[i] else 0.0
        else:
            out[i] = mean


def _mean_rank_correlation(counts, sums, squares, halves, sharpe) -> float | None:
    n = sums.shape[1]
    first, second, buffer = np.empty(n), np.empty(n), np.empty((3, n))
    found = []
    every = -(-len(halves) // _SPLITS_RANKED)
    for half in halves[::every]:
        _measure(counts, sums, squares, half, True, sharpe, buffer, first)
        _measure(counts, sums, squares, half, False, sharpe, buffer, second)
        found.append(rank_correlation(first, second))
    defined = [value for value in found if value is not None]
    return float(np.mean(defined)) if defined else None


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float | None, float | None]:
    spread = x - x.mean()
    variance = float(spread @ spread)
    if variance <= _SAME * float(x @ x):
        return None, None
    slope = float(spread @ (y - y.mean())) / variance
    return slope, float(y.mean()) - slope * float(x.mean())
