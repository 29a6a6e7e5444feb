"""Metrics: worked by hand, and against the libraries whose definitions are the same."""

import json
import math
import statistics

import empyrical
import numpy as np
import pandas as pd
import pytest
import quantstats
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import SYMBOLS, real_bars

from services.backtest import run_backtest
from services.metrics import (
    HEADLINE_METRICS,
    METRIC_SPECS,
    METRICS,
    calendar_of,
    drawdown_of,
    equity_metrics,
    in_order,
    relation_metrics,
    trade_metrics,
)
from strategies.registry import load_strategy


def times(count, freq="D", start="2024-01-01"):
    return pd.Series(pd.date_range(start, periods=count, freq=freq, tz="UTC"))


def measured(equity, ts=None, cash=100.0, timezone="UTC", **more):
    ts = times(len(equity), "B") if ts is None else ts
    return equity_metrics(np.array(equity, float), cash, calendar_of(ts, timezone), **more)


UP_DOWN_UP = [
    110.0,
    99.0,
    108.9,
]  # returns +10 %, -10 %, +10 %: mean 1/30, deviation 0.1 * 2/sqrt 3


def test_daily_metrics_worked_by_hand():
    metrics = measured(UP_DOWN_UP)
    assert metrics["total_return"] == pytest.approx(0.089)
    assert metrics["final_equity"] == pytest.approx(108.9)
    assert metrics["volatility"] == pytest.approx(0.2 / math.sqrt(3) * math.sqrt(252))
    assert metrics["sharpe"] == pytest.approx(math.sqrt(252 / 12))
    assert metrics["sortino"] == pytest.approx(math.sqrt(252 / 3))
    assert metrics["max_drawdown"] == pytest.approx(-0.1)
    assert metrics["max_drawdown_duration"] == 2
    assert metrics["cagr"] == pytest.approx(1.089 ** (365.25 / 2) - 1)
    assert metrics["calmar"] == pytest.approx((1.089 ** (365.25 / 2) - 1) / 0.1)


def test_weekly_metrics_worked_by_hand():
    metrics = measured(UP_DOWN_UP, times(3, "7D"))
    assert metrics["volatility"] == pytest.approx(0.2 / math.sqrt(3) * math.sqrt(52))
    assert metrics["sharpe"] == pytest.approx(math.sqrt(52 / 12))
    assert metrics["sortino"] == pytest.approx(math.sqrt(52 / 3))
    assert metrics["cagr"] == pytest.approx(1.089 ** (365.25 / 14) - 1)
    assert metrics["max_drawdown_duration"] == 14


def test_hourly_equity_counts_once_a_session_and_its_drawdown_at_every_bar():
    sessions = [
        pd.date_range(f"2024-01-0{day} 14:30", periods=7, freq="h", tz="UTC") for day in (2, 3, 4)
    ]
    ts = pd.Series(sessions[0].append(sessions[1:]))
    within = [100.0, 130.0, 70.0, 100.0, 90.0, 120.0]
    equity = [value for last in UP_DOWN_UP for value in (*within, last)]
    metrics = measured(equity, ts)
    assert metrics["sharpe"] == pytest.approx(math.sqrt(252 / 12))
    assert metrics["sortino"] == pytest.approx(math.sqrt(252 / 3))
    assert metrics["volatility"] == pytest.approx(0.2 / math.sqrt(3) * math.sqrt(252))
    assert metrics["max_drawdown"] == pytest.approx(70 / 130 - 1)
    assert metrics["cagr"] == pytest.approx(1.089 ** (365.25 / 2.25) - 1)


@pytest.mark.parametrize("freq", ["D", "4h", "1h"])
def test_a_market_that_never_closes_has_365_days_a_year(freq):
    assert calendar_of(times(24 * 21 if freq != "D" else 21, freq)).periods_a_year == 365


@pytest.mark.parametrize(("freq", "a_year"), [("B", 252), ("D", 365), ("7D", 52), ("W-FRI", 52)])
def test_the_year_has_as_many_periods_as_the_market_has_days_or_weeks(freq, a_year):
    calendar = calendar_of(times(60, freq))
    assert calendar.periods_a_year == a_year
    assert calendar.ends.tolist() == list(range(60))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_real_daily_bars_have_252_a_year_in_every_timezone(symbol):
    ts = real_bars(symbol)["ts"]
    for timezone in ("UTC", "America/New_York", "Asia/Tokyo"):
        calendar = calendar_of(ts, timezone)
        assert calendar.periods_a_year == 252
        assert len(calendar.ends) == len(ts)


