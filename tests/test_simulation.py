"""The simulation: small tables of candles with the trades they must give, and a slow oracle."""

import numpy as np
import pandas as pd
import pytest
from builders import candles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_bars import real_bars
from scripted import Scripted
from slow_simulator import FEES, slow_buy_and_hold, slow_simulation

from services.backtest import SimulationSettings, run_backtest
from services.backtest.trades import TRADE_COLUMNS
from services.errors import NoBars
from strategies.registry import STRATEGIES, load_strategy

BUY, SELL, ____ = 1, -1, 0
FREE = SimulationSettings(cash=1000, commission="none", slippage_bps=0)
FREE_AT_CLOSE = SimulationSettings(cash=1000, commission="none", slippage_bps=0, fill="close")


def play(table, simulation=FREE):
    """Run rows of (open, high, low, close, signal on that close)."""
    bars = candles(*(row[:4] for row in table))
    return run_backtest(bars, Scripted([row[4] for row in table]), simulation)


def trades_of(result):
    """List (entry bar, entry price, exit bar, exit price, shares), None where still open."""
    columns = result.trades[["entry_bar", "entry_price", "exit_bar", "exit_price", "quantity"]]
    return [
        (bar, paid, *((None, None) if out == -1 else (out, got)), shares)
        for bar, paid, out, got, shares in columns.round(6).itertuples(index=False)
    ]


def test_a_buy_fills_at_the_next_open_and_so_does_a_sell():
    result = play(
        [
            (10, 11, 9, 10, BUY),
            (20, 22, 18, 21, ____),
            (21, 26, 20, 25, SELL),
            (25, 25, 23, 24, ____),
        ]
    )
    assert trades_of(result) == [(1, 20, 3, 25, 50)]
    assert result.equity.tolist() == [1000, 1050, 1250, 1250]
    assert result.position.tolist() == [0, 1, 1, 0]
    assert result.trades["profit"].tolist() == [250]
    assert result.trades["return"].tolist() == [0.25]
    assert result.trades["exit_reason"].tolist() == ["signal"]
    assert result.trades["entry_time"].tolist() == [result.bars["ts"].iloc[1]]
    assert result.trades["exit_time"].tolist() == [result.bars["ts"].iloc[3]]
    assert result.trades["bars"].tolist() == [2]


def test_with_fill_close_a_signal_fills_at_its_own_close():
    result = play(
        [
            (10, 11, 9, 10, BUY),
            (20, 22, 18, 21, ____),
            (21, 26, 20, 25, SELL),
            (24, 25, 23, 24, ____),
        ],
        FREE_AT_CLOSE,
    )
    assert trades_of(result) == [(0, 10, 2, 25, 100)]
    assert result.equity.tolist() == [1000, 2100, 2500, 2500]
    assert result.position.tolist() == [1, 1, 0, 0]


def test_a_buy_while_long_and_a_sell_while_flat_do_nothing():
    result = play(
        [
            (10, 10, 10, 10, SELL),
            (10, 10, 10, 10, BUY),
            (10, 12, 10, 12, BUY),
            (20, 20, 20, 20, BUY),
            (20, 20, 20, 20, SELL),
            (40, 40, 40, 40, SELL),
            (50, 50, 50, 50, ____),
        ]
    )
    assert trades_of(result) == [(2, 10, 5, 40, 100)]


def test_a_sold_position_can_be_bought_again_with_all_that_it_brought():
    result = play(
        [
            (10, 10, 10, 10, BUY),
            (10, 10, 10, 10, SELL),
            (20, 20, 20, 20, BUY),
            (40, 40, 40, 40, SELL),
            (50, 50, 50, 50, ____),
        ]
    )
    assert trades_of(result) == [(1, 10, 2, 20, 100), (3, 40, 4, 50, 50)]
    assert result.equity.iloc[-1] == 2500


