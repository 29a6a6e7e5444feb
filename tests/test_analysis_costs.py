"""Costs: the curve is the run's own kernel under other costs, and the break-even its root."""

from dataclasses import replace

import pytest
from analysis_runs import BUY, FREE, HOLD, SELL, price_row, scripted
from builders import candles, random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import SYMBOLS, real_bars
from slow_simulator import slow_buy_and_hold, slow_simulation

from services.analysis.costs import BASIS_POINTS, MULTIPLES, BreakEven, cost_curve, costs_paid
from services.backtest import SimulationSettings, run_backtest
from services.errors import NotReproducible
from strategies.registry import STRATEGIES, load_strategy

SIGNALS = st.lists(st.sampled_from([BUY, SELL, HOLD]), min_size=1, max_size=40)
COMMISSIONS = ("ibkr_fixed", "percent:0.25", "none")


def at_one(curve):
    return next(point for point in curve.points if point.multiple == 1.0)


@pytest.mark.parametrize("fill", ["next_open", "close"])
@pytest.mark.parametrize("commission", ["ibkr_fixed", "percent", "ibkr_fixed:0.05", "none"])
@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_at_its_own_costs_the_curve_is_the_run_to_the_last_digit(name, commission, fill):
    simulation = SimulationSettings(commission=commission, slippage_bps=3, fill=fill)
    result = run_backtest(real_bars("IBM"), load_strategy(name), simulation)
    point = at_one(cost_curve(result))
    assert point.final_equity == result.equity.iloc[-1]
    assert point.total_return == result.metrics["total_return"]
    assert point.benchmark_return == result.benchmark_metrics["total_return"]
    assert point.costs == result.metrics["costs"]


@settings(max_examples=150, deadline=None)
@given(SIGNALS, st.sampled_from(COMMISSIONS), st.sampled_from(["next_open", "close"]))
def test_at_its_own_costs_any_script_of_signals_is_the_run(signals, commission, fill):
    simulation = SimulationSettings(1000, commission, 5, fill)
    result = scripted(random_walk(len(signals), seed=2), signals, simulation)
    point = at_one(cost_curve(result))
    assert point.final_equity == result.equity.iloc[-1]
    assert point.costs == result.metrics["costs"]


@settings(max_examples=60, deadline=None)
@given(SIGNALS, st.sampled_from(["next_open", "close"]))
def test_every_point_is_a_whole_backtest_of_the_same_signals(signals, fill):
    bars = random_walk(len(signals), seed=3)
    result = scripted(bars, signals, SimulationSettings(1000, "percent:0.2", 4, fill))
    for point in cost_curve(result).points:
        m = point.multiple
        dearer = SimulationSettings(1000, f"percent:{0.2 * m}", 4 * m, fill)
        whole = scripted(bars, signals, dearer)
        assert point.total_return == pytest.approx(whole.metrics["total_return"], abs=1e-12)
        assert point.costs == pytest.approx(whole.metrics["costs"], abs=1e-9)
        held = whole.benchmark_metrics["total_return"]
        assert point.benchmark_return == pytest.approx(held, abs=1e-12)


@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_without_costs_the_curve_is_the_slow_simulators(fill):
    bars = random_walk(200, seed=8)
    signals = [BUY if i % 9 == 0 else SELL if i % 9 == 5 else HOLD for i in range(200)]
    result = scripted(bars, signals, SimulationSettings(1000, "ibkr_fixed", 10, fill))
    free = {"cash": 1000, "commission": "none", "slippage_bps": 0}
    equity, _, _ = slow_simulation(bars, signals, fill=fill, **free)
    first = cost_curve(result).points[0]
    assert first.multiple == 0
    assert first.costs == 0
    assert first.final_equity == pytest.approx(equity[-1])
    held, _ = slow_buy_and_hold(bars, **free)
    assert first.benchmark_return == pytest.approx(held[-1] / 1000 - 1)