def test_an_evening_session_belongs_to_the_day_of_its_exchange():
    # 16:00 to 19:00 in New York, over midnight in UTC, on two days.
    ts = pd.concat([times(4, "h", f"2024-01-0{day} 21:00") for day in (2, 3)], ignore_index=True)
    ts = ts + pd.Timedelta(hours=2)
    assert calendar_of(ts, "America/New_York").ends.tolist() == [3, 7]
    assert calendar_of(ts, "UTC").ends.tolist() == [0, 4, 7]


def test_new_yorks_friday_evening_is_no_weekend_though_it_is_saturday_in_utc():
    fridays = [times(6, "h", f"2024-01-{day} 20:00") for day in ("05", "12", "19", "26")]
    assert calendar_of(pd.concat(fridays, ignore_index=True)).periods_a_year == 252


def test_two_bars_a_day_and_a_few_half_days_are_still_sampled_once_a_day():
    days = pd.bdate_range("2024-01-01", periods=40, tz="UTC")
    morning, noon = days + pd.Timedelta(hours=14), days[5:] + pd.Timedelta(hours=18)
    ts = pd.Series(morning.append(noon).sort_values())
    assert len(calendar_of(ts).ends) == 40


@pytest.mark.parametrize(
    ("equity", "days"),
    [
        ([100, 90, 95, 100], 3),
        ([90, 100, 110], 1),  # the starting cash is a peak
        ([90, 80, 70], 2),
        ([110, 120, 100, 90], 2),  # not recovered: to the end
        ([110, 120, 130], 0),
        ([100, 100, 100], 0),
        ([110, 110, 100, 110], 2),  # from the last bar at the peak
        ([100, 90, 100, 95, 90, 92], 3),  # the longer of two
        ([100, 90, 95, 92, 100, 50], 4),  # the longest is not the deepest
        ([90], 0),
    ],
)
def test_the_longest_drawdown_runs_from_a_peak_to_its_recovery(equity, days):
    assert measured(equity, times(len(equity)))["max_drawdown_duration"] == days


def slow_longest_drawdown(equity, ts, cash):
    """Walk through the equity with the time of its last peak in hand."""
    peak, peak_time, under, longest = cash, ts[0], False, 0.0
    for value, time in zip(equity, ts, strict=True):
        if under or value < peak:
            longest = max(longest, (time - peak_time) / pd.Timedelta(days=1))
        under = value < peak
        if value >= peak:
            peak, peak_time = value, time
    return longest


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([80.0, 90.0, 100.0, 110.0, 120.0]), min_size=1, max_size=12))
def test_the_longest_drawdown_is_that_of_a_slow_walk(equity):
    ts = times(len(equity))
    expected = slow_longest_drawdown(equity, list(ts), 100.0)
    assert measured(equity, ts)["max_drawdown_duration"] == expected


def assert_equals_the_libraries(equity, benchmark, cash):
    """Compare with empyrical and quantstats what they define as we do (daily bars)."""
    ts = times(len(equity), "B", "2010-01-04")
    calendar = calendar_of(ts)
    metrics = equity_metrics(equity, cash, calendar) | relation_metrics(
        equity, benchmark, cash, calendar
    )
    index = pd.DatetimeIndex(ts).tz_localize(None)
    r = pd.Series(equity, index).pct_change().fillna(equity[0] / cash - 1)
    b = pd.Series(benchmark, index).pct_change().fillna(benchmark[0] / cash - 1)
    alpha, beta = empyrical.alpha_beta(r, b)
    oracles = {
        "total_return": empyrical.cum_returns_final(r),
        "sharpe": empyrical.sharpe_ratio(r),
        "sortino": empyrical.sortino_ratio(r),
        "volatility": empyrical.annual_volatility(r),
        "max_drawdown": empyrical.max_drawdown(r),
        "beta": beta,
    }
    for name, expected in oracles.items():
        assert metrics[name] == pytest.approx(expected, rel=1e-9, abs=1e-12), name
    # empyrical compounds a period's alpha over the year where ours is multiplied.
    assert (1 + metrics["alpha"] / 252) ** 252 - 1 == pytest.approx(alpha, rel=1e-6, abs=1e-9)

    same = {
        "sharpe": quantstats.stats.sharpe(r),
        "sortino": quantstats.stats.sortino(r),
        "volatility": quantstats.stats.volatility(r, prepare_returns=False),
        "alpha": quantstats.stats.greeks(r, b, prepare_returns=False)["alpha"],
        "beta": quantstats.stats.greeks(r, b, prepare_returns=False)["beta"],
    }
    for name, expected in same.items():
        assert metrics[name] == pytest.approx(expected, rel=1e-9, abs=1e-12), name
    np.testing.assert_allclose(
        drawdown_of(equity, cash),
        np.minimum(quantstats.stats.to_drawdown_series(r).to_numpy(), 0),
        atol=1e-12,
    )