@pytest.mark.parametrize("signal", [BUY, SELL])
def test_a_signal_on_the_last_bar_has_no_next_open_to_fill_at(signal):
    result = play([(10, 10, 10, 10, ____), (10, 10, 10, 10, signal)])
    assert trades_of(result) == []
    assert result.equity.tolist() == [1000, 1000]


def test_with_fill_close_a_buy_on_the_last_bar_is_an_open_trade():
    result = play([(10, 10, 10, 10, ____), (10, 10, 10, 10, BUY)], FREE_AT_CLOSE)
    assert trades_of(result) == [(1, 10, None, None, 100)]
    assert result.equity.tolist() == [1000, 1000]


def test_a_position_at_the_end_is_marked_and_listed_as_open_not_closed():
    result = play([(10, 10, 10, 10, BUY), (10, 15, 8, 12, ____), (12, 14, 11, 13, SELL)])
    assert trades_of(result) == [(1, 10, None, None, 100)]
    assert result.equity.iloc[-1] == 1300
    trade = result.trades.iloc[0]
    assert trade["exit_reason"] == "open"
    assert pd.isna(trade["exit_time"])
    assert trade["profit"] == 300
    assert trade["bars"] == 2
    assert result.metrics["trades"] == 0
    assert result.metrics["win_rate"] is None


def test_exposure_is_the_share_of_bars_in_a_position():
    rows = [(10, 10, 10, 10, s) for s in (BUY, ____, SELL, ____, ____)]
    assert play(rows).metrics["exposure"] == 2 / 5
    assert play(rows, FREE_AT_CLOSE).metrics["exposure"] == 2 / 5


def test_the_worst_and_best_marks_come_from_the_lows_and_highs_of_the_trade():
    result = play(
        [
            (10, 99, 1, 10, BUY),
            (10, 12, 9, 11, ____),
            (11, 13, 7, 8, SELL),
            (9, 99, 1, 10, ____),
        ]
    )
    trade = result.trades.iloc[0]
    assert trade["mae"] == pytest.approx(-0.3)
    assert trade["mfe"] == pytest.approx(0.3)


def test_a_gap_at_the_exit_is_a_mark_too():
    result = play([(10, 10, 10, 10, BUY), (10, 11, 9, 10, SELL), (5, 20, 2, 15, ____)])
    assert result.trades["mae"].iloc[0] == pytest.approx(-0.5)
    assert result.trades["mfe"].iloc[0] == pytest.approx(0.1)


def test_with_fill_close_the_entry_bar_does_not_mark_the_trade_and_the_exit_bar_does():
    result = play(
        [
            (10, 99, 1, 10, BUY),
            (10, 12, 9, 11, ____),
            (11, 15, 7, 10, SELL),
            (9, 99, 1, 10, ____),
        ],
        FREE_AT_CLOSE,
    )
    assert result.trades["mae"].iloc[0] == pytest.approx(-0.3)
    assert result.trades["mfe"].iloc[0] == pytest.approx(0.5)


def test_slippage_makes_a_buy_dearer_and_a_sell_cheaper():
    table = [(10, 10, 10, 10, BUY), (100, 100, 100, 100, SELL), (100, 100, 100, 100, ____)]
    result = play(table, SimulationSettings(cash=10_100, commission="none", slippage_bps=100))
    trade = result.trades.iloc[0]
    assert (trade["entry_price"], trade["exit_price"]) == pytest.approx((101, 99))
    assert trade["quantity"] == pytest.approx(100)
    assert trade["slippage"] == trade["costs"] == pytest.approx(200)
    assert result.equity.iloc[-1] == pytest.approx(9900)


def bought(cash, price, commission):
    """Buy once at a price; return shares and commission."""
    table = [(price, price, price, price, BUY), (price, price, price, price, ____)]
    result = play(table, SimulationSettings(cash=cash, commission=commission, slippage_bps=0))
    trade = result.trades.iloc[0]
    assert trade["quantity"] * price + trade["commission"] == pytest.approx(cash, abs=1e-6)
    return trade["quantity"], trade["commission"]


