"""What trading cost a run, and what it would have earned under other costs."""

from dataclasses import dataclass

import numpy as np

from services.analysis.break_even import BreakEven, break_even_of
from services.analysis.money import Money
from services.analysis.numbers import mean_of
from services.analysis.retrade import Retrade, retrade_of
from services.analysis.trades import closed_trades
from services.backtest import ledger
from services.backtest.result import BacktestResult

MULTIPLES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
BASIS_POINTS = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0)


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
    would cost as much as it is worth is left out. Raises NotReproducible for a run that does not
    come out the same at its own costs.
    """
    market, own = retrade_of(result), Money.of(result.settings)
    if result.settings.is_free:
        rates = [bp / 10_000 for bp in BASIS_POINTS]
        points = [_point(market, own.flat(rate), per_side=rate) for rate in rates]
    else:
        points = [
            _point(market, own.times(multiple), multiple=multiple)
            for multiple in MULTIPLES
            if own.times(multiple).most_of_an_order < 1
        ]
    return CostCurve(tuple(points), costs_paid(result), break_even_of(market, own))


def _sum_in_order(values: np.ndarray) -> float:
    # As the metric is summed, one trade after the other: to the last digit the same.
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


def _point(
    market: Retrade,
    money: Money,
    multiple: float | None = None,
    per_side: float | None = None,
) -> CostPoint:
    final, rows = market.trade(money)
    costs = rows[:, ledger.COMMISSION] + rows[:, ledger.SLIPPAGE]
    closed = rows[:, ledger.EXIT_BAR] != ledger.STILL_OPEN
    value = rows[:, ledger.SHARES] * rows[:, ledger.ENTRY_PRICE]
    return CostPoint(
        multiple,
        per_side,
        mean_of((costs / value)[closed]),
        _sum_in_order(costs),
        final / money.cash - 1.0,
        final,
        market.hold(money) / money.cash - 1.0,
    )
