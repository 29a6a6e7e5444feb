"""Stress: every row is a whole backtest under that assumption, and the worst is named."""

from dataclasses import replace

import numpy as np
import pytest
from builders import candles, random_walk
from hypothesis import HealthCheck, given, settings
from real_bars import real_bars
from scripted import Scripted
from test_realism_oracle import markets, rules
from test_realism_stops import BUY, LONG_TOUCHES_BOTH, SELL, ____, play

from services.analysis.again import Again
from services.backtest import SimulationSettings, run_backtest
from services.validation import stress_of
from strategies.registry import load_strategy


def stressed(bars, signals, simulation):
    result = run_backtest(bars, Scripted(signals), simulation)
    return stress_of(Again.of(result), simulation)


def row_of(found, words):
    return next(row for row in found.rows if words in row.name)


def assert_is(row, result):
    for name in ("total_return", "sharpe", "max_drawdown"):
        assert getattr(row, name) == result.metrics[name]
    assert row.entries == len(result.trades)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), rules)
def test_every_row_is_the_whole_backtest_under_its_assumption(market, simulation):
    bars, signals = market
    found = stressed(bars, signals, simulation)

    def ran(told=signals, **changes):
        return run_backtest(bars, Scripted(told), replace(simulation, **changes))

    assert_is(row_of(found, "next bar's open"), ran(fill="next_open"))
    assert_is(row_of(found, "own close"), ran(fill="close"))
    assert_is(row_of(found, "No slippage"), ran(slippage_bps=0))
    twice = 2 * (simulation.slippage_bps or 1)
    assert_is(row_of(found, f"{twice:g} bp"), ran(slippage_bps=twice))
    assert_is(row_of(found, "a bar later"), ran([0, *signals[:-1]]))
    has_both = simulation.take_profit and (simulation.stop_loss or simulation.trailing_stop)
    assert any(row.group == "bar" for row in found.rows) == bool(has_both)
    if has_both:
        assert_is(row_of(found, "stop comes first"), ran(intrabar="stop_first"))
        assert_is(row_of(found, "target comes first"), ran(intrabar="target_first"))


@pytest.mark.parametrize("fill", ["next_open", "close"])
@pytest.mark.parametrize("bps", [0.0, 3.0])
def test_the_users_own_assumptions_are_marked_and_are_the_run(fill, bps):
    simulation = SimulationSettings(fill=fill, slippage_bps=bps)
    result = run_backtest(real_bars("IBM"), load_strategy("macd"), simulation)
    found = stress_of(Again.of(result), simulation)
    own = [row for row in found.rows if row.is_own]
    assert [row.group for row in own] == ["fill", "slippage"]
    for row in own:
        assert_is(row, result)
    assert [row.group for row in found.rows].count("slippage") == 4


def test_a_bar_that_touches_both_levels_is_told_either_way():
    result = play(LONG_TOUCHES_BOTH, stop_loss="5%", take_profit="10%")
    found = stress_of(Again.of(result), result.settings)
    assert row_of(found, "stop comes first").total_return == pytest.approx(-0.05)
    assert row_of(found, "stop comes first").is_own
    assert row_of(found, "target comes first").total_return == pytest.approx(0.10)
    low, high = found.range_of("total_return")
    assert low == pytest.approx(0.95 * (1 - 0.0005) - 1)  # the stop slips by 5 basis points
    assert high == pytest.approx(0.10, abs=1e-3)


def test_a_profit_that_is_gone_a_bar_later_is_named():
    # Bought at 100 and sold at 110; a bar later bought at 110 and sold at 100.
    rows = [(p, p, p, p) for p in (100.0, 100.0, 110.0, 100.0, 100.0)]
    found = stressed(candles(*rows), [BUY, SELL], SimulationSettings(1000, "none", 0))
    assert found.own.total_return == pytest.approx(0.1)
    assert found.worst.total_return == pytest.approx(100 / 110 - 1)
    assert found.loses
    assert found.text == (
        "The profit hangs on the fills: every signal filled a bar later, the return is "
        "−9.09 % instead of 10.00 %."
    )


def test_a_smaller_profit_is_the_worst_but_no_loss():
    rows = [(p, p, p, p) for p in (100.0, 100.0, 105.0, 110.0, 110.0)]
    found = stressed(candles(*rows), [BUY, ____, SELL], SimulationSettings(1000, "none", 0))
    assert not found.loses
    assert found.text.startswith("Worst of the fills: every signal filled a bar later")


def test_a_run_without_trades_says_so():
    found = stressed(random_walk(30), [], SimulationSettings())
    assert found.worst is None
    assert found.text == "Nothing was traded, so that no fill matters."


def test_slippage_costs_more_the_more_of_it_is_assumed():
    simulation = SimulationSettings(slippage_bps=4)
    result = run_backtest(real_bars("AAPL"), load_strategy("rsi"), simulation)
    rows = [r for r in stress_of(Again.of(result), simulation).rows if r.group == "slippage"]
    assert [row.name for row in rows] == [
        "No slippage", "1 × slippage, 4 bp", "2 × slippage, 8 bp", "5 × slippage, 20 bp"
    ]  # fmt: skip
    returns = [row.total_return for row in rows]
    assert np.all(np.diff(returns) < 0)
