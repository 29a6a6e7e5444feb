"""How sure one may be of a Sharpe ratio, given its length, its shape and the trials behind it.

Every Sharpe ratio here is one of a single period, not annualised: multiply by the root of the
periods a year to show it. Kurtosis is 3 for a normal distribution. Undefined is None.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from services.errors import InvalidParams
from services.validation.finite import finite

FEWEST_RETURNS = 4  # a kurtosis of fewer says nothing
CONFIDENCE = 0.95
_NORMAL = NormalDist()
_EULER = 0.5772156649015329
_NOISE = 1e-14  # as in services.metrics: a smaller deviation than this is rounding


@dataclass(frozen=True)
class SharpeMoments:
    """What the formulas need of a track record: its length, Sharpe ratio and shape."""

    count: int
    sharpe: float
    skewness: float
    kurtosis: float


@dataclass(frozen=True)
class DeflatedSharpe:
    """A Sharpe ratio held against the luck of the trials it was chosen from.

    `psr` is the probability that the true Sharpe ratio is above zero, `dsr` that it is above
    `expected_max`, the best that as many trials without skill are expected to show.
    `min_track_record` counts the returns after which `dsr` would reach 95 %, other things equal;
    None when no length would do.
    """

    count: int
    sharpe: float | None
    skewness: float | None
    kurtosis: float | None
    trials: int
    variance: float | None
    expected_max: float | None
    psr: float | None
    dsr: float | None
    min_track_record: float | None


def sharpe_moments(returns: np.ndarray) -> SharpeMoments | None:
    """Measure a track record; None of fewer than four returns or without deviation.

    The Sharpe ratio is that of `services.metrics` (deviation of n - 1), skewness and kurtosis are
    ratios of the plain moments.
    """
    r = finite(returns)
    if len(r) < FEWEST_RETURNS:
        return None
    mean, deviation = float(r.mean()), float(r.std(ddof=1))
    if deviation <= _NOISE * max(1.0, abs(mean)):
        return None
    centred = (r - mean) / float(r.std())
    return SharpeMoments(
        len(r), mean / deviation, float(np.mean(centred**3)), float(np.mean(centred**4))
    )


def probabilistic_sharpe(
    sharpe: float,
    count: int,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    benchmark: float = 0.0,
) -> float | None:
    """Return the probability that the true Sharpe ratio exceeds the benchmark.

    Bailey and López de Prado (2012), The Sharpe Ratio Efficient Frontier, their PSR: the
    estimate is taken as normal, with the variance of `_estimate_variance`.
    """
    variance = _estimate_variance(sharpe, skewness, kurtosis)
    if count < FEWEST_RETURNS or variance is None:
        return None
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt((count - 1) / variance))


def min_track_record(
    sharpe: float,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    benchmark: float = 0.0,
    confidence: float = CONFIDENCE,
) -> float | None:
    """Return how many returns it takes to be that confident of more than the benchmark.

    Bailey and López de Prado (2012), their MinTRL: the probabilistic Sharpe ratio solved for
    the length. None when the Sharpe ratio is not above the benchmark: no length would do.
    """
    if not 0.5 < confidence < 1.0:
        raise InvalidParams("The confidence must lie between 0.5 and 1.", field="confidence")
    variance = _estimate_variance(sharpe, skewness, kurtosis)
    if variance is None or sharpe <= benchmark:
        return None
    return 1.0 + variance * (_NORMAL.inv_cdf(confidence) / (sharpe - benchmark)) ** 2


def expected_max_sharpe(trials: int, variance: float) -> float | None:
    """Return the highest Sharpe ratio that so many independent trials without skill promise.

    `variance` is that of the trials' Sharpe ratios. Bailey and López de Prado (2014), The
    Deflated Sharpe Ratio, equation 1 with a mean of zero: extreme value theory's approximation
    of the expected maximum of normal draws. One trial promises nothing: zero.
    """
    if trials < 1 or not (math.isfinite(variance) and variance >= 0.0):
        return None
    if trials == 1:
        return 0.0
    # The quantile at 1 - x is minus that at x, which keeps its digits when x is tiny.
    high = -_NORMAL.inv_cdf(1.0 / trials)
    higher = -_NORMAL.inv_cdf(1.0 / (trials * math.e))
    return math.sqrt(variance) * ((1.0 - _EULER) * high + _EULER * higher)


def luck_variance(count: int) -> float | None:
    """Return the variance among Sharpe ratios of so many returns each, if none has skill.

    Lo (2002), The Statistics of Sharpe Ratios, at a true Sharpe ratio of zero.
    """
    return 1.0 / (count - 1) if count > 1 else None


def trials_variance(sharpes: np.ndarray) -> float | None:
    """Return the variance of the trials' Sharpe ratios; undefined ones (NaN) are left out."""
    defined = sharpes[np.isfinite(sharpes)]
    return float(defined.var(ddof=1)) if len(defined) > 1 else None


def deflated_sharpe(
    returns: np.ndarray, trials: int = 1, variance: float | None = None
) -> DeflatedSharpe:
    """Hold the returns of the chosen run against the number of trials it was chosen from.

    Bailey and López de Prado (2014), equation 2: the probabilistic Sharpe ratio with the
    expected maximum as benchmark. `variance` is that of the trials' Sharpe ratios per period;
    where it is not known, that of luck alone.
    """
    return deflated_of(sharpe_moments(returns), len(returns), trials, variance)


def deflated_of(
    moments: SharpeMoments | None, count: int, trials: int = 1, variance: float | None = None
) -> DeflatedSharpe:
    """Do the work of deflated_sharpe with the moments of `count` returns at hand."""
    if trials < 1:
        raise InvalidParams("There is at least one trial: the run itself.", field="trials")
    if variance is None:
        variance = luck_variance(count)
    expected = None if variance is None else expected_max_sharpe(trials, variance)
    if moments is None or expected is None:
        return DeflatedSharpe(count, None, None, None, trials, variance, expected, None, None, None)
    shape = moments.skewness, moments.kurtosis
    return DeflatedSharpe(
        moments.count,
        moments.sharpe,
        *shape,
        trials,
        variance,
        expected,
        probabilistic_sharpe(moments.sharpe, moments.count, *shape),
        probabilistic_sharpe(moments.sharpe, moments.count, *shape, expected),
        min_track_record(moments.sharpe, *shape, expected),
    )


def _estimate_variance(sharpe: float, skewness: float, kurtosis: float) -> float | None:
    """Return the variance of the estimate times (n - 1): Mertens (2002).

    Losses that are rare and large, and fat tails, make it wider. Only returns of two values
    can bring it to zero, and nothing can be said of those.
    """
    variance = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    return variance if variance > 1e-12 else None
