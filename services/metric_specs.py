"""Every metric's name and definition, in the order in which they are shown.

Fractions, never percent; None where a metric is undefined. METRICS_VERSION grows whenever a
number could change.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

METRICS_VERSION = 2
Metrics = dict[str, float | None]


@dataclass(frozen=True)
class MetricSpec:
    """How a metric is called, shown and defined. `kind`: percent, ratio, money, count or days.

    `better` says which of two runs is ahead: the one with the "high" or the "low" value, or ""
    where neither is (how often a run trades is a matter of taste).
    """

    name: str
    label: str
    kind: str
    definition: str
    better: str = ""


METRICS: tuple[MetricSpec, ...] = (
    MetricSpec(
        "total_return",
        "Return",
        "percent",
        "Last equity divided by starting cash, minus one.",
        better="high",
    ),
    MetricSpec(
        "cagr",
        "CAGR",
        "percent",
        "Yearly growth: (last equity / starting cash) ^ (365.25 / days) - 1, with calendar days "
        "from the first to the last bar.",
        better="high",
    ),
    MetricSpec(
        "sharpe",
        "Sharpe",
        "ratio",
        "Mean return over its standard deviation, times the root of the bars per year; no "
        "risk-free rate. Intraday equity is taken once a day.",
        better="high",
    ),
    MetricSpec(
        "sortino",
        "Sortino",
        "ratio",
        "Mean return over the root mean square of the negative returns, annualised.",
        better="high",
    ),
    MetricSpec(
        "volatility",
        "Volatility",
        "percent",
        "Standard deviation of returns times the root of the bars per year.",
        better="low",
    ),
    MetricSpec(
        "max_drawdown",
        "Max drawdown",
        "percent",
        "Deepest fall of equity below its highest value so far, starting cash included.",
        better="high",
    ),
    MetricSpec(
        "max_drawdown_duration",
        "Longest drawdown",
        "days",
        "Longest span from a peak of equity to its recovery, or to the end.",
        better="low",
    ),
    MetricSpec(
        "calmar", "Calmar", "ratio", "CAGR divided by the depth of the max drawdown.", better="high"
    ),
    MetricSpec("exposure", "Exposure", "percent", "Share of bars that end in a position."),
    MetricSpec("trades", "Trades", "count", "Closed trades; one still open is not counted."),
    MetricSpec(
        "win_rate", "Win rate", "percent", "Profitable trades among the closed ones.", better="high"
    ),
    MetricSpec(
        "profit_factor",
        "Profit factor",
        "ratio",
        "Money won in winning trades over money lost in losing ones, net of costs.",
        better="high",
    ),
    MetricSpec(
        "expectancy", "Expectancy", "money", "Mean net profit of a closed trade.", better="high"
    ),
    MetricSpec(
        "expectancy_return",
        "Expectancy %",
        "percent",
        "Mean net profit of a closed trade as a fraction of its entry value.",
        better="high",
    ),
    MetricSpec("payoff_ratio", "Payoff ratio", "ratio", "Mean win over mean loss.", better="high"),
    MetricSpec(
        "sqn",
        "SQN",
        "ratio",
        "System quality number: root of the number of closed trades times mean profit over its "
        "standard deviation.",
        better="high",
    ),
    MetricSpec(
        "alpha",
        "Alpha",
        "percent",
        "Yearly return that Buy & Hold does not explain (intercept of least squares).",
        better="high",
    ),
    MetricSpec(
        "beta", "Beta", "ratio", "Slope of the returns on those of Buy & Hold (least squares)."
    ),
    MetricSpec(
        "costs",
        "Costs",
        "money",
        "Commission and slippage paid, open trade included.",
        better="low",
    ),
    MetricSpec(
        "costs_of_gross_profit",
        "Costs / gross profit",
        "percent",
        "Costs as a share of the profit of all trades before costs; undefined without a profit.",
        better="low",
    ),
    MetricSpec("final_equity", "Final equity", "money", "Equity at the last close.", better="high"),
)
METRIC_SPECS: dict[str, MetricSpec] = {spec.name: spec for spec in METRICS}
HEADLINE_METRICS = ("total_return", "cagr", "sharpe", "max_drawdown")


def in_order(metrics: Mapping[str, float | None]) -> Metrics:
    """Return all metrics in the order of METRICS; those not given are None."""
    return {spec.name: metrics.get(spec.name) for spec in METRICS}


def metrics_of_row(row: np.ndarray) -> Metrics:
    """Return a row of numbers in the order of METRICS as plain values; NaN becomes None."""
    return {
        spec.name: _plain(value, spec) for spec, value in zip(METRICS, row.tolist(), strict=True)
    }


def _plain(value: float, spec: MetricSpec) -> float | None:
    if math.isnan(value):
        return None
    return int(value) if spec.kind == "count" else value
