"""Other costs for runs with stops, sizes, shorts and rates: the whole run simulated again."""

from dataclasses import replace

import numpy as np
import pytest
from builders import candles, random_walk
from hypothesis import HealthCheck, given, settings
from real_bars import real_bars
from scripted import Scripted
from slow_realism import slow_realism
from test_realism_oracle import markets, rules

from services.analysis.again import Again
from services.analysis.costs import cost_curve
from services.backtest import BacktestRequest, SimulationSettings, run_backtest
from services.errors import NotReproducible
from services.runs.packing import pack_series, unpack_series
from strategies.registry import load_strategy

RISKY = SimulationSettings(
    commission="percent:0.1", slippage_bps=5, side="both", stop_loss="2ATR", take_profit="9%",
    trailing_stop="6%", sizing="volatility:12", cash_interest=2, borrow_rate=3,
)  # fmt: skip

WHOLE_SHARES = replace(RISKY, stop_loss="3%", sizing="percent:80", fractional=False)
SCRIPT = np.random.default_rng(4).choice([-1, 0, 0, 1], 300).tolist()


def at(curve, multiple):
    return next(point for point in curve.points if point.multiple == multiple)


def kept(result):
    """Return a result as a saved run has it: what was packed, unpacked."""
    return replace(result, **unpack_series(pack_series(result)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), rules)
def test_at_its_own_costs_any_run_is_itself_to_the_last_digit(market, simulation):
    result = run_backtest(market[0], Scripted(market[1]), simulation)
    curve = cost_curve(result)
    point = at(curve, 1.0) if curve.by_multiple else curve.points[0]
    assert point.final_equity == result.equity.iloc[-1]
    assert point.costs == result.metrics["costs"]
    assert point.benchmark_return == result.benchmark_metrics["total_return"]


@pytest.mark.parametrize("first", [0, 700])
@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_a_saved_run_within_a_longer_history_is_itself_to_the_last_digit(first, fill):
    bars = real_bars("GOOG")
    strategy = load_strategy("ma_cross", fast=5, slow=20)
    moment = bars["ts"].iloc[first]
    result = run_backtest(bars, strategy, replace(RISKY, fill=fill), start=moment)
    point = at(cost_curve(kept(result)), 1.0)
    assert point.total_return == result.metrics["total_return"]
    assert Again.of(kept(result)).play().metrics == result.metrics


@pytest.mark.parametrize("multiple", [0.0, 0.5, 2.0, 4.0])
def test_every_point_is_a_whole_backtest_at_those_costs(multiple):
    bars, signals = random_walk(300, seed=4), SCRIPT
    point = at(cost_curve(run_backtest(bars, Scripted(signals), WHOLE_SHARES)), multiple)
    dear = replace(
        WHOLE_SHARES,
        commission=f"percent:{0.1 * multiple}",
        slippage_bps=5 * multiple,
        borrow_rate=3 * multiple,
    )
    whole = run_backtest(bars, Scripted(signals), dear)
    assert point.total_return == pytest.approx(whole.metrics["total_return"], abs=1e-12)
    assert point.costs == pytest.approx(whole.metrics["costs"], abs=1e-6)


def test_without_costs_the_point_is_the_slow_simulators():
    bars = random_walk(300, seed=4)
    point = at(cost_curve(run_backtest(bars, Scripted(SCRIPT), WHOLE_SHARES)), 0.0)
    said = {name: getattr(WHOLE_SHARES, name) for name in WHOLE_SHARES.__dataclass_fields__}
    said |= {"commission": "none", "slippage_bps": 0.0, "borrow_rate": 0.0}
    equity, _, _ = slow_realism(bars, SCRIPT, said, 365)
    assert point.costs == 0
    assert point.final_equity == pytest.approx(equity[-1], rel=1e-9)


def test_the_loan_of_shorted_shares_grows_with_the_costs():
    # Sold at 100 with 1,000, covered at 100 a hundred days on: only the loan costs.
    bars = candles(*[(100.0, 100.0, 100.0, 100.0)] * 103)
    signals = [-1, *[0] * 99, 1]
    simulation = SimulationSettings(1000, "none", 0, side="short", borrow_rate=36.5)
    curve = cost_curve(run_backtest(bars, Scripted(signals), simulation))
    assert [at(curve, m).costs for m in (0.0, 1.0, 2.0)] == pytest.approx([0.0, 100.0, 200.0])
    assert at(curve, 2.0).total_return == pytest.approx(-0.2)


def test_a_short_that_falls_by_a_tenth_bears_just_over_a_tenth():
    bars = candles(*[(p, p, p, p) for p in (100.0, 100.0, 90.0, 90.0)])
    simulation = SimulationSettings(1000, "none", 0, side="short")
    even = cost_curve(run_backtest(bars, Scripted([-1, 0, 1]), simulation)).break_even
    # Ten shares less what the entry's cost takes of the size: 100 - 90 = c (100 + 90).
    assert even.total == pytest.approx(2 * 10 / 190, rel=1e-6)


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "MSFT"])
def test_at_the_break_even_nothing_is_left_and_just_below_it_something(symbol):
    bars, strategy = real_bars(symbol), load_strategy("supertrend")
    simulation = replace(RISKY, commission="percent:0.1", fractional=True)
    result = run_backtest(bars, strategy, simulation)
    even = cost_curve(result).break_even
    if even.multiple is None:
        assert result.metrics["total_return"] < 0
        return

    def left(multiple):
        dear = replace(
            simulation, commission=f"percent:{0.1 * multiple!r}", slippage_bps=5 * multiple,
            borrow_rate=3 * multiple,
        )  # fmt: skip
        return run_backtest(bars, strategy, dear).metrics["total_return"]

    assert left(even.multiple * (1 + 1e-6)) < 1e-9
    assert left(even.multiple * (1 - 1e-6)) > -1e-9


def test_a_run_saved_without_its_atr_is_refused_where_earlier_bars_made_it():
    bars = real_bars("GOOG")
    strategy = load_strategy("ma_cross", fast=5, slow=20)
    whole = run_backtest(bars, strategy, RISKY)
    assert at(cost_curve(replace(whole, known={})), 1.0).total_return == pytest.approx(
        whole.metrics["total_return"], abs=0
    )
    later = run_backtest(bars, strategy, RISKY, start=bars["ts"].iloc[400])
    assert set(later.known) == {"atr", "volatility"}
    with pytest.raises(NotReproducible):
        cost_curve(replace(later, known={}))


def test_a_plain_run_keeps_nothing_more():
    assert run_backtest(real_bars("IBM"), load_strategy("rsi")).known == {}
    stops = SimulationSettings(stop_loss="5%")
    assert run_backtest(real_bars("IBM"), load_strategy("rsi"), stops).known == {}
    assert BacktestRequest("IBM", "1d", "rsi").settings.is_plain
