"""The metrics kernel: every number of `services.metric_specs`, for a backtest and for a sweep.

Undefined is NaN here, and so is what was not asked for.
"""

import math
from typing import NamedTuple

import numpy as np

from services.backtest import ledger, sums
from services.backtest.cached import compiled
from services.backtest.drawdown import drawdown_of

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


@compiled()
def measure_into(equity, trades, cash, sampling, held, asked, r, out):
    """Write the metrics of one simulation into `out`; `r` is scratch, one number a return."""
    out[:] = math.nan
    mean = 0.0
    if asked.deviation or asked.downside or asked.relation:
        mean = returns_into(equity, cash, sampling.ends, r)
    _curve_into(equity, cash, 0.0, sampling, r, mean, asked, out)
    if asked.relation:
        _relation_into(r, mean, sampling.periods_a_year, held, out)
    out[TRADES] = closed_count(trades)
    if asked.profits:
        trades_into(trades, out)
    out[EXPOSURE] = exposure_of(trades, len(equity))


@compiled()
def measure(equity, trades, cash, sampling, held):
    """Return all metrics of one simulation in the order of METRICS."""
    out, r = np.empty(METRIC_COUNT), np.empty(len(sampling.ends))
    measure_into(equity, trades, cash, sampling, held, EVERYTHING, r, out)
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
    """Write the simple return of every sampled close, the first one against the cash.

    Return their mean.
    """
    r[0] = equity[ends[0]] / cash - 1.0
    if len(ends) == len(equity):
        return _returns_of_bars(equity, r)
    before = equity[ends[0]]
    for i in range(1, len(ends)):
        value = equity[ends[i]]
        r[i] = value / before - 1.0
        before = value
    return sums.mean(r)


@compiled()
def _returns_of_bars(equity, r):
    """Write all returns but the first; return the mean of all.

    A block is added up while the next one is divided: the processor does both at a time.
    """
    n, lanes = len(r), sums.NOTHING
    whole = (n - 1) - (n - 1) % sums.BLOCK
    for start in range(0, whole, sums.BLOCK):
        # Views instead of i + 1, which the compiler cannot tell from a place counted backwards.
        stop = start + sums.BLOCK
        after, before = equity[start + 1 : stop + 1], equity[start:stop]
        later, written = r[start + 1 : stop + 1], r[start:stop]
        for i in range(sums.BLOCK):
            later[i] = after[i] / before[i] - 1.0
        lanes = sums.added(written, 0, sums.BLOCK, lanes)
    after, before, later = equity[whole + 1 :], equity[whole:], r[whole + 1 :]
    for i in range(len(later)):
        later[i] = after[i] / before[i] - 1.0
    return sums.total(sums.added(r, whole, n, lanes)) / n


@compiled()
def equity_into(equity, cash, risk_free, sampling, r, out):
    """Write what the equity curve alone tells; `risk_free` is a yearly rate."""
    _curve_into(equity, cash, risk_free, sampling, r, sums.mean(r), EVERYTHING, out)


@compiled()
def _curve_into(equity, cash, risk_free, sampling, r, mean, asked, out):
    a, n = sampling.periods_a_year, len(r)
    last, free = equity[len(equity) - 1], risk_free / a
    cagr = _yearly(last / cash, sampling.days)
    out[TOTAL_RETURN] = _defined(last / cash - 1.0)
    out[CAGR] = cagr
    out[FINAL_EQUITY] = _defined(last)
    if asked.deviation:
        squares = sums.products(r, mean, r, mean)
        deviation = math.sqrt(squares / (n - 1)) if n > 1 else math.nan
        out[SHARPE] = _ratio((mean - free) * math.sqrt(a), deviation)
        out[VOLATILITY] = _defined(deviation * math.sqrt(a))
    if asked.downside:
        downside = math.sqrt(sums.squares_below(r, free) / n)
        out[SORTINO] = _ratio((mean - free) * math.sqrt(a), downside)
    if asked.drawdown:
        depth, longest = drawdown_of(equity, cash, sampling.ts)
        out[MAX_DRAWDOWN] = _defined(depth)
        out[MAX_DRAWDOWN_DURATION] = longest
        out[CALMAR] = _ratio(cagr, -depth)


@compiled()
def held_of(benchmark, cash, ends):
    """Return what `relation_into` must know of Buy & Hold's equity."""
    b = np.empty(len(ends))
    mean = returns_into(benchmark, cash, ends, b)
    return Held(b, mean, sums.products(b, mean, b, mean))


@compiled()
def relation_into(r, periods_a_year, held, out):
    """Write alpha (a year) and beta: least squares of the returns on those of Buy & Hold."""
    _relation_into(r, sums.mean(r), periods_a_year, held, out)


@compiled()
def _relation_into(r, mean, periods_a_year, held, out):
    out[ALPHA] = out[BETA] = math.nan
    if len(r) < 2 or held.variance == 0.0:
        return
    beta = sums.products(r, mean, held.returns, held.mean) / held.variance
    out[ALPHA] = _defined((mean - beta * held.mean) * periods_a_year)
    out[BETA] = _defined(beta)


@compiled()
def trades_into(trades, out):
    """Write what the trades tell, from rows of the simulation."""
    n = wins = losses = 0
    won = lost = total = parts = costs = gross = 0.0
    for k in range(len(trades)):
        profit = trades[k, ledger.PROFIT]
        costs += trades[k, ledger.COMMISSION] + trades[k, ledger.SLIPPAGE]
        gross += profit
        if trades[k, ledger.EXIT_BAR] == ledger.STILL_OPEN:
            continue
        n += 1
        total += profit
        parts += profit / (trades[k, ledger.SHARES] * trades[k, ledger.ENTRY_PRICE])
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
def closed_count(trades):
    """Return how many trades have an exit."""
    closed = 0
    for k in range(len(trades)):
        closed += trades[k, ledger.EXIT_BAR] != ledger.STILL_OPEN
    return closed


@compiled()
def _deviation_of_profits(trades, n, mean):
    if n < 2:
        return math.nan
    squares = 0.0
    for k in range(len(trades)):
        if trades[k, ledger.EXIT_BAR] != ledger.STILL_OPEN:
            squares += (trades[k, ledger.PROFIT] - mean) ** 2
    return math.sqrt(squares / (n - 1))


@compiled()
def exposure_of(trades, bars):
    """Return the share of bars that end in a position."""
    held = 0.0
    for k in range(len(trades)):
        end = trades[k, ledger.EXIT_BAR]
        held += (bars if end == ledger.STILL_OPEN else end) - trades[k, ledger.ENTRY_BAR]
    return held / bars


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
