"""Measures runs of all the cash that end by signal only, from their trades.

While such a run holds a position its returns are those of the price, and while it holds none they
are nothing: both are known before any rule is tried, so sums of them are looked up, not added up.
Only where it trades is there something to divide. A return is a sampled one (see
`services.sampling`), a period what lies between two.
"""

import math

import numpy as np

import services.backtest.measure_trades as of_trades
import services.backtest.metric_row as row
import services.backtest.sums as adding
from services.backtest import drawdown, ledger, tapes
from services.backtest.cached import compiled


@compiled()
def measure(trades, equity, cash, sampling, held, close):
    """Return all metrics of one simulation in the order of METRICS."""
    out, r = np.empty(row.METRIC_COUNT), np.empty(len(sampling.ends))
    worth = np.empty(len(trades))
    for k in range(len(trades)):
        bar = int(trades[k, ledger.EXIT_BAR])
        worth[k] = math.nan if bar == ledger.STILL_OPEN else equity[bar]
    tape = tapes.tape_of(close, sampling, held)
    measure_into(trades, worth, cash, sampling, held, tape, row.EVERYTHING, r, out)
    return out


@compiled(allocates=False)
def measure_into(trades, worth, cash, sampling, held, tape, asked, r, out):
    """Write the metrics of one simulation into `out`.

    `worth` is the cash after the exit of each trade that has one; `r` is scratch, one number a
    return.
    """
    out[:] = math.nan
    n, a = len(sampling.ends), sampling.periods_a_year
    cagr = row.growth_into(_last(trades, worth, cash, tape.close), cash, sampling.days, out)
    if asked.deviation or asked.downside or asked.relation:
        count, products = _edges_into(trades, worth, cash, sampling.ends, tape, r)
        sums = _sums_held(trades, tape)
        mean = (_total(r, count) + sums.apart + sums.periods * tape.usual) / n
        if asked.deviation:
            row.deviation_into(mean, 0.0, _squares(r, count, sums, tape, mean), n, a, out)
        if asked.downside:
            row.downside_into(mean, 0.0, _below(r, count) + sums.below, n, a, out)
        if asked.relation:
            row.relation_into(products + sums.beside, mean, n, a, held, out)
    if asked.drawdown:
        depth, longest = _falls(trades, worth, cash, tape, sampling.ts)
        row.fall_into(depth, longest, cagr, out)
    of_trades.measure_into(trades, len(tape.close), asked, out)


@compiled(allocates=False)
def _edges_into(trades, worth, cash, ends, tape, r):
    """Write the returns of the periods with a fill; return their number and their `beside`."""
    count, products = 0, 0.0
    place, before = -1, cash  # the period of the last fill, and the equity when it began
    money, shares = cash, 0.0
    for event in range(2 * len(trades)):
        k, is_exit = event // 2, event % 2 == 1
        bar = int(trades[k, ledger.EXIT_BAR if is_exit else ledger.ENTRY_BAR])
        if bar == ledger.STILL_OPEN:
            break
        period = tape.period[bar]
        if period != place:
            if place >= 0:
                r[count] = (money + shares * tape.close[ends[place]]) / before - 1.0
                products += r[count] * tape.held_apart[place]
                count += 1
            place, before = period, cash
            if period > 0:
                before = money + shares * tape.close[ends[period - 1]]
        money, shares = (worth[k], 0.0) if is_exit else (0.0, trades[k, ledger.SHARES])
    if place >= 0:
        r[count] = (money + shares * tape.close[ends[place]]) / before - 1.0
        products += r[count] * tape.held_apart[place]
        count += 1
    if money == 0.0 and shares == 0.0 and place + 1 < len(ends):
        r[count] = math.nan  # nothing to nothing is no return
        count += 1
    return count, products


@compiled(allocates=False)
def _sums_held(trades, tape):
    """Add up what the tape says of all periods that are held from end to end."""
    periods = len(tape.sums) - 1
    total = tapes.NOTHING
    for k in range(len(trades)):
        last = int(trades[k, ledger.EXIT_BAR])
        first = tape.period[int(trades[k, ledger.ENTRY_BAR])] + 1
        stop = periods if last == ledger.STILL_OPEN else tape.period[last]
        if first < stop:
            total = tapes.plus(total, tape.sums, first, stop)
    return total


@compiled(allocates=False)
def _squares(r, count, sums, tape, mean):
    """Add up the squared distances of all returns from their mean, those of idle periods too."""
    off = mean - tape.usual
    held = sums.squares - 2.0 * off * sums.apart + sums.periods * (off * off)
    idle = len(tape.sums) - 1 - count - sums.periods
    squares = max(held, 0.0) + idle * (mean * mean)
    for k in range(count):
        squares += (r[k] - mean) * (r[k] - mean)
    return squares


@compiled(allocates=False)
def _below(r, count):
    below = 0.0
    for k in range(count):
        below += adding.square_below(r[k], 0.0)
    return below


@compiled(allocates=False)
def _total(r, count):
    total = 0.0
    for k in range(count):
        total += r[k]
    return total


@compiled(allocates=False)
def _falls(trades, worth, cash, tape, ts):
    bar, money, n = 0, cash, len(tape.close)
    fall = drawdown.begun(cash, ts)
    for k in range(len(trades)):
        entry, last = int(trades[k, ledger.ENTRY_BAR]), int(trades[k, ledger.EXIT_BAR])
        fall = drawdown.at_value(fall, money, bar, entry, ts)
        bar = n if last == ledger.STILL_OPEN else last
        shares = trades[k, ledger.SHARES]
        fall = drawdown.at_blocks(fall, tape.close, tape.blocks, shares, entry, bar, ts)
        money = worth[k]
    fall = drawdown.at_value(fall, money, bar, n, ts)
    return drawdown.ended(fall, ts)


@compiled(allocates=False)
def _last(trades, worth, cash, close):
    """Return the equity at the last close."""
    if len(trades) == 0:
        return cash
    k = len(trades) - 1
    if trades[k, ledger.EXIT_BAR] == ledger.STILL_OPEN:
        return trades[k, ledger.SHARES] * close[len(close) - 1]
    return worth[k]