@pytest.mark.parametrize("seed", range(8))
def test_metrics_of_random_equity_are_those_of_empyrical_and_quantstats(seed):
    steps = np.random.default_rng(seed).normal(0.0004, 0.012, (2, 300))
    equity, benchmark = 1000 * np.cumprod(1 + steps, axis=1)
    assert_equals_the_libraries(equity, benchmark, cash=1000.0)


@pytest.mark.parametrize("name", ["ma_cross", "rsi", "supertrend", "ath_breakout"])
def test_metrics_of_real_backtests_are_those_of_empyrical_and_quantstats(name):
    result = run_backtest(real_bars("IBM"), load_strategy(name))
    assert_equals_the_libraries(
        result.equity.to_numpy(), result.benchmark_equity.to_numpy(), result.settings.cash
    )


def test_a_real_backtest_reports_the_metrics_of_its_own_equity():
    result = run_backtest(real_bars("GOOG"), load_strategy("macd"))
    r = result.equity.pct_change().fillna(result.equity.iloc[0] / 100_000 - 1)
    assert result.metrics["sharpe"] == pytest.approx(empyrical.sharpe_ratio(r))
    assert result.metrics["max_drawdown"] == pytest.approx(empyrical.max_drawdown(r))
    held = result.benchmark_equity.pct_change().fillna(
        result.benchmark_equity.iloc[0] / 100_000 - 1
    )
    assert result.benchmark_metrics["sharpe"] == pytest.approx(empyrical.sharpe_ratio(held))
    days = (result.end - result.start).days
    growth = result.equity.iloc[-1] / 100_000
    assert result.metrics["cagr"] == pytest.approx(growth ** (365.25 / days) - 1)
    closed = result.trades[result.trades["exit_reason"] == "signal"]["profit"]
    assert result.metrics["trades"] == len(closed)
    assert result.metrics["win_rate"] == pytest.approx((closed > 0).mean())
    assert result.metrics["costs"] == pytest.approx(result.trades["costs"].sum())


def test_a_risk_free_rate_is_taken_off_every_return():
    equity = [101.0, 100.0, 103.0, 102.5, 104.0]
    r = pd.Series(equity).pct_change().fillna(0.01)
    metrics = measured(equity, risk_free=0.0252)
    assert metrics["sharpe"] == pytest.approx(empyrical.sharpe_ratio(r, risk_free=0.0001))
    assert metrics["sortino"] == pytest.approx(empyrical.sortino_ratio(r, required_return=0.0001))


@pytest.mark.parametrize(
    ("equity", "undefined"),
    [
        ([100.0], {"cagr", "sharpe", "sortino", "volatility", "calmar"}),
        ([100.0, 100.0, 100.0], {"sharpe", "sortino", "calmar"}),
        ([110.0, 121.0, 133.1], {"sharpe", "sortino", "calmar"}),  # the same return each day
        ([101.0, 103.0, 104.0], {"sortino", "calmar"}),  # never a loss
        (UP_DOWN_UP, set()),
    ],
)
def test_what_is_not_defined_is_none_and_never_zero_or_infinite(equity, undefined):
    metrics = measured(equity)
    assert {name for name, value in metrics.items() if value is None} == undefined


def test_growth_within_a_day_has_no_yearly_rate():
    assert measured([101.0, 102.0], times(2, "h"))["cagr"] is None
    assert measured([101.0, 102.0], times(2, "D"))["cagr"] is not None


