"""Every metric's definition and its computation, from equity at each close and closed trades.

Fractions, never percent; None where a metric is undefined. METRICS_VERSION grows whenever a
number could change.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

METRICS_VERSION = 1
Metrics = dict[str, float | None]
_DAYS_A_YEAR = 365.25
_US_A_DAY = 86_400_000_000


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


@dataclass(frozen=True)
class Calendar:
    """Which closes count as one return, and how many of them make a year.

    `ends` are the positions of those closes: every bar for daily and weekly bars, the last bar
    of each day for finer ones. `days` is the calendar span from the first to the last bar.
    """

    ends: np.ndarray
    periods_a_year: int
    days: float
    ts: np.ndarray


def calendar_of(ts: pd.Series, timezone: str = "UTC") -> Calendar:
    """Read the sampling of returns off the bars' times (`timezone` says where a day ends).

    Bars a week apart: 52 a year. Days: 252, or 365 for a market that trades seven days a week.
    """
    stamps = ts.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    microseconds = stamps.astype(np.int64)
    days = (microseconds[-1] - microseconds[0]) / _US_A_DAY
    if days and np.median(np.diff(microseconds)) >= 5 * _US_A_DAY:
        return Calendar(np.arange(len(stamps)), 52, days, stamps)
    local = stamps
    # A daily bar carries its date at midnight UTC, which is another day elsewhere.
    if timezone != "UTC" and (microseconds % _US_A_DAY).any():
        local = ts.dt.tz_convert(timezone).dt.tz_localize(None).to_numpy()
    day = local.astype("datetime64[D]").astype(np.int64)
    ends = np.flatnonzero(np.append(np.diff(day) != 0, True))
    return Calendar(ends, 365 if _trades_seven_days(day[ends]) else 252, days, stamps)


def _trades_seven_days(dates: np.ndarray) -> bool:
    """Tell whether most weeks have both days of a weekend.

    One alone proves nothing: in UTC, New York's Friday evening is a Saturday, and the Sunday
    evening of futures a Sunday.
    """
    weekday, week = (dates + 3) % 7, (dates + 3) // 7
    weekends = np.intersect1d(week[weekday == 5], week[weekday == 6])
    return len(weekends) * 2 >= len(np.unique(week))


def equity_metrics(
    equity: np.ndarray, cash: float, calendar: Calendar, risk_free: float = 0.0
) -> Metrics:
    """Compute what the equity curve alone tells; `equity` is marked at every bar's close.

    `risk_free` is a yearly rate, taken off every return before Sharpe and Sortino.
    """
    sampled = equity[calendar.ends]
    r = returns_of(sampled, cash)
    a = calendar.periods_a_year
    growth = equity[-1] / cash
    excess = r - risk_free / a
    mean = float(excess.mean())
    deviation = float(r.std(ddof=1)) if len(r) > 1 else math.nan
    downside = math.sqrt(float(np.mean(np.minimum(excess, 0.0) ** 2)))
    depth, longest = _drawdown(equity, cash, calendar.ts)
    cagr = _yearly(growth, calendar.days)
    return {
        "total_return": _defined(growth - 1.0),
        "cagr": _defined(cagr),
        "sharpe": _ratio(mean * math.sqrt(a), deviation),
        "sortino": _ratio(mean * math.sqrt(a), downside),
        "volatility": _defined(deviation * math.sqrt(a)),
        "max_drawdown": _defined(depth),
        "max_drawdown_duration": _defined(longest),
        "calmar": _ratio(cagr, -depth),
        "final_equity": _defined(equity[-1]),
    }


def _yearly(growth: float, days: float) -> float:
    if days < 1:
        return math.nan
    with np.errstate(over="ignore"):  # a fortune in a day: infinite, hence undefined
        return growth ** (_DAYS_A_YEAR / days) - 1.0


def returns_of(equity: np.ndarray, cash: float) -> np.ndarray:
    """Return the simple returns of an equity curve, the first one against the starting cash."""
    before = np.empty_like(equity)
    before[0] = cash
    before[1:] = equity[:-1]
    return equity / before - 1.0


def drawdown_of(equity: np.ndarray, cash: float) -> np.ndarray:
    """Return at every close the fall below the highest equity so far, as a fraction <= 0."""
    return equity / np.maximum(np.maximum.accumulate(equity), cash) - 1.0


def _drawdown(equity: np.ndarray, cash: float, ts: np.ndarray) -> tuple[float, float]:
    fall = drawdown_of(equity, cash)
    at_peak = np.flatnonzero(fall == 0.0)
    # A recovery ends a span, and so does the last bar; the start counts as a peak (cash).
    marks = np.concatenate(([0], at_peak, [len(equity) - 1]))
    under = np.diff(marks) > 1
    under[-1] = marks[-1] > marks[-2]
    under[0] |= marks[1] > marks[0]
    spans = np.diff(ts[marks]).astype(np.int64) / _US_A_DAY
    longest = float(spans[under].max()) if under.any() else 0.0
    return float(fall.min()), longest


def relation_metrics(
    equity: np.ndarray, benchmark: np.ndarray, cash: float, calendar: Calendar
) -> Metrics:
    """Compute alpha (a year) and beta against Buy & Hold by least squares of the returns."""
    r = returns_of(equity[calendar.ends], cash)
    b = returns_of(benchmark[calendar.ends], cash)
    spread = b - b.mean()
    variance = float(spread @ spread)
    if len(r) < 2 or variance == 0:
        return {"alpha": None, "beta": None}
    beta = float(spread @ (r - r.mean())) / variance
    alpha = (float(r.mean()) - beta * float(b.mean())) * calendar.periods_a_year
    return {"alpha": _defined(alpha), "beta": _defined(beta)}


def trade_metrics(
    profit: np.ndarray, entry_value: np.ndarray, costs: np.ndarray, is_open: np.ndarray
) -> Metrics:
    """Compute what the trades tell; arrays hold one value a trade, money net of costs."""
    closed = profit[~is_open]
    n = len(closed)
    wins, losses = closed[closed > 0], closed[closed < 0]
    lost, total = -float(losses.sum()), float(costs.sum())
    deviation = float(closed.std(ddof=1)) if n > 1 else math.nan
    mean = float(closed.mean()) if n else math.nan
    mean_win = float(wins.mean()) if len(wins) else math.nan
    gross = float(profit.sum()) + total
    return {
        "trades": n,
        "win_rate": _ratio(len(wins), n),
        "profit_factor": _ratio(float(wins.sum()), lost),
        "expectancy": _defined(mean),
        "expectancy_return": _defined(
            float(np.mean(closed / entry_value[~is_open])) if n else math.nan
        ),
        "payoff_ratio": _ratio(mean_win, lost / len(losses) if len(losses) else math.nan),
        "sqn": _ratio(math.sqrt(n) * mean, deviation),
        "costs": total,
        "costs_of_gross_profit": _defined(total / gross if gross > 0 else math.nan),
    }


def in_order(metrics: Mapping[str, float | None]) -> Metrics:
    """Return all metrics in the order of METRICS; those not given are None."""
    return {spec.name: metrics.get(spec.name) for spec in METRICS}


def _ratio(numerator: float, denominator: float) -> float | None:
    """Divide, or return None where the ratio is not defined.

    A deviation that is nothing but rounding noise counts as none: its ratio would be a
    huge number without meaning.
    """
    if math.isnan(denominator) or denominator <= 1e-14 * max(1.0, abs(numerator)):
        return None
    return _defined(numerator / denominator)


def _defined(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
