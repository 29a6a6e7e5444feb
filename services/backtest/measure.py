"""The metrics kernel: every number of `services.metric_specs`, for a backtest and for a sweep.

Undefined is NaN here. Sums run in four lanes that are added at the end: in an order of its own,
so that a sum is the same on every machine and in every caller, to the last bit, and yet fast.
"""

import math
from typing import NamedTuple

import numpy as np

from services.backtest import ledger
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
US_A_DAY = 86_400_000_000


class Held(NamedTuple):
    """The returns of Buy & Hold, their mean, and the squares of what they differ from it."""

    returns: np.ndarray
    mean: float
    variance: float


@compiled()
def measure_into(equity, position, trades, cash, sampling, held, r, out):
    """Write all metrics of one simulation into `out`; `r` is scratch, one number a return."""
    returns_into(equity, cash, sampling.ends, r)
    equity_into(equity, cash, 0.0, sampling, r, out)
    relation_into(r, sampling.periods_a_year, held, out)
    trades_into(trades, out)
    out[EXPOSURE] = exposure_of(position)


@compiled()
def measure(equity, position, trades, cash, sampling, held):
    """Return all metrics of one simulation in the order of METRICS."""
    out, r = np.empty(METRIC_COUNT), np.empty(len(sampling.ends))
    measure_into(equity, position, trades, cash, sampling, held, r, out)
    return out


@compiled()
def measure_held(benchmark, costs, cash, sampling):
    """Return the metrics of Buy & Hold, which has no trades."""
    out, r = np.full(METRIC_COUNT, np.nan), np.empty(len(sampling.ends))
    returns_into(benchmark, cash, sampling.ends, r)
    equity_into(benchmark, cash, 0.0, sampling, r, out)
    out[EXPOSURE], out[COSTS] = 1.0, costs
    return out


@compiled()
def returns_into(equity, cash, ends, r):
    """Write the simple return of every sampled close, the first one against the cash."""
    if len(ends) == len(equity):
        r[0] = equity[0] / cash - 1.0
        # Views instead of i - 1, which the compiler cannot tell from a place counted backwards.
        after, before_it, later = equity[1:], equity[:-1], r[1:]
        for i in range(len(later)):
            later[i] = after[i] / before_it[i] - 1.0
        return
    before = cash
    for i in range(len(ends)):
        value = equity[ends[i]]
        r[i] = value / before - 1.0
        before = value


@compiled()
def equity_into(equity, cash, risk_free, sampling, r, out):
    """Write what the equity curve alone tells; `risk_free` is a yearly rate."""
    a, n = sampling.periods_a_year, len(r)
    last = equity[len(equity) - 1]
    mean, free = _mean(r), risk_free / a
    deviation = math.sqrt(_products(r, mean, r, mean) / (n - 1)) if n > 1 else math.nan
    downside = math.sqrt(_squares_below(r, free) / n)
    depth, longest = drawdown_of(equity, cash, sampling.ts)
    cagr = _yearly(last / cash, sampling.days)
    out[TOTAL_RETURN] = _defined(last / cash - 1.0)
    out[CAGR] = cagr
    out[SHARPE] = _ratio((mean - free) * math.sqrt(a), deviation)
    out[SORTINO] = _ratio((mean - free) * math.sqrt(a), downside)
    out[VOLATILITY] = _defined(deviation * math.sqrt(a))
    out[MAX_DRAWDOWN] = _defined(depth)
    out[MAX_DRAWDOWN_DURATION] = longest
    out[CALMAR] = _ratio(cagr, -depth)
    out[FINAL_EQUITY] = _defined(last)


@compiled()
def drawdown_of(equity, cash, ts):
    """Return the deepest fall as a fraction, and the longest span under a peak in days.

    Within one span the lowest equity is the deepest fall: a division a span, not one a bar.
    """
    peak = trough = cash
    depth, longest, at_peak = 0.0, 0, 0
    for i in range(len(equity)):
        value = equity[i]
        if value >= peak:
            if trough < peak:
                depth = min(depth, trough / peak - 1.0)
                longest = max(longest, ts[i] - ts[at_peak])
            peak = trough = value
            at_peak = i
        else:
            trough = min(trough, value)
    if trough < peak:
        depth = min(depth, trough / peak - 1.0)
        longest = max(longest, ts[len(ts) - 1] - ts[at_peak])
    return depth, longest / US_A_DAY


@compiled()
def held_of(benchmark, cash, ends):
    """Return what `relation_into` must know of Buy & Hold's equity."""
    b = np.empty(len(ends))
    returns_into(benchmark, cash, ends, b)
    mean = _mean(b)
    return Held(b, mean, _products(b, mean, b, mean))