@pytest.mark.filterwarnings("error")
def test_a_rate_beyond_all_numbers_is_undefined():
    assert measured([1e9, 1e12], times(2, "D"))["cagr"] is None


def test_a_benchmark_that_never_moves_explains_nothing():
    calendar = calendar_of(times(3))
    flat, moving = np.array([100.0, 100.0, 100.0]), np.array([101.0, 99.0, 104.0])
    assert relation_metrics(moving, flat, 100.0, calendar) == {"alpha": None, "beta": None}
    itself = relation_metrics(moving, moving, 100.0, calendar)
    assert itself["beta"] == pytest.approx(1)
    assert itself["alpha"] == pytest.approx(0, abs=1e-12)


def of_trades(*profits, value=1000.0, costs=2.0, open_profit=None):
    every = [*profits, *([] if open_profit is None else [open_profit])]
    n = len(every)
    is_open = np.arange(n) >= len(profits)
    return trade_metrics(np.array(every, float), np.full(n, value), np.full(n, costs), is_open)


def test_trade_metrics_worked_by_hand():
    metrics = of_trades(100, -50, 0, 25)
    assert metrics["trades"] == 4
    assert metrics["win_rate"] == 0.5
    assert metrics["profit_factor"] == 125 / 50
    assert metrics["expectancy"] == 18.75
    assert metrics["expectancy_return"] == pytest.approx(0.01875)
    assert metrics["payoff_ratio"] == 62.5 / 50
    assert metrics["sqn"] == pytest.approx(
        2 * statistics.mean([100, -50, 0, 25]) / statistics.stdev([100, -50, 0, 25])
    )
    assert metrics["costs"] == 8
    assert metrics["costs_of_gross_profit"] == pytest.approx(8 / 83)


def test_an_open_trade_counts_in_the_costs_and_in_nothing_else():
    alone, beside = of_trades(100, -50), of_trades(100, -50, open_profit=1_000)
    assert beside["costs"] == 6
    for name in ("trades", "win_rate", "profit_factor", "expectancy", "payoff_ratio", "sqn"):
        assert beside[name] == alone[name], name


@pytest.mark.parametrize(
    ("profits", "undefined"),
    [
        (
            (),
            {"win_rate", "profit_factor", "expectancy", "expectancy_return", "payoff_ratio", "sqn"}
            | {"costs_of_gross_profit"},
        ),
        ((100,), {"profit_factor", "payoff_ratio", "sqn"}),
        ((100, 100), {"profit_factor", "payoff_ratio", "sqn"}),
        ((100, 50), {"profit_factor", "payoff_ratio"}),
        ((-100, -50), {"payoff_ratio", "costs_of_gross_profit"}),
        ((0, 0), {"profit_factor", "payoff_ratio", "sqn"}),
        ((100, -50), set()),
    ],
)
def test_trade_metrics_without_what_they_need_are_none(profits, undefined):
    metrics = of_trades(*profits)
    assert {name for name, value in metrics.items() if value is None} == undefined


def test_only_losses_give_a_profit_factor_and_a_win_rate_of_zero():
    metrics = of_trades(-100, -50)
    assert (metrics["profit_factor"], metrics["win_rate"]) == (0, 0)


def test_every_metric_is_declared_once_with_a_definition():
    result = run_backtest(real_bars("MSFT"), load_strategy("ma_cross"))
    assert list(result.metrics) == list(result.benchmark_metrics) == [m.name for m in METRICS]
    assert len(METRIC_SPECS) == len(METRICS)
    assert all(metric.definition.endswith(".") and metric.label for metric in METRICS)
    assert {m.kind for m in METRICS} <= {"percent", "ratio", "money", "count", "days"}
    for name in HEADLINE_METRICS:
        assert result.metrics[name] is not None
        assert result.benchmark_metrics[name] is not None


def test_metrics_are_plain_numbers_that_json_can_carry():
    result = run_backtest(real_bars("MSFT"), load_strategy("rsi"))
    for metrics in (result.metrics, result.benchmark_metrics):
        assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics
        assert all(type(value) in (float, int, type(None)) for value in metrics.values())
    assert in_order({}) == dict.fromkeys(METRIC_SPECS)
