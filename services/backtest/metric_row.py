"""The row of metrics that the kernels write, and how sums of returns become numbers in it.

Undefined is NaN here, and so is what was not asked for.
"""

import math
from typing import NamedTuple

import numpy as np

from services.backtest.cached import compiled

# Places of the metrics in a row of results: the order of services.metric_specs.METRICS.
METRIC_COUNT = 21
(
    TOTAL_RETURN,
    CAGR,
    SHARPE,
    SORTINO,
    VOLATILITY,
    MAX_DRAWDOWN,
    MAX_DRAWDOWN_DURATION,
    CALMAR,
    EXPOSURE,
    TRADES,
    WIN_RATE,
    PROFIT_FACTOR,
    EXPECTANCY,
    EXPECTANCY_RETURN,
    PAYOFF_RATIO,
    SQN,
    ALPHA,
    BETA,
    COSTS,
    COSTS_OF_GROSS_PROFIT,
    FINAL_EQUITY,
) = range(METRIC_COUNT)
DAYS_A_YEAR = 365.25


class Held(NamedTuple):
    """The returns of Buy & Hold, their mean, and the squares of what they differ from it."""

    returns: np.ndarray
    mean: float
    variance: float


class Asked(NamedTuple):
    """Which groups of metrics to measure; those that cost next to nothing always are.

    `deviation` is for sharpe and volatility, `downside` for sortino, `drawdown` for its depth and
    length and calmar, `relation` for alpha and beta, `profits` for all that trades tell but their
    number.
    """

    deviation: bool = True
    downside: bool = True
    drawdown: bool = True
    relation: bool = True
    profits: bool = True


EVERYTHING = Asked()


@compiled(allocates=False)
def growth_into(last, cash, days, out):
    """Write what first and last equity tell; return the CAGR."""
    cagr = _yearly(last / cash, days)
    out[TOTAL_RETURN] = defined(last / cash - 1.0)
    out[CAGR] = cagr
    out[FINAL_EQUITY] = defined(last)
    return cagr


@compiled(allocates=False)
def deviation_into(mean, free, squares, n, a, out):
    """Write what the squared distances of n returns from their mean add up to, `a` a year."""
    deviation = math.sqrt(squares / (n - 1)) if n > 1 else math.nan
    out[SHARPE] = ratio((mean - free) * math.sqrt(a), deviation)
    out[VOLATILITY] = defined(deviation * math.sqrt(a))


@compiled(allocates=False)
def downside_into(mean, free, squares, n, a, out):
    """Write the Sortino ratio from the squares of what lies below `free`."""
    out[SORTINO] = ratio((mean - free) * math.sqrt(a), math.sqrt(squares / n))


@compiled(allocates=False)
def fall_into(depth, longest, cagr, out):
    """Write the deepest and the longest fall."""
    out[MAX_DRAWDOWN] = defined(depth)
    out[MAX_DRAWDOWN_DURATION] = longest
    out[CALMAR] = ratio(cagr, -depth)


@compiled(allocates=False)
def relation_into(products, mean, n, a, held, out):
    """Write alpha (a year) and beta of n returns: least squares on those of Buy & Hold.

    `products` adds up what the returns differ from their mean times what its own differ.
    """
    out[ALPHA] = out[BETA] = math.nan
    if n < 2 or held.variance == 0.0:
        return
    beta = products / held.variance
    out[ALPHA] = defined((mean - beta * held.mean) * a)
    out[BETA] = defined(beta)


@compiled(allocates=False)
def _yearly(growth, days):
    if days < 1.0:
        return math.nan
    return defined(growth ** (DAYS_A_YEAR / days) - 1.0)


@compiled(allocates=False)
def ratio(numerator, denominator):
    """Divide, or return NaN where the ratio is not defined.

    A deviation that is nothing but rounding noise counts as none: its ratio would be a
    huge number without meaning.
    """
    if math.isnan(denominator) or denominator <= 1e-14 * max(1.0, abs(numerator)):
        return math.nan
    return defined(numerator / denominator)


@compiled(allocates=False)
def defined(value):
    """Return a number, or NaN for what is infinite."""
    return value if math.isfinite(value) else math.nan
