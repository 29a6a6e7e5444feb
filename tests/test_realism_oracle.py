"""Sides, stops, sizes and rates: the engine against a slow simulator, on random bars."""

from dataclasses import replace

import numpy as np
import pytest
from builders import candles, numbers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_bars import real_bars
from scripted import Scripted
from slow_realism import slow_realism
from slow_simulator import FEES

from services.backtest import SimulationSettings, run_backtest
from services.backtest.realism import realism_of
from services.indicators import with_indicators
from strategies.registry import load_strategy

STOP = ["", "0.5%", "5%", "40%", "1ATR", "3ATR"]
rules = st.builds(
    SimulationSettings,
    cash=st.sampled_from([50.0, 5_000.0, 1e6]),
    commission=st.sampled_from(sorted(FEES)),
    slippage_bps=st.sampled_from([0.0, 5.0, 300.0]),
    fill=st.sampled_from(["next_open", "close"]),
    side=st.sampled_from(["long", "short", "both"]),
    stop_loss=st.sampled_from(STOP),
    take_profit=st.sampled_from([*STOP, "150%"]),
    trailing_stop=st.sampled_from(STOP),
    intrabar=st.sampled_from(["stop_first", "target_first"]),
    sizing=st.sampled_from(
        ["all_in", "percent:50", "cash:2000", "shares:7", "volatility:20", "volatility:900"]
    ),
    fractional=st.booleans(),
    max_exposure=st.sampled_from([1.0, 0.35]),
    cash_interest=st.sampled_from([0.0, 5.0]),
    borrow_rate=st.sampled_from([0.0, 30.0]),
)