@pytest.mark.parametrize(
    ("cash", "price", "shares", "fee"),
    [
        (100_050.0, 10.0, 10_000, 50.00),  # half a cent a share
        (1_001.0, 10.0, 100, 1.00),  # half a cent a share would be 0.50: the minimum
        (101.0, 1.0, 100, 1.00),  # where minimum and maximum meet
        (50.5, 1.0, 50, 0.50),  # the maximum of 1 % is below the minimum, and wins
        (1_010.0, 0.10, 10_000, 10.00),  # a penny share: 50.00 by the share, 1 % by the value
    ],
)
def test_ibkr_fixed_charges_by_the_share_between_its_minimum_and_its_maximum(
    cash, price, shares, fee
):
    assert bought(cash, price, "ibkr_fixed") == pytest.approx((shares, fee))


def test_percent_charges_a_share_of_the_value_on_both_sides():
    assert bought(1_001.0, 10.0, "percent") == pytest.approx((100, 1.00))
    table = [(10, 10, 10, 10, BUY), (10, 10, 10, 10, SELL), (20, 20, 20, 20, ____)]
    result = play(table, SimulationSettings(cash=1010, commission="percent:1", slippage_bps=0))
    assert result.trades["commission"].iloc[0] == pytest.approx(10 + 20)
    assert result.equity.iloc[-1] == pytest.approx(1980)


def test_no_commission_spends_all_the_cash_on_shares():
    assert bought(1_000.0, 8.0, "none") == (125, 0)


def test_the_defaults_are_not_free_and_cost_what_they_say():
    settings_ = SimulationSettings()
    assert (settings_.cash, settings_.commission, settings_.slippage_bps, settings_.fill) == (
        100_000.0,
        "ibkr_fixed",
        1.0,
        "next_open",
    )
    assert not settings_.is_free
    assert FREE.is_free
    result = play([(10, 10, 10, 10, BUY), (10, 10, 10, 10, ____)], settings_)
    # x shares at 10.001 and half a cent each: x = 100,000 / 10.006
    assert result.trades["quantity"].iloc[0] == pytest.approx(100_000 / 10.006)
    assert result.metrics["costs"] == pytest.approx(100_000 / 10.006 * 0.006)


def test_buy_and_hold_buys_at_the_first_open_under_the_same_costs():
    table = [(10, 12, 9, 11, ____), (11, 13, 10, 12, ____)]
    result = play(table, SimulationSettings(cash=1_011, commission="percent:1", slippage_bps=10))
    shares = 1_011 / (10.01 * 1.01)
    assert result.benchmark_equity.tolist() == pytest.approx([shares * 11, shares * 12])
    assert result.benchmark_metrics["costs"] == pytest.approx(shares * (0.01 + 0.1001))
    assert result.benchmark_metrics["exposure"] == 1.0


def test_without_a_signal_the_cash_stays_and_metrics_that_need_a_trade_are_undefined():
    result = play([(10, 12, 9, 11, ____), (11, 13, 10, 12, ____), (12, 13, 10, 11, ____)])
    assert result.equity.tolist() == [1000, 1000, 1000]
    assert list(result.trades.columns) == TRADE_COLUMNS
    assert len(result.trades) == 0
    undefined = ["sharpe", "sortino", "calmar", "win_rate", "profit_factor", "expectancy"]
    undefined += ["expectancy_return", "payoff_ratio", "sqn", "costs_of_gross_profit"]
    assert {name: result.metrics[name] for name in undefined} == dict.fromkeys(undefined)
    assert result.metrics["trades"] == result.metrics["costs"] == result.metrics["exposure"] == 0


def test_one_bar_is_a_backtest_too():
    result = play([(10, 12, 9, 11, BUY)])
    assert result.equity.tolist() == [1000]
    assert result.benchmark_equity.tolist() == [1100]
    assert result.metrics["cagr"] is None
    assert result.metrics["sharpe"] is None


