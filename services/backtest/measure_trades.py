"""The metrics that the trades of a run tell, from rows of the ledger."""

import math

import services.backtest.metric_row as row
from services.backtest import ledger
from services.backtest.cached import compiled


@compiled(allocates=False)
def measure_into(trades, bars, asked, out):
    """Write all that is asked of the trades of that many bars."""
    out[row.TRADES] = closed_count(trades)
    if asked.profits:
        trades_into(trades, out)
    out[row.EXPOSURE] = exposure_of(trades, bars)


@compiled(allocates=False)
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
        # Without branches, as nobody foresees which trade wins.
        wins += profit > 0.0
        losses += profit < 0.0
        won += profit if profit > 0.0 else 0.0
        lost -= profit if profit < 0.0 else 0.0
    mean = total / n if n > 0 else math.nan
    gross += costs
    out[row.TRADES] = n
    out[row.WIN_RATE] = row.ratio(wins, n)
    out[row.PROFIT_FACTOR] = row.ratio(won, lost)
    out[row.EXPECTANCY] = row.defined(mean)
    out[row.EXPECTANCY_RETURN] = row.defined(parts / n) if n > 0 else math.nan
    out[row.PAYOFF_RATIO] = row.ratio(won / wins, lost / losses) if wins and losses else math.nan
    out[row.SQN] = row.ratio(math.sqrt(n) * mean, _deviation_of_profits(trades, n, mean))
    out[row.COSTS] = costs
    out[row.COSTS_OF_GROSS_PROFIT] = row.defined(costs / gross) if gross > 0.0 else math.nan


@compiled(allocates=False)
def closed_count(trades):
    """Return how many trades have an exit."""
    closed = 0
    for k in range(len(trades)):
        closed += trades[k, ledger.EXIT_BAR] != ledger.STILL_OPEN
    return closed


@compiled(allocates=False)
def _deviation_of_profits(trades, n, mean):
    if n < 2:
        return math.nan
    squares = 0.0
    for k in range(len(trades)):
        if trades[k, ledger.EXIT_BAR] != ledger.STILL_OPEN:
            squares += (trades[k, ledger.PROFIT] - mean) ** 2
    return math.sqrt(squares / (n - 1))


@compiled(allocates=False)
def exposure_of(trades, bars):
    """Return the share of bars that end in a position."""
    held = 0.0
    for k in range(len(trades)):
        end = trades[k, ledger.EXIT_BAR]
        held += (bars if end == ledger.STILL_OPEN else end) - trades[k, ledger.ENTRY_BAR]
    return held / bars