def test_twice_the_ibkr_fees_are_twice_in_every_part():
    # 100 shares at 100 cost 1.00 (the minimum), twice that 2.00: (10,000 - 2) / 100 shares.
    bars = candles(*[price_row(100.0)] * 4)
    simulation = SimulationSettings(10_000, "ibkr_fixed", 0)
    points = {p.multiple: p for p in cost_curve(scripted(bars, [BUY, SELL], simulation)).points}
    assert points[2.0].costs == pytest.approx(4.0)
    assert points[4.0].costs == pytest.approx(8.0)
    assert points[2.0].per_trip == pytest.approx(4.0 / 9_998)


def test_a_fee_held_down_by_the_cap_is_multiplied_with_it():
    # An order of about 50 pays the cap of 1 % and not the minimum of 1.00; twice that is 2 %.
    bars = candles(*[price_row(100.0)] * 4)
    simulation = SimulationSettings(50, "ibkr_fixed", 0)
    points = {p.multiple: p for p in cost_curve(scripted(bars, [BUY, SELL], simulation)).points}
    assert points[1.0].per_trip == pytest.approx(0.02)
    assert points[2.0].per_trip == pytest.approx(0.04)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_dearer_trading_is_the_less_it_returns(symbol):
    curve = cost_curve(run_backtest(real_bars(symbol), load_strategy("macd")))
    assert [point.multiple for point in curve.points] == list(MULTIPLES)
    finals = [point.final_equity for point in curve.points]
    assert finals == sorted(finals, reverse=True)
    assert curve.by_multiple


def test_a_run_without_costs_is_charged_basis_points_a_side():
    bars = candles(*[price_row(p) for p in (10, 10, 12, 12)])
    curve = cost_curve(scripted(bars, [BUY, HOLD, SELL], FREE))
    assert not curve.by_multiple
    assert [point.per_side for point in curve.points] == [bp / 10_000 for bp in BASIS_POINTS]
    for point in curve.points:
        rate = point.per_side
        assert point.total_return == pytest.approx(1.2 * (1 - rate) / (1 + rate) - 1)
        assert point.benchmark_return == pytest.approx(1.2 / (1 + rate) - 1)
    assert curve.break_even.multiple is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(1.01, 1.3), min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from([FREE, SimulationSettings(1000, "ibkr_fixed", 1)]),
)
def test_the_break_even_is_that_of_the_formula(growths, is_open, simulation):
    prices, signals = [10.0], [BUY]
    for growth in growths:
        prices += [prices[-1], prices[-1] * growth]
        signals += [SELL, BUY]
    rows = [price_row(p) for p in prices]
    signals = signals[: len(rows) - 1]
    if not is_open:
        rows.append(price_row(prices[-1]))
        signals = [*signals[:-1], SELL, HOLD]
    result = scripted(candles(*rows), signals, simulation)
    buys = len(result.trades)
    sells = int((result.trades["exit_bar"] >= 0).sum())
    total = cost_curve(result).break_even.total

    def outcome(side):
        free = scripted(candles(*rows), signals, FREE).metrics["total_return"] + 1
        return free * (1 - side) ** sells / (1 + side) ** buys

    if total is None:
        assert outcome(0.0) < 1 or outcome(0.5) >= 1
    else:
        assert outcome(total / 2) == pytest.approx(1.0, abs=1e-10)


def test_one_round_trip_of_ten_percent_bears_just_under_ten_percent():
    bars = candles(*[price_row(p) for p in (100, 100, 110, 110)])
    even = cost_curve(scripted(bars, [BUY, HOLD, SELL], FREE)).break_even
    assert even.total == pytest.approx(2 * 0.1 / 2.1)
    assert even.extra == pytest.approx(even.total)


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("name", ["macd", "rsi", "supertrend"])
def test_at_the_break_even_costs_nothing_is_left(symbol, name):
    bars, strategy = real_bars(symbol), load_strategy(name)
    result = run_backtest(bars, strategy, SimulationSettings(commission="percent:0.1"))
    even = cost_curve(result).break_even

    def traded(percent, slippage=0.0):
        dear = SimulationSettings(commission=f"percent:{percent!r}", slippage_bps=slippage)
        return run_backtest(bars, strategy, dear)

    for total, extra, multiple, target in (
        (even.total, even.extra, even.multiple, lambda run: run.settings.cash),
        (
            even.total_benchmark,
            even.extra_benchmark,
            even.multiple_benchmark,
            lambda run: run.benchmark_equity.iloc[-1],
        ),
    ):
        if total is not None:
            run = traded(total / 2 * 100)
            assert run.equity.iloc[-1] == pytest.approx(target(run), rel=1e-8)
        if extra is not None:
            run = traded(0.1 + extra / 2 * 100, 1.0)
            assert run.equity.iloc[-1] == pytest.approx(target(run), rel=1e-8)
        if multiple is not None:
            run = traded(0.1 * multiple, multiple)
            assert run.equity.iloc[-1] == pytest.approx(target(run), rel=1e-8)
        free = traded(0.0)
        assert (total is None) == (free.equity.iloc[-1] < target(free))
        assert (multiple is None) == (total is None)
        assert (extra is None) == (result.equity.iloc[-1] < target(result))


