"""What a number came to over many resamples, as quantiles."""

from dataclasses import dataclass

import numpy as np

QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)


@dataclass(frozen=True, eq=False)
class Spread:
    """The defined values of all resamples in ascending order, and five quantiles of them.

    `undefined` counts the resamples in which the number was not defined.
    """

    values: np.ndarray
    undefined: int
    p5: float | None
    p25: float | None
    median: float | None
    p75: float | None
    p95: float | None


@dataclass(frozen=True, eq=False)
class Bands:
    """Five quantiles of a curve at each of `steps`, which count returns (0 is the start)."""

    steps: np.ndarray
    p5: np.ndarray
    p25: np.ndarray
    median: np.ndarray
    p75: np.ndarray
    p95: np.ndarray


def spread_of(values: np.ndarray) -> Spread:
    """Sort the values of the resamples and take their quantiles; NaN is undefined."""
    defined = np.sort(values[np.isfinite(values)])
    undefined = len(values) - len(defined)
    if len(defined) == 0:
        return Spread(defined, undefined, *[None] * len(QUANTILES))
    return Spread(defined, undefined, *np.quantile(defined, QUANTILES).tolist())


def bands_of(steps: np.ndarray, curves: np.ndarray) -> Bands:
    """Take the quantiles of the curves (a row a resample, a column a step)."""
    return Bands(steps, *np.quantile(curves, QUANTILES, axis=0))
