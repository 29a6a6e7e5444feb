"""Stops, targets and trailing stops: tables of candles with the fills that they must give."""

import pytest
from builders import candles
from scripted import Scripted

from services.backtest import SimulationSettings, run_backtest

BUY, SELL, ____ = 1, -1, 0


def play(table, **rules):
    """Run rows of (open, high, low, close, signal on that close) without costs, with 1,000."""
    usual = {"cash": 1000, "commission": "none", "slippage_bps": 0}
    bars = candles(*(row[:4] for row in table))
    told = Scripted([row[4] for row in table])
    return run_backtest(bars, told, SimulationSettings(**usual | rules))


def exits_of(result):
    """List (exit bar, exit price, reason) of the trades."""
    columns = result.trades[["exit_bar", "exit_price", "exit_reason"]].round(6)
    return list(columns.itertuples(index=False, name=None))


LONG_TOUCHES_BOTH = [
    (100, 100, 100, 100, BUY),
    (100, 101, 99, 100, ____),
    (100, 112, 94, 108, ____),
    (108, 108, 108, 108, ____),
]


def test_a_stop_inside_a_bar_fills_at_its_level():
    table = [(100, 100, 100, 100, BUY), (100, 101, 99, 100, ____), (99, 99, 94, 98, ____)]
    result = play(table, stop_loss="5%")
    assert exits_of(result) == [(2, 95, "stop")]
    assert result.equity.tolist() == [1000, 1000, 950]
    assert result.position.tolist() == [0, 1, 0]
    assert result.trades["profit"].tolist() == [-50]


def test_a_bar_that_opens_below_the_stop_fills_at_the_open_which_is_worse():
    table = [(100, 100, 100, 100, BUY), (100, 101, 99, 100, ____), (90, 99, 88, 98, ____)]
    assert exits_of(play(table, stop_loss="5%")) == [(2, 90, "stop")]


def test_a_low_that_only_comes_near_the_stop_leaves_the_trade_on():
    table = [(100, 100, 100, 100, BUY), (100, 101, 95.01, 100, ____), (99, 99, 95.01, 98, ____)]
    assert play(table, stop_loss="5%").trades["exit_reason"].tolist() == ["open"]


def test_the_bar_of_an_entry_at_the_open_can_already_end_it():
    table = [(100, 100, 100, 100, BUY), (100, 101, 90, 100, BUY), (100, 100, 100, 100, ____)]
    result = play(table, stop_loss="5%")
    assert exits_of(result)[0] == (1, 95, "stop")
    assert result.trades["entry_bar"].tolist() == [1, 2]
    assert result.trades["bars"].tolist()[0] == 0


def test_the_bar_of_an_entry_at_the_close_cannot_end_it():
    table = [(100, 100, 80, 100, BUY), (100, 101, 96, 100, ____), (99, 99, 94, 98, ____)]
    assert exits_of(play(table, stop_loss="5%", fill="close")) == [(2, 95, "stop")]


def test_a_stop_comes_before_a_sale_at_the_close_of_its_bar():
    table = [(100, 100, 100, 100, BUY), (100, 101, 90, 100, SELL)]
    assert exits_of(play(table, stop_loss="5%", fill="close")) == [(1, 95, "stop")]


def test_a_sale_at_the_open_comes_before_the_stop_of_its_bar():
    table = [(100, 100, 100, 100, BUY), (100, 101, 99, 100, SELL), (90, 99, 80, 98, ____)]
    assert exits_of(play(table, stop_loss="5%")) == [(2, 90, "signal")]


def test_a_target_inside_a_bar_fills_at_its_level_and_beyond_an_open_at_the_open():
    inside = [(100, 100, 100, 100, BUY), (100, 101, 99, 100, ____), (105, 115, 104, 114, ____)]
    beyond = [(100, 100, 100, 100, BUY), (100, 101, 99, 100, ____), (112, 115, 104, 114, ____)]
    assert exits_of(play(inside, take_profit="10%")) == [(2, 110, "target")]
    assert exits_of(play(beyond, take_profit="10%")) == [(2, 112, "target")]


def test_a_bar_that_touches_both_is_taken_to_have_met_the_stop_first():
    rules = {"stop_loss": "5%", "take_profit": "10%"}
    assert exits_of(play(LONG_TOUCHES_BOTH, **rules)) == [(2, 95, "stop")]


def test_target_first_takes_the_target_of_such_a_bar():
    rules = {"stop_loss": "5%", "take_profit": "10%", "intrabar": "target_first"}
    assert exits_of(play(LONG_TOUCHES_BOTH, **rules)) == [(2, 110, "target")]


def test_an_open_beyond_the_stop_decides_even_for_target_first():
    table = [(100, 100, 100, 100, BUY), (100, 101, 99, 100, ____), (90, 120, 90, 110, ____)]
    rules = {"stop_loss": "5%", "take_profit": "10%", "intrabar": "target_first"}
    assert exits_of(play(table, **rules)) == [(2, 90, "stop")]


