"""The metrics kernel over an equity curve: every number of `services.metric_specs`.

Runs of all the cash that end by signal only are measured from their trades: see `spans`.
"""

import math

import numpy as np

import services.backtest.measure_trades as of_trades
import services.backtest.metric_row as row
from services.backtest import sums
from services.backtest.cached import compiled
from services.backtest.drawdown import drawdown_of


@compiled(allocates=False)
def measure_into(equity, trades, cash, sampling, held, asked, r, out):
    """Write the metrics of one simulation into `out`; `r` is scratch, one number a return."""
    out[:] = math.nan
    mean = 0.0
    if asked.deviation or asked.downside or asked.relation:
        mean = returns_into(equity, cash, sampling.ends, r)
    _curve_into(equity, cash, 0.0, sampling, r, mean, asked, out)
    if asked.relation:
        _relation_into(r, mean, sampling.periods_a_year, held, out)
    of_trades.measure_into(trades, len(equity), asked, out)


@compiled()
def measure(equity, trades, cash, sampling, held):
    """Return all metrics of one simulation in the order of METRICS."""
    out, r = np.empty(row.METRIC_COUNT), np.empty(len(sampling.ends))
    measure_into(equity, trades, cash, sampling, held, row.EVERYTHING, r, out)
    return out


@compiled()
def measure_held(benchmark, costs, cash, sampling):
    """Return the metrics of Buy & Hold, which has no trades."""
    out, r = np.full(row.METRIC_COUNT, np.nan), np.empty(len(sampling.ends))
    returns_into(benchmark, cash, sampling.ends, r)
    equity_into(benchmark, cash, 0.0, sampling, r, out)
    out[row.EXPOSURE], out[row.COSTS] = 1.0, costs
    return out


@compiled(allocates=False)
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


@compiled(allocates=False)
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


@compiled(allocates=False)
def equity_into(equity, cash, risk_free, sampling, r, out):
    """Write what the equity curve alone tells; `risk_free` is a yearly rate."""
    _curve_into(equity, cash, risk_free, sampling, r, sums.mean(r), row.EVERYTHING, out)


@compiled(allocates=False)
def _curve_into(equity, cash, risk_free, sampling, r, mean, asked, out):
    a, n = sampling.periods_a_year, len(r)
    free = risk_free / a
    cagr = row.growth_into(equity[len(equity) - 1], cash, sampling.days, out)
    if asked.deviation:
        row.deviation_into(mean, free, sums.products(r, mean, r, mean), n, a, out)
    if asked.downside:
        row.downside_into(mean, free, sums.squares_below(r, free), n, a, out)
    if asked.drawdown:
        depth, longest = drawdown_of(equity, cash, sampling.ts)
        row.fall_into(depth, longest, cagr, out)


@compiled()
def held_of(benchmark, cash, ends):
    """Return what `relation_into` must know of Buy & Hold's equity."""
    b = np.empty(len(ends))
    mean = returns_into(benchmark, cash, ends, b)
    return row.Held(b, mean, sums.products(b, mean, b, mean))


@compiled(allocates=False)
def relation_into(r, periods_a_year, held, out):
    """Write alpha (a year) and beta: least squares of the returns on those of Buy & Hold."""
    _relation_into(r, sums.mean(r), periods_a_year, held, out)


@compiled(allocates=False)
def _relation_into(r, mean, periods_a_year, held, out):
    products = 0.0
    if len(r) > 1:
        products = sums.products(r, mean, held.returns, held.mean)
    row.relation_into(products, mean, len(r), periods_a_year, held, out)
