"""How different a run could have come out, had the same market dealt its days again.

Block bootstrap: stretches of consecutive returns are drawn with replacement, so that what holds
from one bar to the next stays, while the order of the stretches is left to chance.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.errors import InvalidParams
from services.validation.finite import finite
from services.validation.paths import CIRCULAR, STATIONARY, draw_paths
from services.validation.spread import Bands, Spread, bands_of, spread_of

DEFAULT_RESAMPLES = 1000


@dataclass(frozen=True)
class BlockLength:
    """How long blocks should be for each kind of bootstrap (the stationary one on average)."""

    stationary: float
    circular: float


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """A run's resamples: `equity` starts at one, `sharpe` is annualised.

    `probability_of_loss` is the share of resamples that end below the start.
    """

    method: str
    block_length: float
    resamples: int
    equity: Bands
    total_return: Spread
    sharpe: Spread
    max_drawdown: Spread
    probability_of_loss: float | None


def bootstrap_of(
    returns: np.ndarray,
    periods_a_year: int = 252,
    *,
    method: Literal["stationary", "circular"] = "stationary",
    block_length: float | None = None,
    resamples: int = DEFAULT_RESAMPLES,
    seed: int = 0,
) -> Bootstrap:
    """Resample a run's returns in blocks; without a block length, in those that fit the returns.

    Stationary: Politis and Romano (1994), The Stationary Bootstrap: every block has a random
    length. Circular: Politis and Romano (1992): all have the same. Both join the end of the
    returns to their beginning, so that all returns are drawn equally often.
    """
    if block_length is None:
        fitting = optimal_block_length(returns)
        block_length = fitting.stationary if method == "stationary" else fitting.circular
    length = _length(block_length, len(returns), method)
    scheme = STATIONARY if method == "stationary" else CIRCULAR
    paths = draw_paths(returns, scheme, length, resamples, seed)
    return Bootstrap(
        method,
        length,
        resamples,
        bands_of(paths.steps, paths.equity),
        spread_of(paths.total_return),
        spread_of(paths.sharpe * math.sqrt(periods_a_year)),
        spread_of(paths.max_drawdown),
        float(np.mean(paths.total_return < 0.0)) if len(returns) else None,
    )


def _length(wanted: float, count: int, method: str) -> float:
    if not wanted >= 1:
        raise InvalidParams("A block holds at least one return.", field="block_length")
    length = min(float(wanted), float(max(count, 1)))
    return length if method == "stationary" else float(round(length))


def optimal_block_length(returns: np.ndarray) -> BlockLength:
    """Find the block lengths that estimate the variance of the mean with the least error.

    Politis and White (2004), Automatic Block-Length Selection for the Dependent Bootstrap, with
    the constants as corrected by Patton, Politis and White (2009). One where nothing depends on
    what came before, up to three roots of the number of returns.
    """
    n = len(returns)
    longest = max(1.0, math.ceil(min(3.0 * math.sqrt(n), n / 3.0)))
    covariance = _autocovariance(finite(returns))
    if n < 3 or covariance[0] <= 1e-28:
        return BlockLength(1.0, 1.0)
    lags = np.arange(1, 1 + _bandwidth(covariance, n))
    # The flat-top window: whole weight to the near half of the lags, less and less to the rest.
    weight = np.minimum(1.0, 2.0 * (1.0 - lags / len(lags)))
    weighted = 2.0 * weight * covariance[lags]
    curvature, long_run = float(lags @ weighted), float(covariance[0] + weighted.sum())
    if long_run == 0.0:
        return BlockLength(longest, longest)
    # 2 G^2 / D, where D is 2 g^2 for random block lengths and 4/3 g^2 for fixed ones.
    stationary = ((curvature / long_run) ** 2 * n) ** (1.0 / 3.0)
    circular = stationary * 1.5 ** (1.0 / 3.0)
    return BlockLength(
        min(max(stationary, 1.0), longest),
        min(max(circular, 1.0), longest),
    )


def _autocovariance(returns: np.ndarray) -> np.ndarray:
    """Return the autocovariances of lags from zero on, as many as may be needed."""
    n = len(returns)
    most = min(math.ceil(math.sqrt(n)) + _in_a_row(n), n - 1)
    centred = returns - returns.mean() if n else returns
    return np.array([centred[lag:] @ centred[: n - lag] / n for lag in range(most + 1)])


def _in_a_row(n: int) -> int:
    return max(5, math.ceil(math.sqrt(math.log10(max(n, 1)))))


def _bandwidth(covariance: np.ndarray, n: int) -> int:
    """Return twice the first lag from which on a few correlations in a row are but noise.

    As in the authors' own programs: where they are noise from the first lag on, that is two.
    """
    most, row = len(covariance) - 1, _in_a_row(n)
    noise = np.abs(covariance / covariance[0]) < 2.0 * math.sqrt(math.log10(n) / n)
    for lag in range(1, most + 2 - row):
        if noise[lag : lag + row].all():
            return min(2 * lag, most)
    return most
