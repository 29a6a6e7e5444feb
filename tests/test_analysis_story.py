"""The story of a trade: small tables told by hand, and real runs against their own tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from analysis_runs import BUY, HOLD, SELL, scripted
from builders import candles, random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import real_bars

from services.analysis.story import trade_story
from services.backtest import SimulationSettings, run_backtest
from services.errors import InvalidParams
from services.indicators.lines import Line
from strategies.registry import STRATEGIES, load_strategy

TABLE = (
    (10, 11, 9, 10),
    (20, 22, 15, 21),  # bought at its open: 20
    (21, 30, 20, 25),
    (25, 26, 23, 24),  # sold at its open: 25
    (24, 50, 1, 24),
)
COSTLY = SimulationSettings(1000, "percent:1", 100)


def told(simulation=COSTLY, signals=(BUY, HOLD, SELL), table=TABLE, number=1):
    return trade_story(scripted(candles(*table), list(signals), simulation), number)


def test_a_trade_at_the_next_open_is_signalled_a_bar_before_it_is_filled():
    story = told()
    assert (story.entry.side, story.exit.side) == ("BUY", "SELL")
    assert (story.entry.signal.position, story.entry.fill.position) == (0, 1)
    assert (story.exit.signal.position, story.exit.fill.position) == (2, 3)
    assert story.entry.signal.close == 10
    assert story.entry.fill.open == 20
    assert story.entry.fill.time == pd.Timestamp("2024-01-02", tz="UTC")
    assert story.held == pd.Timedelta(days=2)
    assert story.bars == 2
    assert story.rule == "Buy and sell as told."


def test_gap_and_slippage_are_told_apart():
    story = told()
    assert story.entry.market_price == 20
    assert story.entry.gap == pytest.approx(1.0)  # from the close of 10 to the open of 20
    assert story.entry.gap_cost == pytest.approx(1.0)
    assert story.entry.fill_price == pytest.approx(20.2)
    assert story.entry.slippage_rate == pytest.approx(0.01)
    assert story.exit.market_price == 25
    assert story.exit.gap == pytest.approx(0.0)
    assert story.exit.fill_price == pytest.approx(24.75)
    assert story.exit.slippage_rate == pytest.approx(0.01)


def test_a_gap_up_costs_the_buyer_and_serves_the_seller():
    table = (*TABLE[:3], (30, 31, 29, 30), TABLE[4])
    story = told(table=table)
    assert story.exit.gap == pytest.approx(0.2)
    assert story.exit.gap_cost == pytest.approx(-0.2)


def test_the_marks_that_made_mae_and_mfe_are_found():
    story = told()
    assert (story.mae.price, story.mae.bar, story.mae.offset) == (15, 1, 0)
    assert (story.mfe.price, story.mfe.bar, story.mfe.offset) == (30, 2, 1)
    assert story.mfe.time == pd.Timestamp("2024-01-03", tz="UTC")
    assert story.mae.value == pytest.approx(15 / 20.2 - 1)


def test_a_fill_at_the_close_happens_on_the_bar_of_its_signal():
    at_close = SimulationSettings(1000, "none", 0, "close")
    story = told(at_close)
    assert (story.entry.signal.position, story.entry.fill.position) == (0, 0)
    assert (story.exit.signal.position, story.exit.fill.position) == (2, 2)
    assert story.entry.market_price == 10
    assert story.entry.gap == story.exit.gap == 0
    assert (story.mae.price, story.mae.bar) == (10, 0)  # the entry itself
    assert (story.mfe.price, story.mfe.bar) == (30, 2)


def test_the_best_mark_can_be_the_exit_itself():
    table = (*TABLE[:3], (40, 41, 39, 40), TABLE[4])
    story = told(table=table)
    assert (story.mfe.price, story.mfe.bar, story.mfe.offset) == (40, 3, 2)


def test_an_open_trade_has_no_exit_and_lasts_to_the_last_bar():
    story = told(signals=(BUY,))
    assert story.is_open
    assert story.exit is None
    assert story.mark_price == 24
    assert (story.bars, story.held) == (4, pd.Timedelta(days=3))
    assert (story.mae.price, story.mae.bar) == (1, 4)
    assert (story.mfe.price, story.mfe.bar) == (50, 4)


def test_the_lines_show_their_values_at_the_signal_before_it_and_at_the_fill():
    result = scripted(candles(*TABLE), [HOLD, BUY, SELL], COSTLY)
    line = Line("Fast", np.array([np.nan, 2.0, 3.0, 4.0, 5.0]), "Own", (2.5,))
    story = trade_story(replace(result, lines=(line,)), 1)
    (entry,), (leave,) = story.entry.lines, story.exit.lines
    assert (entry.label, entry.pane, entry.levels) == ("Fast", "Own", (2.5,))
    assert (entry.before_signal, entry.at_signal, entry.at_fill) == (None, 2.0, 3.0)
    assert (leave.before_signal, leave.at_signal, leave.at_fill) == (2.0, 3.0, 4.0)


def test_on_the_first_bar_nothing_came_before():
    result = scripted(candles(*TABLE), [BUY, HOLD, SELL], COSTLY)
    line = Line("Fast", np.arange(5.0))
    story = trade_story(replace(result, lines=(line,)), 1)
    assert story.entry.lines[0].before_signal is None


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**16),
    st.sampled_from(["next_open", "close"]),
    st.sampled_from(["ibkr_fixed", "percent:0.3", "none"]),
)
def test_every_story_agrees_with_the_table_of_trades(seed, fill, commission):
    signals = np.random.default_rng(seed).choice([BUY, HOLD, HOLD, SELL], 40)
    bars = random_walk(40, seed)
    result = scripted(bars, signals, SimulationSettings(1000, commission, 7, fill))
    for number, row in enumerate(result.trades.to_dict("records"), start=1):
        story = trade_story(result, number)
        legs = [story.entry] if story.exit is None else [story.entry, story.exit]
        assert result.signals[story.entry.signal.position] == BUY
        assert story.is_open == (row["exit_bar"] == -1)
        assert sum(leg.commission for leg in legs) == pytest.approx(row["commission"], abs=1e-12)
        assert sum(leg.slippage for leg in legs) == pytest.approx(row["slippage"], abs=1e-10)
        assert story.costs == pytest.approx(story.commission + story.slippage)
        assert story.gross_profit == pytest.approx(row["profit"] + row["costs"])
        assert story.mae.price / row["entry_price"] - 1 == row["mae"] == story.mae.value
        assert story.mfe.price / row["entry_price"] - 1 == row["mfe"] == story.mfe.value
        assert story.bars == row["bars"]
        assert 0 <= story.mae.offset <= story.bars
        market = "open" if fill == "next_open" else "close"
        for leg in legs:
            assert leg.market_price == bars[market].iloc[leg.fill.position]
            assert leg.slippage_rate == pytest.approx(0.0007)
        if story.exit is not None:
            assert result.signals[story.exit.signal.position] == SELL
            gain = row["quantity"] * (story.exit.market_price - story.entry.market_price)
            assert story.gross_profit == pytest.approx(gain, abs=1e-9)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_lines_of_a_real_trade_are_those_that_the_run_stored(name):
    result = run_backtest(real_bars("IBM"), load_strategy(name))
    story = trade_story(result, len(result.trades))
    assert {line.label for line in story.entry.lines} == {line.label for line in result.lines}
    assert story.trades == story.number == len(result.trades)
    for line, value in zip(result.lines, story.entry.lines, strict=True):
        shown = {value.at_signal: story.entry.signal, value.at_fill: story.entry.fill}
        for seen, bar in shown.items():
            stored = line.values[bar.position]
            assert seen == stored or (seen is None and np.isnan(stored))


def test_the_moving_averages_of_a_cross_cross_at_the_signal():
    result = run_backtest(real_bars("AAPL"), load_strategy("ma_cross"))
    fast, slow = trade_story(result, 3).entry.lines
    assert fast.before_signal <= slow.before_signal
    assert fast.at_signal > slow.at_signal


@pytest.mark.parametrize("number", [0, -1, 2, 10**12])
def test_a_number_that_no_trade_has_is_named(number):
    with pytest.raises(InvalidParams, match="numbered 1 to 1"):
        told(number=number)


def test_a_run_without_trades_says_so():
    with pytest.raises(InvalidParams, match="made no trade"):
        told(signals=(HOLD,))
