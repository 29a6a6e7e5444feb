"""Shorts, stops and sizes as people are told of them: stories, markers, replay, lists, costs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scripted import Scripted
from test_realism_oracle import markets, rules
from test_realism_stops import BUY, SELL, ____, play

from components.report_costs import costs_tab
from components.trade_card import card_of
from components.trades import trade_columns
from services.analysis.costs import cost_curve, costs_paid
from services.analysis.story import EXIT_WORDS, trade_story
from services.analysis.trade_groups import trade_groups
from services.backtest import SimulationSettings, run_backtest
from services.backtest.trades import (
    EXIT_REASONS,
    OPEN,
    fills_of,
    trade_records,
    trades_from_records,
)
from services.errors import NotReproducible
from services.plots.report import draw_report
from services.replay import jump_from, replay_state
from services.reports.trades import trade_rows
from services.wording import EXIT_NAMES, result_warnings, settings_text

STOPPED_SHORT = [
    (100, 100, 100, 100, SELL),
    (100, 101, 90, 92, ____),
    (91, 106, 91, 100, ____),
    (100, 101, 99, 100, BUY),
    (100, 100, 100, 100, ____),
]


@pytest.fixture
def result():
    """Give a run whose short is stopped at 105, and after which a long is still open."""
    return play(STOPPED_SHORT, side="both", stop_loss="5%", slippage_bps=100, borrow_rate=36.5)


def words_of(component) -> str:
    if isinstance(component, list | tuple):
        return " ".join(words_of(one) for one in component)
    if hasattr(component, "children"):
        return words_of(component.children)
    return "" if component is None else str(component)


def test_the_story_of_a_stopped_short_has_no_signal_at_its_exit(result):
    story = trade_story(result, 1)
    assert (story.is_short, story.why) == (True, "the stop-loss was met")
    assert (story.entry.side, story.exit.side) == ("SELL", "BUY")
    assert story.entry.signal.position == 0
    assert (story.exit.signal, story.exit.gap, story.exit.lines) == (None, None, ())
    assert story.exit.market_price == pytest.approx(99 * 1.05)
    assert story.exit.slippage == pytest.approx(story.quantity * 99 * 1.05 * 0.01)
    assert story.loan == pytest.approx(story.quantity * 92 * 0.001)
    assert story.mae.price == pytest.approx(99 * 1.05)
    assert story.mfe.price == 90


def test_the_card_says_sold_short_covered_and_why(result):
    said = words_of(card_of(trade_story(result, 1), "1d", "UTC"))
    for words in ("Sold short at 99.00", "Covered at", "the stop-loss was met", "Loan of the"):
        assert words in said
    assert "Not sold yet" in words_of(card_of(trade_story(result, 2), "1d", "UTC"))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), rules)
def test_the_marks_and_costs_of_every_story_are_those_of_the_trade(market, simulation):
    result = run_backtest(market[0], Scripted(market[1]), simulation)
    for number, row in enumerate(result.trades.to_dict("records"), start=1):
        story = trade_story(result, number)
        sign = -1 if story.is_short else 1
        for mark in (story.mae, story.mfe):
            of_entry = sign * (mark.price / row["entry_price"] - 1)
            assert mark.value == pytest.approx(of_entry, abs=1e-9)
        legs = [story.entry, *([story.exit] if story.exit else [])]
        assert sum(leg.slippage for leg in legs) == pytest.approx(row["slippage"], abs=1e-6)
        commission = sum(leg.commission for leg in legs) + story.loan
        assert commission == pytest.approx(row["commission"], abs=1e-6)


def test_a_short_is_sold_at_its_entry_and_bought_at_its_exit(result):
    sold, bought = fills_of(result.trades, "sell"), fills_of(result.trades, "buy")
    assert sold[["bar", "number"]].to_numpy().tolist() == [[1, 1]]
    assert bought[["bar", "number"]].to_numpy().tolist() == [[2, 1], [4, 2]]


def test_the_replay_of_a_short_is_marked_against_it(result):
    short = replay_state(result, 1)
    assert (short.position, short.fill) == (-1, "sold short at the open")
    assert short.open_trade.profit == pytest.approx(result.equity.iloc[1] - 1000)
    assert replay_state(result, 2).fill == "out at the stop-loss"
    assert replay_state(result, 2).position == 0
    assert replay_state(result, 0).signal == "SELL, for the next open"
    assert jump_from(result, 3, "start") == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(markets(), rules)
def test_the_replay_adds_up_to_the_equity_at_every_bar(market, simulation):
    simulation = replace(simulation, cash_interest=0)
    result = run_backtest(market[0], Scripted(market[1]), simulation)
    exits = result.trades["exit_bar"].to_numpy()
    profits = result.trades["profit"].to_numpy()
    for at in range(len(result.bars)):
        state = replay_state(result, at)
        closed = profits[(exits >= 0) & (exits <= at)].sum()
        now = state.open_trade.profit if state.open_trade else 0.0
        assert simulation.cash + closed + now == pytest.approx(
            result.equity.iloc[at], rel=1e-9, abs=1e-6 * simulation.cash
        )


def test_trades_keep_their_side_and_their_reason_in_a_saved_run(result):
    kept = trades_from_records(trade_records(result.trades))
    assert kept["side"].tolist() == ["short", "long"]
    assert kept["exit_reason"].tolist() == ["stop", "open"]
    old = [{k: v for k, v in one.items() if k != "side"} for one in trade_records(result.trades)]
    assert trades_from_records(old)["side"].tolist() == ["long", "long"]


def test_lists_say_what_ended_each_trade_in_the_words_of_its_card(result):
    assert trade_columns(result)["reason"] == ["stop-loss", "still open"]
    assert [row[5] for row in trade_rows(result, "1d")] == ["stop-loss", "still open"]
    assert "stop-loss" in trade_story(result, 1).why
    assert set(EXIT_NAMES) == set(EXIT_WORDS) == {*EXIT_REASONS, OPEN}


def test_lists_show_the_shares_of_a_short_below_zero_and_groups_tell_it_apart(result):
    assert [row[6][0] for row in trade_rows(result, "1d")] == ["\N{MINUS SIGN}", "9"]
    assert [group.name for group in trade_groups(result)][3:] == ["Long", "Short", "Open"]


class Run:
    """A run as the tab of costs asks for one."""

    def __init__(self, result):
        self.result = result


def test_the_tab_of_costs_trades_a_run_with_rules_again(result):
    said = words_of(costs_tab(Run(result), "UTC"))
    assert "traded again at other costs. Stops, sizes and loans follow what is paid" in said
    assert "The profit is gone at" in said
    assert "If orders were filled otherwise" in said
    assert "Every signal filled a bar later" in said


def test_a_run_that_cannot_be_traded_again_says_so_and_shows_what_was_paid(result):
    changed = replace(result, equity=result.equity * 1.01)
    with pytest.raises(NotReproducible, match="Run it anew"):
        cost_curve(changed)
    assert costs_paid(changed).total == pytest.approx(result.trades["costs"].sum())
    said = words_of(costs_tab(Run(changed), "UTC"))
    assert "does not come out the same" in said
    assert "Paid" in said


def test_a_plot_of_shorts_counts_their_buys_and_sells(result):
    page = draw_report(result, "TEST", "1d", "full")
    assert page.figure


def test_the_assumptions_are_said_in_one_line():
    risky = SimulationSettings(
        side="both", stop_loss="5%", take_profit="3ATR", trailing_stop="2%",
        sizing="volatility:10", fractional=False, max_exposure=0.5, cash_interest=4,
        borrow_rate=1.5,
    )  # fmt: skip
    assert settings_text(risky).split(" · ")[4:] == [
        "long and short",
        "stop-loss 5%",
        "trailing stop 2%, moved at each close",
        "stops filled at their level or a worse open, with slippage",
        "target 3ATR, filled at its level or a better open, without slippage",
        "first the stop, where a bar touches both stop and target",
        "sized for 10 % volatility a year",
        "whole shares",
        "at most 0.5 of the equity in a position",
        "interest on idle cash 4 % a year",
        "loan of shorted shares 1.5 % a year",
    ]


def test_shorts_and_ruin_are_told_before_the_numbers():
    ruined = play([(10, 10, 10, 10, SELL), (10, 10, 10, 10, ____), (25, 25, 25, 25, ____)],
                  side="short")  # fmt: skip
    told = " ".join(result_warnings(ruined))
    assert "margin calls" in told
    assert "RUIN: the equity was gone at the close of 2024-01-03" in told
    assert np.isfinite(ruined.equity).all()
