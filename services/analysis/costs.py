"""What trading cost a run, and what it would have earned under other costs."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import services.backtest.simulate as kernel
from services.analysis.numbers import mean_of
from services.analysis.trades import closed_trades
from services.backtest.costs import Commission
from services.backtest.result import BacktestResult

MULTIPLES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
BASIS_POINTS = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0)
_HIGHEST_RATE = 0.5  # of the trade's value, per side: beyond that nothing is left to trade with
_CLOSE_ENOUGH = 1e-13
_ROUNDING = 1e-12


@dataclass(frozen=True)
class CostsPaid:
    """What the run paid, in money: open trade included, as in the metric "costs".

    `per_trade` is the mean over the closed trades, `per_trip` the same as a fraction of the
    trade's entry value; `of_gross_profit` is the metric "costs_of_gross_profit".
    """

    commission: float
    slippage: float
    total: float
    per_trade: float | None
    per_trip: float | None
    of_gross_profit: float | None
    closed: int


@dataclass(frozen=True)
class CostPoint:
    """The run's own signals traded under other costs.

    `multiple` counts what the run assumed (None where it assumed none), `per_side` is then the
    fraction of every order's value that is charged. `per_trip` is the mean cost of a closed trade
    as a fraction of its entry value. `benchmark_return` is Buy & Hold's under the same costs.
    """

    multiple: float | None
    per_side: float | None
    per_trip: float | None
    costs: float
    total_return: float
    final_equity: float
    benchmark_return: float


@dataclass(frozen=True)
class BreakEven:
    """Costs of a round trip (entry and exit) as a fraction of the trade's value; None: none.

    `total` is the whole cost at which the return is nothing, `total_benchmark` that at which it
    equals Buy & Hold's under the same cost, both charged as a flat share of every order in place
    of the run's own costs. `extra` and `extra_benchmark` come on top of the run's own costs.
    `multiple` and `multiple_benchmark` count how many times its own costs the run could bear.
    """

    total: float | None = None
    total_benchmark: float | None = None
    extra: float | None = None
    extra_benchmark: float | None = None
    multiple: float | None = None
    multiple_benchmark: float | None = None


@dataclass(frozen=True)
class CostCurve:
    """Points of rising cost, what the run paid, and where its profit would be gone."""

    points: tuple[CostPoint, ...]
    paid: CostsPaid
    break_even: BreakEven

    @property
    def by_multiple(self) -> bool:
        """Tell whether the points are multiples of the run's own costs."""
        return self.points[0].multiple is not None


def costs_paid(result: BacktestResult) -> CostsPaid:
    """Sum up the commission and slippage of a run."""
    trades, closed = result.trades, closed_trades(result)
    return CostsPaid(
        float(trades["commission"].sum()),
        float(trades["slippage"].sum()),
        float(trades["costs"].sum()),
        mean_of(closed.costs),
        mean_of(closed.costs / closed.entry_value),
        result.metrics["costs_of_gross_profit"],
        len(closed),
    )


def cost_curve(result: BacktestResult) -> CostCurve:
    """Trade the run's signals again under none to four times its costs.

    A run without costs is charged 0 to 50 basis points a side instead. A point at which an order
    would cost as much as it is worth is left out.
    """
    market = _market(result)
    own = _own_money(result)
    if result.settings.is_free:
        points = [_point(market, _flat(own[0], bp / 1e4), per_side=bp / 1e4) for bp in BASIS_POINTS]
    else:
        scaled = [(m, _times(own, m)) for m in MULTIPLES]
        points = [
            _point(market, money, multiple=m) for m, money in scaled if _most_of_an_order(money) < 1
        ]
    return CostCurve(tuple(points), costs_paid(result), _break_even(market, own))


@dataclass(frozen=True, eq=False)
class _Market:
    """The prices at which the run's orders were filled and the last close, with their signals."""

    prices: np.ndarray
    signals: np.ndarray
    first_open: np.ndarray
    last_close: np.ndarray

    def trade(self, money: tuple[float, ...]) -> tuple[float, np.ndarray]:
        """Return final equity and the kernel's trade rows under (cash, per share … slippage)."""
        p = self.prices
        equity, _, rows = kernel.simulate(p, p, p, p, self.signals, kernel.FILL_CLOSE, *money)
        return float(equity[-1]), rows

    def hold(self, money: tuple[float, ...]) -> float:
        """Return the final equity of Buy & Hold."""
        return float(kernel.buy_and_hold(self.first_open, self.last_close, *money)[0][-1])


