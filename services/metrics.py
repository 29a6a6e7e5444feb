"""Metrics of equity curves and trades at hand, by the compiled code that measures a backtest.

The definitions are in `services.metric_specs`; undefined is None.
"""

import numpy as np

import services.backtest.measure as kernel
from services.backtest import ledger
from services.backtest.measure_trades import trades_into
from services.backtest.metric_row import METRIC_COUNT
from services.metric_specs import (
    HEADLINE_METRICS,
    METRIC_SPECS,
    METRICS,
    METRICS_VERSION,
    Metrics,
    MetricSpec,
    in_order,
    metrics_of_row,
)
from services.sampling import Calendar, calendar_of

__all__ = [
    "HEADLINE_METRICS",
    "METRICS",
    "METRICS_VERSION",
    "METRIC_SPECS",
    "Calendar",
    "MetricSpec",
    "Metrics",
    "calendar_of",
    "drawdown_of",
    "equity_metrics",
    "in_order",
    "metrics_of_row",
    "relation_metrics",
    "returns_of",
    "trade_metrics",
]
_OF_EQUITY = (
    "total_return",
    "cagr",
    "sharpe",
    "sortino",
    "volatility",
    "max_drawdown",
    "max_drawdown_duration",
    "calmar",
    "final_equity",
)
_OF_TRADES = (
    "trades",
    "win_rate",
    "profit_factor",
    "expectancy",
    "expectancy_return",
    "payoff_ratio",
    "sqn",
    "costs",
    "costs_of_gross_profit",
)


def equity_metrics(
    equity: np.ndarray, cash: float, calendar: Calendar, risk_free: float = 0.0
) -> Metrics:
    """Compute what the equity curve alone tells; `equity` is marked at every bar's close.

    `risk_free` is a yearly rate, taken off every return before Sharpe and Sortino.
    """
    equity, sampling, row = _plain(equity), calendar.sampling, _row()
    r = np.empty(len(sampling.ends))
    kernel.returns_into(equity, float(cash), sampling.ends, r)
    kernel.equity_into(equity, float(cash), float(risk_free), sampling, r, row)
    return _named(row, _OF_EQUITY)


def relation_metrics(
    equity: np.ndarray, benchmark: np.ndarray, cash: float, calendar: Calendar
) -> Metrics:
    """Compute alpha (a year) and beta against Buy & Hold by least squares of the returns."""
    sampling, row = calendar.sampling, _row()
    held = kernel.held_of(_plain(benchmark), float(cash), sampling.ends)
    r = np.empty(len(sampling.ends))
    kernel.returns_into(_plain(equity), float(cash), sampling.ends, r)
    kernel.relation_into(r, sampling.periods_a_year, held, row)
    return _named(row, ("alpha", "beta"))


def trade_metrics(
    profit: np.ndarray, entry_value: np.ndarray, costs: np.ndarray, is_open: np.ndarray
) -> Metrics:
    """Compute what the trades tell; arrays hold one value a trade, money net of costs."""
    rows = np.zeros((len(profit), ledger.TRADE_WIDTH))
    rows[:, ledger.PROFIT] = profit
    rows[:, ledger.SHARES] = entry_value
    rows[:, ledger.ENTRY_PRICE] = 1.0
    rows[:, ledger.COMMISSION] = costs
    rows[:, ledger.EXIT_BAR] = np.where(is_open, ledger.STILL_OPEN, 0)
    row = _row()
    trades_into(rows, row)
    return _named(row, _OF_TRADES)


def returns_of(equity: np.ndarray, cash: float) -> np.ndarray:
    """Return the simple returns of an equity curve, the first one against the starting cash."""
    before = np.empty_like(equity)
    before[0] = cash
    before[1:] = equity[:-1]
    return equity / before - 1.0


def drawdown_of(equity: np.ndarray, cash: float) -> np.ndarray:
    """Return at every close the fall below the highest equity so far, as a fraction <= 0."""
    return equity / np.maximum(np.maximum.accumulate(equity), cash) - 1.0


def _named(row: np.ndarray, names: tuple[str, ...]) -> Metrics:
    metrics = metrics_of_row(row)
    return {name: metrics[name] for name in names}


def _row() -> np.ndarray:
    return np.full(METRIC_COUNT, np.nan)


def _plain(values: np.ndarray) -> np.ndarray:
    """Return floats side by side that may be written: the kind the kernel is compiled for."""
    return np.require(values, np.float64, ["C", "W"])