@pytest.mark.parametrize(
    ("prices", "signals"),
    [
        ((100, 105, 90, 90), [BUY, HOLD, SELL]),  # loses without costs, more than Buy & Hold
        ((100, 100, 110, 110), []),  # never trades
    ],
)
def test_what_earns_nothing_has_no_break_even(prices, signals):
    even = cost_curve(scripted(candles(*map(price_row, prices)), signals)).break_even
    assert even == BreakEven()


def test_a_run_that_equals_buy_and_hold_only_without_costs_bears_none():
    bars = candles(*[price_row(p) for p in (100, 100, 110, 110)])
    even = cost_curve(scripted(bars, [BUY, HOLD, SELL])).break_even
    assert even.total_benchmark == 0.0


@pytest.mark.parametrize("last", [90.0, 110.0, 147.3])
def test_a_run_that_is_buy_and_hold_itself_meets_it_nowhere(last):
    bars = candles(*[price_row(p) for p in (100.0, 100.0, 101.7, last)])
    even = cost_curve(scripted(bars, [BUY], SimulationSettings(1000))).break_even
    assert {even.total_benchmark, even.extra_benchmark, even.multiple_benchmark} == {None}


def test_a_position_bought_and_held_never_meets_buy_and_hold():
    bars = candles(*[price_row(p) for p in (100, 90, 110, 300)])
    even = cost_curve(scripted(bars, [BUY])).break_even
    assert even.total_benchmark is None
    assert even.total is None  # no cost below the value of the trade takes a gain of 233 %


def test_costs_as_dear_as_the_trade_are_left_out():
    bars = candles(*[price_row(100.0)] * 4)
    simulation = SimulationSettings(1000, "percent:40", 500)
    curve = cost_curve(scripted(bars, [BUY, SELL], simulation))
    assert [p.multiple for p in curve.points] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0]
    assert all(p.final_equity > 0 for p in curve.points)


def test_what_was_paid_is_the_sum_of_the_trades():
    result = run_backtest(real_bars("AAPL"), load_strategy("rsi"))
    paid, trades = costs_paid(result), result.trades
    closed = trades[trades["exit_bar"] >= 0]
    assert paid.commission == pytest.approx(trades["commission"].sum())
    assert paid.slippage == pytest.approx(trades["slippage"].sum())
    assert paid.total == pytest.approx(result.metrics["costs"])
    assert paid.of_gross_profit == result.metrics["costs_of_gross_profit"]
    assert paid.per_trade == pytest.approx(closed["costs"].mean())
    value = closed["quantity"] * closed["entry_price"]
    assert paid.per_trip == pytest.approx((closed["costs"] / value).mean())
    assert at_one(cost_curve(result)).per_trip == pytest.approx(paid.per_trip)


def test_without_a_trade_nothing_was_paid_and_no_mean_is_given():
    result = scripted(candles(*[price_row(100.0)] * 3), [], SimulationSettings(1000))
    curve = cost_curve(result)
    assert curve.paid.total == 0
    assert curve.paid.per_trade is None
    assert curve.paid.per_trip is None
    assert curve.paid.of_gross_profit is None
    assert {point.total_return for point in curve.points} == {0.0}


def test_a_run_whose_signals_do_not_give_its_equity_is_refused():
    result = run_backtest(real_bars("MSFT"), load_strategy("macd"))
    with pytest.raises(NotReproducible, match="does not come out the same"):
        cost_curve(replace(result, signals=-result.signals))