@compiled()
def relation_into(r, periods_a_year, held, out):
    """Write alpha (a year) and beta: least squares of the returns on those of Buy & Hold."""
    out[ALPHA] = out[BETA] = math.nan
    if len(r) < 2 or held.variance == 0.0:
        return
    mean = _mean(r)
    beta = _products(r, mean, held.returns, held.mean) / held.variance
    out[ALPHA] = _defined((mean - beta * held.mean) * periods_a_year)
    out[BETA] = _defined(beta)


@compiled()
def trades_into(trades, out):
    """Write what the trades tell, from rows of the simulation."""
    n = wins = losses = 0
    won = lost = total = parts = costs = gross = 0.0
    for trade in trades:
        profit, cost = trade[ledger.PROFIT], trade[ledger.COMMISSION] + trade[ledger.SLIPPAGE]
        costs += cost
        gross += profit
        if trade[ledger.EXIT_BAR] == ledger.STILL_OPEN:
            continue
        n += 1
        total += profit
        parts += profit / (trade[ledger.SHARES] * trade[ledger.ENTRY_PRICE])
        if profit > 0.0:
            wins, won = wins + 1, won + profit
        elif profit < 0.0:
            losses, lost = losses + 1, lost - profit
    mean = total / n if n > 0 else math.nan
    gross += costs
    out[TRADES] = n
    out[WIN_RATE] = _ratio(wins, n)
    out[PROFIT_FACTOR] = _ratio(won, lost)
    out[EXPECTANCY] = _defined(mean)
    out[EXPECTANCY_RETURN] = _defined(parts / n) if n > 0 else math.nan
    out[PAYOFF_RATIO] = _ratio(won / wins, lost / losses) if wins and losses else math.nan
    out[SQN] = _ratio(math.sqrt(n) * mean, _deviation_of_profits(trades, n, mean))
    out[COSTS] = costs
    out[COSTS_OF_GROSS_PROFIT] = _defined(costs / gross) if gross > 0.0 else math.nan


@compiled()
def _deviation_of_profits(trades, n, mean):
    if n < 2:
        return math.nan
    squares = 0.0
    for trade in trades:
        if trade[ledger.EXIT_BAR] != ledger.STILL_OPEN:
            squares += (trade[ledger.PROFIT] - mean) ** 2
    return math.sqrt(squares / (n - 1))


@compiled()
def exposure_of(position):
    """Return the share of bars that end in a position."""
    held = 0
    for i in range(len(position)):
        held += position[i] != 0
    return held / len(position)


@compiled()
def _yearly(growth, days):
    if days < 1.0:
        return math.nan
    return _defined(growth ** (DAYS_A_YEAR / days) - 1.0)


@compiled()
def _ratio(numerator, denominator):
    """Divide, or return NaN where the ratio is not defined.

    A deviation that is nothing but rounding noise counts as none: its ratio would be a
    huge number without meaning.
    """
    if math.isnan(denominator) or denominator <= 1e-14 * max(1.0, abs(numerator)):
        return math.nan
    return _defined(numerator / denominator)


@compiled()
def _defined(value):
    return value if math.isfinite(value) else math.nan


@compiled()
def _mean(values):
    n = len(values)
    whole = n - n % 4
    lane0 = lane1 = lane2 = lane3 = 0.0
    for i in range(0, whole, 4):
        lane0 += values[i]
        lane1 += values[i + 1]
        lane2 += values[i + 2]
        lane3 += values[i + 3]
    for i in range(whole, n):
        lane0 += values[i]
    return ((lane0 + lane1) + (lane2 + lane3)) / n


@compiled()
def _products(a, mean_a, b, mean_b):
    """Add up what a differs from its mean times what b differs from its own."""
    n = len(a)
    whole = n - n % 4
    lane0 = lane1 = lane2 = lane3 = 0.0
    for i in range(0, whole, 4):
        lane0 += (a[i] - mean_a) * (b[i] - mean_b)
        lane1 += (a[i + 1] - mean_a) * (b[i + 1] - mean_b)
        lane2 += (a[i + 2] - mean_a) * (b[i + 2] - mean_b)
        lane3 += (a[i + 3] - mean_a) * (b[i + 3] - mean_b)
    for i in range(whole, n):
        lane0 += (a[i] - mean_a) * (b[i] - mean_b)
    return (lane0 + lane1) + (lane2 + lane3)


@compiled()
def _squares_below(a, free):
    """Add up the squares of what lies below."""
    n = len(a)
    whole = n - n % 4
    lane0 = lane1 = lane2 = lane3 = 0.0
    for i in range(0, whole, 4):
        lane0 += min(a[i] - free, 0.0) ** 2
        lane1 += min(a[i + 1] - free, 0.0) ** 2
        lane2 += min(a[i + 2] - free, 0.0) ** 2
        lane3 += min(a[i + 3] - free, 0.0) ** 2
    for i in range(whole, n):
        lane0 += min(a[i] - free, 0.0) ** 2
    return (lane0 + lane1) + (lane2 + lane3)
