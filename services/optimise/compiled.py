"""The kernel over combinations: signals, simulation and metrics of one after the other, compiled.

Each call works on scratch arrays of its own and lets other threads run meanwhile.
"""

from typing import NamedTuple

import numpy as np

import services.backtest.measure as measuring
import services.backtest.simulate as simulation
from services.backtest import ledger, long_only, spans, tapes
from services.backtest.assumptions import Realism
from services.backtest.cached import compiled
from services.backtest.inputs import KernelInputs
from services.backtest.metric_row import EVERYTHING, Asked

NEVER, ABOVE, CROSSES = range(3)
SIDES = 4  # buy's upper and lower, sell's upper and lower
CONSTANT = -1  # instead of a row: the operand is a number


class Rows(NamedTuple):
    """Which operands each combination holds against each other.

    `series` has a row a distinct series, with `lead` bars before the first traded one; `row` and
    `number` have SIDES lines with a value a combination; `buy` and `sell` say how to compare.
    """

    series: np.ndarray
    lead: int
    row: np.ndarray
    number: np.ndarray
    buy: int
    sell: int


class Scratch(NamedTuple):
    """The arrays of one thread, used again for every combination."""

    buys: np.ndarray
    sells: np.ndarray
    signals: np.ndarray
    said: np.ndarray
    equity: np.ndarray
    worth: np.ndarray
    trades: np.ndarray
    r: np.ndarray
    constants: np.ndarray


class Scene(NamedTuple):
    """KernelInputs as the kernel takes them."""

    prices: tuple
    fill: int
    money: tuple
    realism: Realism | None
    sampling: NamedTuple
    held: NamedTuple
    tape: NamedTuple
    asked: Asked = EVERYTHING


def scene_of(given: KernelInputs, asked: Asked = EVERYTHING) -> Scene:
    """Put the inputs of a simulation into the form that is compiled for."""
    prices, money, realism = given.prices, given.money, given.realism
    tape = tapes.tape_of(prices[3], given.sampling, given.held)
    return Scene(prices, given.fill, money, realism, given.sampling, given.held, tape, asked)


def scratch_for(scene: Scene, lead: int) -> Scratch:
    """Make the arrays of one thread."""
    bars = len(scene.prices[0])
    rows = simulation.most_trades(bars, scene.realism)
    return Scratch(
        buys=np.empty(bars, np.int8),
        sells=np.empty(bars, np.int8),
        signals=np.empty(bars, np.int8),
        said=np.empty(long_only.room_for(bars), np.int64),
        equity=np.empty(bars),
        worth=np.empty(rows),
        trades=np.empty((rows, ledger.TRADE_WIDTH)),
        r=np.empty(len(scene.sampling.ends)),
        constants=np.empty((SIDES, bars + lead)),
    )


@compiled(allocates=False)
def measure_rules(start, stop, rows, scene, scratch, out):
    """Measure the combinations from `start` up to `stop` of a declared rule into rows of `out`."""
    for k in range(start, stop):
        _signal(k, rows, scratch)
        _measure_one(scratch.signals, scene, scene.realism, scratch, out[k])


@compiled(allocates=False)
def measure_signals(start, stop, signals, scene, scratch, out):
    """Measure given signals, a row a combination."""
    for k in range(start, stop):
        _measure_one(signals[k], scene, scene.realism, scratch, out[k])


@compiled(allocates=False)
def _measure_one(signals, scene, realism, scratch, out):
    # An argument, as of these alone the compiler knows that they are None.
    if realism is None:
        _measure_plain(signals, scene, scratch, out)
    else:
        _measure_real(signals, scene, realism, scratch, out)


@compiled(allocates=False)
def _measure_plain(signals, scene, scratch, out):
    at_close, cash = scene.fill == simulation.FILL_CLOSE, scene.money[0]
    said, worth, trades = scratch.said, scratch.worth, scratch.trades
    count = long_only.trade(scene.prices, signals, at_close, scene.money, said, None, worth, trades)
    spans.measure_into(
        trades[:count],
        worth,
        cash,
        scene.sampling,
        scene.held,
        scene.tape,
        scene.asked,
        scratch.r,
        out,
    )


@compiled(allocates=False)
def _measure_real(signals, scene, realism, scratch, out):
    at_close, cash = scene.fill == simulation.FILL_CLOSE, scene.money[0]
    equity, trades = scratch.equity, scratch.trades
    count = simulation.trade_with(
        scene.prices, signals, at_close, scene.money, realism, equity, trades
    )
    measuring.measure_into(
        equity,
        trades[:count],
        cash,
        scene.sampling,
        scene.held,
        scene.asked,
        scratch.r,
        out,
    )


@compiled(allocates=False)
def _signal(k, rows, scratch):
    """Write the signals of combination k."""
    signals = scratch.signals
    if _is_mirrored(k, rows):
        _cross(rows.series[rows.row[0, k]], rows.series[rows.row[1, k]], rows.lead, signals)
        return
    _compare(rows.buy, 0, k, rows, scratch.constants, scratch.buys)
    _compare(rows.sell, 2, k, rows, scratch.constants, scratch.sells)
    for i in range(len(signals)):
        signals[i] = scratch.buys[i] - scratch.sells[i]


@compiled(allocates=False)
def _is_mirrored(k, rows):
    """Tell whether one series crosses another to buy, and crosses back to sell."""
    row = rows.row
    is_crossing = rows.buy == CROSSES and rows.sell == CROSSES
    is_series = row[0, k] != CONSTANT and row[1, k] != CONSTANT
    return is_crossing and is_series and row[0, k] == row[3, k] and row[1, k] == row[2, k]


@compiled(allocates=False)
def _cross(a, b, lead, signals):
    """Write 1 where a comes to be above b, -1 where below, 0 elsewhere: `_compare` both ways."""
    signals[0] = 0
    signals = signals[1 - lead :]
    a_now, a_then, b_now, b_then = a[1:], a[:-1], b[1:], b[:-1]
    for i in range(len(signals)):
        is_up = (a_now[i] > b_now[i]) & (a_then[i] <= b_then[i])
        is_down = (b_now[i] > a_now[i]) & (b_then[i] <= a_then[i])
        signals[i] = is_up - is_down


@compiled(allocates=False)
def _compare(comparison, side, k, rows, constants, holds):
    """Write 1 wherever one condition of combination k holds, 0 elsewhere."""
    if comparison == NEVER:
        holds[:] = 0
        return
    for operand in (side, side + 1):
        if rows.row[operand, k] == CONSTANT:
            constants[operand] = rows.number[operand, k]
    row, lead = rows.row, rows.lead
    upper = constants[side] if row[side, k] == CONSTANT else rows.series[row[side, k]]
    other = side + 1
    lower = constants[other] if row[other, k] == CONSTANT else rows.series[row[other, k]]
    if comparison == ABOVE:
        upper, lower = upper[lead:], lower[lead:]
        for i in range(len(holds)):
            holds[i] = upper[i] > lower[i]
        return
    # Views of the bars and of those before them; the very first bar has none before it.
    holds[0] = 0
    holds = holds[1 - lead :]
    upper_now, lower_now, upper_then, lower_then = upper[1:], lower[1:], upper[:-1], lower[:-1]
    for i in range(len(holds)):
        holds[i] = (upper_now[i] > lower_now[i]) & (upper_then[i] <= lower_then[i])