def _market(result: BacktestResult) -> _Market:
    """Keep the bars that decide the last equity, for a kernel that is asked a hundred times.

    Of signals in a row that say the same only the first does anything. The fills become closes
    at which the same kernel trades, so that the last equity is the same to the last digit.
    """
    open_, close = (result.bars[name].to_numpy(np.float64) for name in ("open", "close"))
    at_open = result.settings.fill == "next_open"
    signals = result.signals[:-1] if at_open else result.signals
    said = np.flatnonzero(signals)
    said = said[np.diff(signals[said], prepend=0) != 0]
    fills = open_[said + 1] if at_open else close[said]
    prices = np.append(fills, close[-1])
    prices.flags.writeable = False  # as the frame's own: one compiled kernel serves both
    acting = np.append(signals[said], 0).astype(np.int8)
    return _Market(prices, acting, open_[:1], close[-1:])


def _own_money(result: BacktestResult) -> tuple[float, ...]:
    fee = Commission.parse(result.settings.commission)
    slippage = result.settings.slippage_bps / 10_000
    return result.settings.cash, fee.per_share, fee.minimum, fee.cap, fee.rate, slippage


def _times(money: tuple[float, ...], m: float) -> tuple[float, ...]:
    cash, per_share, minimum, cap, rate, slippage = money
    cap = cap if math.isinf(cap) else cap * m
    return cash, per_share * m, minimum * m, cap, rate * m, slippage * m


def _flat(cash: float, rate: float) -> tuple[float, ...]:
    return cash, 0.0, 0.0, math.inf, rate, 0.0


def _point(
    market: _Market,
    money: tuple[float, ...],
    multiple: float | None = None,
    per_side: float | None = None,
) -> CostPoint:
    final, rows = market.trade(money)
    costs = rows[:, kernel.COMMISSION] + rows[:, kernel.SLIPPAGE]
    closed = rows[:, kernel.EXIT_BAR] != kernel.STILL_OPEN
    value = rows[:, kernel.SHARES] * rows[:, kernel.ENTRY_PRICE]
    return CostPoint(
        multiple,
        per_side,
        mean_of((costs / value)[closed]),
        float(costs.sum()),
        final / money[0] - 1.0,
        final,
        market.hold(money) / money[0] - 1.0,
    )


def _break_even(market: _Market, own: tuple[float, ...]) -> BreakEven:
    cash, *commission, rate, slippage = own
    if len(market.trade(own)[1]) == 0:
        return BreakEven()

    def gain(money: tuple[float, ...]) -> float:
        return market.trade(money)[0] / cash - 1.0

    def lead(money: tuple[float, ...]) -> float:
        return market.trade(money)[0] / market.hold(money) - 1.0

    def trip(of: Callable, costs: Callable) -> float | None:
        side = _root(lambda x: of(costs(x)), _HIGHEST_RATE)
        return None if side is None else 2 * side

    def flat(x: float) -> tuple[float, ...]:
        return _flat(cash, x)

    def on_top(x: float) -> tuple[float, ...]:
        return (cash, *commission, rate + x, slippage)

    dearest = _dearest_multiple(own)
    times = [_root(lambda x, of=of: of(_times(own, x)), dearest) for of in (gain, lead)]
    return BreakEven(
        trip(gain, flat), trip(lead, flat), trip(gain, on_top), trip(lead, on_top), *times
    )


def _dearest_multiple(money: tuple[float, ...]) -> float:
    """Return the multiple at which an order may cost half its value, 0 for free trading."""
    share = _most_of_an_order(money)
    return _HIGHEST_RATE / share if share else 0.0


def _most_of_an_order(money: tuple[float, ...]) -> float:
    _, _, _, cap, rate, slippage = money
    return (0.0 if math.isinf(cap) else cap) + rate + slippage


def _root(of: Callable[[float], float], high: float) -> float | None:
    """Find by bisection from 0 to `high` where a falling ratio becomes nothing.

    One that only rounding moves, as of a run that is Buy & Hold itself, has no such place.
    """
    low = 0.0
    start = of(low)
    if start < -_ROUNDING or of(high) >= -_ROUNDING:
        return None
    if start <= _ROUNDING:
        return 0.0
    enough = _CLOSE_ENOUGH * high
    while high - low > enough:
        middle = (low + high) / 2
        if of(middle) >= 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
