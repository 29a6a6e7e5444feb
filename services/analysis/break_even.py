"""The cost of trading at which a run's profit is gone, or no more than that of Buy & Hold."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from services.analysis.money import Money
from services.analysis.retrade import Retrade

_HIGHEST_RATE = 0.5  # of an order's value, per side
_HIGHEST_SHARE = 0.95
_CLOSE_ENOUGH, _ROUGHLY = 1e-12, 1e-7
_ROUNDING = 1e-12
_STEPS = 12  # looked at on the way from no cost to the highest, where the end may jump


@dataclass(frozen=True)
class BreakEven:
    """Costs of a round trip (entry and exit) as a fraction of the trade's value; None: none.

    `total` is the whole cost at which the return is nothing, `total_benchmark` that at which it
    equals Buy & Hold's under the same cost, both charged as a flat share of every order in place
    of the run's own costs. `extra` and `extra_benchmark` come on top of the run's own costs.
    `multiple` and `multiple_benchmark` count how many times its own costs the run could bear,
    up to where an order would cost nearly all that it is worth.
    """

    total: float | None = None
    total_benchmark: float | None = None
    extra: float | None = None
    extra_benchmark: float | None = None
    multiple: float | None = None
    multiple_benchmark: float | None = None


def break_even_of(market: Retrade, own: Money) -> BreakEven:
    """Find the break-evens of a run; there is none where it never trades.

    Under stops, sizes or whole shares the end may jump up and down as costs rise: then it is the
    lowest cost found at which nothing is left.
    """
    if len(market.trade(own)[1]) == 0:
        return BreakEven()

    # Every order rounds once more: what is smaller than that says nothing.
    noise = max(_ROUNDING, market.bars * float(np.finfo(np.float64).eps))

    @cache
    def left(money: Money) -> float:
        return market.trade(money)[0]

    def gain(money: Money) -> float:
        return _log(left(money) / own.cash)

    def lead(money: Money) -> float:
        return _log(left(money) / market.hold(money))

    def at(of: Callable[[Money], float], costs: Callable[[float], Money], high: float):
        find = _root if market.is_smooth else _first_root
        return find(lambda x: of(costs(x)), high, noise)

    sides = [
        at(of, costs, _HIGHEST_RATE) for costs in (own.flat, own.on_top) for of in (gain, lead)
    ]
    share = own.most_of_an_order
    dearest = _HIGHEST_SHARE / share if share else 0.0
    return BreakEven(
        *(None if side is None else 2 * side for side in sides),
        at(gain, own.times, dearest),
        at(lead, own.times, dearest),
    )


def _log(ratio: float) -> float:
    return math.log(ratio) if ratio > 0 else -math.inf


def _first_root(of: Callable[[float], float], high: float, noise: float) -> float | None:
    """Find from 0 to `high` the first of some steps at which a quantity is gone, and where.

    The steps grow with their distance from nothing, as costs are mostly small.
    """
    low = 0.0
    for step in range(1, _STEPS + 1):
        place = high * (step / _STEPS) ** 3
        if of(place) < -noise:
            return _root(of, place, noise, low, _ROUGHLY)
        low = place
    return None


def _root(
    of: Callable[[float], float],
    high: float,
    noise: float,
    low: float = 0.0,
    close_enough: float = _CLOSE_ENOUGH,
) -> float | None:
    """Find from `low` to `high` where a falling quantity becomes nothing.

    The bracket is cut where the straight line between its ends crosses zero (regula falsi in the
    Illinois form, Dowell and Jarratt 1971) and halved where an end is beyond all numbers: the
    logarithm of what is left falls almost straight with the cost, so that ten runs of the kernel
    do what fifty halvings would. A quantity that moves by no more than `noise`, as of a run that
    is Buy & Hold itself, has no such place.
    """
    at_low, at_high = of(low), of(high)
    if at_low < -noise or at_high >= -noise:
        return None
    if at_low <= noise:
        return low
    last_side = 0
    while high - low > close_enough * high:
        share = at_low / (at_low - at_high) if math.isfinite(at_high) else 0.5
        middle = low + (high - low) * share
        if not low < middle < high:
            break
        value = of(middle)
        side = 1 if value >= 0 else -1
        if side > 0:
            moved, low, at_low = middle - low, middle, value
            at_high /= 2 if last_side == side else 1
        else:
            moved, high, at_high = high - middle, middle, value
            at_low /= 2 if last_side == side else 1
        last_side = side
        if abs(value) <= noise or (moved <= close_enough * middle and math.isfinite(at_high)):
            break
    return low if last_side > 0 else high