def test_no_bars_are_said_to_be_none():
    with pytest.raises(NoBars, match="no bars to test"):
        run_backtest(candles(), Scripted([]))


money = st.builds(
    SimulationSettings,
    cash=st.sampled_from([1.0, 37.5, 150.0, 5_000.0, 100_000.0, 1e9]),
    commission=st.sampled_from(sorted(FEES)),
    slippage_bps=st.sampled_from([0.0, 1.0, 25.0, 1000.0]),
    fill=st.sampled_from(["next_open", "close"]),
)


@st.composite
def jumpy_bars(draw):
    """Draw bars that gap and reverse, from penny prices to dear ones, with a signal on each."""
    count = draw(st.integers(1, 25))
    scale = draw(st.sampled_from([0.02, 1.0, 300.0]))
    price = st.floats(1, 100)
    rows = []
    for _ in range(count):
        four = [draw(price) * scale for _ in range(4)]
        rows.append((four[0], max(four), min(four), four[1]))
    signals = draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=count, max_size=count))
    return candles(*rows), signals


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(jumpy_bars(), money)
def test_the_engine_agrees_with_a_slow_simulator_on_anything(bars_and_signals, simulation):
    bars, signals = bars_and_signals
    assert_agrees_with_the_slow_simulator(bars, signals, simulation)


@pytest.mark.parametrize("fill", ["next_open", "close"])
@pytest.mark.parametrize("commission", sorted(FEES))
@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_engine_agrees_with_a_slow_simulator_on_real_bars(name, commission, fill):
    bars = real_bars("GOOG").iloc[:800]
    signals = run_backtest(bars, load_strategy(name)).signals.tolist()
    assert_agrees_with_the_slow_simulator(
        bars, signals, SimulationSettings(commission=commission, fill=fill, slippage_bps=5)
    )


def assert_agrees_with_the_slow_simulator(bars, signals, simulation):
    costs = {"commission": simulation.commission, "slippage_bps": simulation.slippage_bps}
    equity, position, trades = slow_simulation(
        bars, signals, cash=simulation.cash, fill=simulation.fill, **costs
    )
    result = run_backtest(bars, Scripted(signals), simulation)
    ours = result.trades

    np.testing.assert_allclose(result.equity, equity, rtol=1e-9)
    assert result.position.tolist() == position
    assert ours["entry_bar"].tolist() == [t["entry_bar"] for t in trades]
    assert ours["exit_bar"].tolist() == [t["exit_bar"] for t in trades]
    compared = {
        "entry_price": [t["entry_price"] for t in trades],
        "exit_price": [np.nan if t["exit_price"] is None else t["exit_price"] for t in trades],
        "quantity": [t["shares"] for t in trades],
        "commission": [t["commission"] for t in trades],
        "slippage": [t["slippage"] for t in trades],
        "costs": [t["commission"] + t["slippage"] for t in trades],
        "return": [t["gain"] / (t["shares"] * t["entry_price"]) for t in trades],
        "mae": [min(t["marks"]) / t["entry_price"] - 1 for t in trades],
        "mfe": [max(t["marks"]) / t["entry_price"] - 1 for t in trades],
    }
    for column, expected in compared.items():
        np.testing.assert_allclose(ours[column], expected, rtol=1e-8, atol=1e-9, err_msg=column)
    gains = [t["gain"] for t in trades]
    tolerance = 1e-9 * max(equity)
    np.testing.assert_allclose(ours["profit"], gains, rtol=1e-8, atol=tolerance)
    np.testing.assert_allclose(
        simulation.cash + ours["profit"].sum(), result.equity.iloc[-1], rtol=1e-9
    )

    held, held_costs = slow_buy_and_hold(bars, cash=simulation.cash, **costs)
    np.testing.assert_allclose(result.benchmark_equity, held, rtol=1e-9)
    np.testing.assert_allclose(result.benchmark_metrics["costs"], held_costs, rtol=1e-8, atol=1e-9)