def test_slippage_worsens_a_stop_and_leaves_a_target_alone():
    stopped = [(100, 100, 100, 100, BUY), (100, 101, 90, 100, ____)]
    reached = [(100, 100, 100, 100, BUY), (100, 120, 100, 118, ____)]
    rules = {"stop_loss": "5%", "take_profit": "10%", "slippage_bps": 100}
    assert exits_of(play(stopped, **rules)) == [(1, round(101 * 0.95 * 0.99, 6), "stop")]
    assert exits_of(play(reached, **rules)) == [(1, round(101 * 1.1, 6), "target")]


TRAILED = [
    (100, 100, 100, 100, BUY),
    (100, 110, 100, 108, ____),
    (108, 120, 100, 118, ____),
    (118, 119, 107, 109, ____),
]


def test_a_trailing_stop_follows_the_highs_of_closed_bars_only():
    """The high of 120 in bar 2 moves the stop to 108 for bar 3, not for the low of bar 2."""
    assert exits_of(play(TRAILED, trailing_stop="10%")) == [(3, 108, "trailing")]


def test_a_trailing_stop_never_moves_back():
    table = [*TRAILED[:3], (118, 118, 109, 109, ____), (109, 110, 108.5, 109, ____)]
    table.append((109, 109, 100, 100, ____))
    assert exits_of(play(table, trailing_stop="10%")) == [(5, 108, "trailing")]


def test_of_a_fixed_and_a_trailing_stop_the_nearer_one_ends_the_trade():
    table = [(100, 100, 100, 100, BUY), (100, 101, 90, 95, ____)]
    assert exits_of(play(table, trailing_stop="8%", stop_loss="4%")) == [(1, 96, "stop")]
    assert exits_of(play(table, trailing_stop="4%", stop_loss="8%")) == [(1, 96, "trailing")]
    assert exits_of(play(table, trailing_stop="4%", stop_loss="4%")) == [(1, 96, "stop")]


def test_the_marks_of_a_bar_that_ends_a_trade_are_its_open_and_the_exit():
    table = [(100, 100, 100, 100, BUY), (100, 101, 99, 100, ____), (103, 130, 70, 98, ____)]
    trade = play(table, stop_loss="5%").trades.iloc[0]
    assert (trade["mae"], trade["mfe"]) == pytest.approx((-0.05, 0.03))


def calm_then(*rows, calm=16):
    """Return bars that span 2 each, so that the ATR is 2, and then these."""
    return [*([(100, 101, 99, 100, ____)] * (calm - 1)), (100, 101, 99, 100, BUY), *rows]


def test_an_atr_stop_lies_two_ranges_below_the_price_paid():
    table = calm_then((100, 101, 97, 100, ____), (99, 99, 95, 98, ____))
    assert exits_of(play(table, stop_loss="2ATR")) == [(17, 96, "stop")]


def test_an_atr_trailing_stop_keeps_the_distance_known_at_the_entry():
    table = calm_then((100, 110, 97, 105, ____), (107, 108, 105, 106, ____))
    assert exits_of(play(table, trailing_stop="2ATR")) == [(17, 106, "trailing")]


def test_the_range_of_the_entry_bar_and_of_later_ones_does_not_move_an_atr_stop():
    wild = calm_then((100, 150, 97, 100, ____), (99, 99, 95, 98, ____))
    assert exits_of(play(wild, stop_loss="2ATR")) == [(17, 96, "stop")]


def test_before_the_atr_is_known_an_entry_that_needs_it_is_not_made():
    early = calm_then((100, 101, 97, 100, ____), (99, 99, 80, 98, ____), calm=10)
    assert len(play(early, stop_loss="2ATR").trades) == 0
    assert exits_of(play(early, stop_loss="5%")) == [(11, 95, "stop")]


def test_history_before_the_span_is_known_to_its_first_bar():
    table = calm_then((100, 101, 97, 100, ____), (99, 99, 95, 98, ____))
    bars = candles(*(row[:4] for row in table))
    settings = SimulationSettings(1000, "none", 0, stop_loss="2ATR", fill="close")
    told = Scripted([row[4] for row in table])
    result = run_backtest(bars, told, settings, start=bars["ts"].iloc[15])
    assert exits_of(result) == [(2, 96, "stop")]


def test_a_short_is_stopped_above_and_paid_below():
    table = [(100, 100, 100, 100, SELL), (100, 101, 99, 100, ____), (101, 106, 100, 102, ____)]
    stopped = play(table, side="short", stop_loss="5%")
    assert exits_of(stopped) == [(2, 105, "stop")]
    assert stopped.equity.tolist() == [1000, 1000, 950]
    table[2] = (99, 99, 89, 95, ____)
    paid = play(table, side="short", take_profit="10%")
    assert exits_of(paid) == [(2, 90, "target")]
    assert paid.equity.iloc[-1] == 1100


def test_a_short_that_opens_above_its_stop_is_covered_at_the_open():
    table = [(100, 100, 100, 100, SELL), (100, 101, 99, 100, ____), (111, 112, 100, 102, ____)]
    assert exits_of(play(table, side="short", stop_loss="5%")) == [(2, 111, "stop")]


def test_the_trailing_stop_of_a_short_follows_the_lows():
    table = [
        (100, 100, 100, 100, SELL),
        (100, 100, 90, 92, ____),
        (92, 98, 80, 82, ____),
        (82, 89, 81, 88, ____),
    ]
    assert exits_of(play(table, side="short", trailing_stop="10%")) == [(3, 88, "trailing")]