@st.composite
def markets(draw, most=70, talks=(0.1, 0.5, 1.0)):
    """Draw bars that drift, gap and jump, with a signal on that part of them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.integers(1, most))
    jump = draw(st.sampled_from([0.005, 0.03, 0.4, 1.0]))
    scale = draw(st.sampled_from([0.1, 20.0, 3000.0]))
    close = scale * np.exp(rng.normal(0, jump, count).cumsum())
    open_ = np.append(scale, close[:-1]) * np.exp(rng.normal(0, jump / 2, count))
    high = np.maximum(open_, close) * np.exp(abs(rng.normal(0, jump, count)))
    low = np.minimum(open_, close) * np.exp(-abs(rng.normal(0, jump, count)))
    talk = draw(st.sampled_from(talks))
    signals = rng.choice([-1, 0, 1], count, p=[talk / 2, 1 - talk, talk / 2])
    return candles(*zip(open_, high, low, close, strict=True)), signals.tolist()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), rules)
def test_the_engine_agrees_with_a_slow_simulator_on_any_rules(market, simulation):
    assert_agrees(*market, simulation)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(most=250, talks=(0.01, 0.05)), rules)
def test_the_engine_agrees_with_a_slow_simulator_on_positions_held_for_long(market, simulation):
    assert_agrees(*market, simulation)


@pytest.mark.parametrize("fill", ["next_open", "close"])
@pytest.mark.parametrize("side", ["long", "short", "both"])
def test_the_engine_agrees_with_a_slow_simulator_on_real_bars(side, fill):
    bars = real_bars("GOOG").iloc[:600]
    signals = run_backtest(bars, load_strategy("ma_cross", fast=5, slow=20)).signals.tolist()
    simulation = SimulationSettings(
        side=side, fill=fill, stop_loss="2ATR", take_profit="8%", trailing_stop="6%",
        sizing="volatility:15", fractional=False, cash_interest=3, borrow_rate=2,
        commission="ibkr_tiered",
    )  # fmt: skip
    assert_agrees(bars, signals, simulation, bars_a_year=252)


def assert_agrees(bars, signals, simulation, bars_a_year=365):
    slow = slow_realism(bars, signals, vars(simulation), bars_a_year)
    assert_agrees_with(run_backtest(bars, Scripted(signals), simulation), slow, simulation)


def assert_agrees_with(result, slow, simulation):
    equity, position, trades = slow
    ours = result.trades
    tolerance = 1e-8 * max(simulation.cash, *np.abs(equity))

    assert result.position.tolist() == position
    assert ours["exit_reason"].tolist() == [t["exit_reason"] for t in trades]
    assert ours["side"].tolist() == ["long" if t["side"] > 0 else "short" for t in trades]
    assert ours["entry_bar"].tolist() == [t["entry_bar"] for t in trades]
    assert ours["exit_bar"].tolist() == [t["exit_bar"] for t in trades]
    np.testing.assert_allclose(result.equity, equity, rtol=1e-9, atol=tolerance)
    np.testing.assert_allclose(ours["profit"], [t["gain"] for t in trades], atol=tolerance)
    sides = [t["side"] for t in trades]
    marks = [[m / t["entry_price"] - 1 for m in t["marks"]] for t in trades]
    compared = {
        "entry_price": [t["entry_price"] for t in trades],
        "exit_price": [np.nan if t["exit_price"] is None else t["exit_price"] for t in trades],
        "quantity": [t["shares"] for t in trades],
        "commission": [t["commission"] for t in trades],
        "slippage": [t["slippage"] for t in trades],
        "mae": [min(s * m for m in ms) for s, ms in zip(sides, marks, strict=True)],
        "mfe": [max(s * m for m in ms) for s, ms in zip(sides, marks, strict=True)],
    }
    for column, expected in compared.items():
        np.testing.assert_allclose(ours[column], expected, rtol=1e-7, atol=1e-8, err_msg=column)
    if not simulation.cash_interest:
        final = simulation.cash + ours["profit"].sum()
        np.testing.assert_allclose(final, result.equity.iloc[-1], rtol=1e-9, atol=tolerance)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), rules)
def test_rules_that_never_bind_change_nothing_to_the_last_bit(market, simulation):
    bars, signals = market
    plain = SimulationSettings(
        simulation.cash, simulation.commission, simulation.slippage_bps, simulation.fill
    )
    never = replace(plain, trailing_stop="99.9%", take_profit="10000%", borrow_rate=7)
    ours, usual = (run_backtest(bars, Scripted(signals), how) for how in (never, plain))
    if set(ours.trades["exit_reason"]) <= {"signal", "open"}:
        assert ours.equity.to_numpy().tobytes() == usual.equity.to_numpy().tobytes()
        assert ours.position.tobytes() == usual.position.tobytes()
        assert ours.trades.equals(usual.trades)
        # The usual run is measured from its trades, the other from its curve.
        found, expected = numbers(ours.metrics), numbers(usual.metrics)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


def test_the_usual_settings_said_aloud_are_the_usual_settings_to_the_last_bit():
    bars = real_bars("GOOG")
    aloud = SimulationSettings(
        cash=100_000, commission="ibkr_fixed", slippage_bps=1, fill="next_open", side="long",
        stop_loss="", take_profit="", trailing_stop="", intrabar="stop_first", sizing="all_in",
        fractional=True, max_exposure=1, cash_interest=0, borrow_rate=0,
    )  # fmt: skip
    strategy = load_strategy("ma_cross")
    ours, usual = run_backtest(bars, strategy, aloud), run_backtest(bars, strategy)
    assert realism_of(aloud, with_indicators(bars)) is None
    assert ours.equity.to_numpy().tobytes() == usual.equity.to_numpy().tobytes()
    assert ours.trades.equals(usual.trades)
    assert ours.metrics == usual.metrics


def test_a_mirror_of_the_prices_makes_a_short_of_a_long_without_costs():
    """Fixed shares gain as much short on falling bars as long on bars that rise as far."""
    rng = np.random.default_rng(4)
    close = 100 + rng.normal(0, 1, 300).cumsum().clip(-60, 60)
    open_ = np.append(100, close[:-1])
    rows = zip(open_, np.maximum(open_, close) + 0.5, np.minimum(open_, close) - 0.5, close,
               strict=True)  # fmt: skip
    bars = candles(*rows)
    mirrored = bars.assign(
        open=200 - bars["open"], high=200 - bars["low"], low=200 - bars["high"],
        close=200 - bars["close"],
    )  # fmt: skip
    signals = rng.choice([-1, 0, 1], 300)
    how = SimulationSettings(
        1e6, "none", 0, side="both", sizing="shares:10", stop_loss="2ATR", trailing_stop="3ATR"
    )
    long, short = (
        run_backtest(frame, Scripted(told), how)
        for frame, told in ((bars, signals), (mirrored, -signals))
    )
    assert set(long.trades["side"]) == {"long", "short"}
    assert long.position.tolist() == (-short.position).tolist()
    np.testing.assert_allclose(long.equity, short.equity, rtol=1e-12)
