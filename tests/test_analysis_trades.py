"""Groups, streaks, seasons, durations and excursions of trades: by hand and by slow counting."""

import itertools
import statistics
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import quantstats
from analysis_runs import BUY, HOLD, SELL, price_row, run_of, run_of_profits, scripted, times
from builders import candles, random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import SYMBOLS, real_bars

from services.analysis.distribution import trade_returns
from services.analysis.durations import durations
from services.analysis.excursions import excursions
from services.analysis.seasons import by_hour, by_month, by_weekday
from services.analysis.streaks import streaks
from services.analysis.trade_groups import GROUP_ROWS, trade_groups
from services.backtest import run_backtest
from strategies.registry import STRATEGIES, load_strategy

PROFITS = st.lists(st.sampled_from([-0.05, -0.02, 0.0, 0.01, 0.04]), max_size=14)


def groups_of(result):
    return {group.name: group.values for group in trade_groups(result)}


@pytest.fixture(scope="module")
def ibm():
    return run_backtest(real_bars("IBM"), load_strategy("bollinger"))


def test_groups_worked_by_hand():
    groups = groups_of(run_of_profits(0.10, -0.05, 0.0, 0.02))
    assert list(groups) == ["All", "Winners", "Losers"]
    assert [groups[name]["count"] for name in groups] == [4, 2, 1]
    assert [groups[name]["share"] for name in groups] == [1.0, 0.5, 0.25]
    every = groups["All"]
    assert every["mean_return"] == pytest.approx(0.07 / 4)
    assert every["median_return"] == pytest.approx(0.01)
    assert (every["best_return"], every["worst_return"]) == pytest.approx((0.10, -0.05))
    assert every["profit"] == pytest.approx(100 - 55 + 20.9)
    assert every["profit_factor"] == pytest.approx(120.9 / 55)
    assert every["mean_bars"] == every["median_bars"] == 2
    assert groups["Winners"]["mean_profit"] == pytest.approx(60.45)
    assert groups["Losers"]["median_profit"] == pytest.approx(-55)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_group_of_all_says_what_the_metrics_of_the_run_say(name, symbol):
    result = run_backtest(real_bars(symbol), load_strategy(name))
    groups, metrics = groups_of(result), result.metrics
    every = groups["All"]
    assert every["count"] == metrics["trades"]
    for metric, row in (
        ("win_rate", "win_rate"),
        ("profit_factor", "profit_factor"),
        ("payoff_ratio", "payoff_ratio"),
        ("sqn", "sqn"),
        ("expectancy", "mean_profit"),
        ("expectancy_return", "mean_return"),
    ):
        expected = metrics[metric]
        same = None if expected is None else pytest.approx(expected, rel=1e-12)
        assert every[row] == same, metric
    still_open = groups.get("Open", {"costs": 0.0, "profit": 0.0})
    assert every["costs"] + still_open["costs"] == pytest.approx(metrics["costs"])
    gained = metrics["final_equity"] - result.settings.cash
    assert every["profit"] + still_open["profit"] == pytest.approx(gained)


def test_winners_and_losers_are_those_that_pandas_selects(ibm):
    closed = ibm.trades[ibm.trades["exit_bar"] >= 0]
    groups = groups_of(ibm)
    for name, chosen in (
        ("All", closed),
        ("Winners", closed[closed["profit"] > 0]),
        ("Losers", closed[closed["profit"] < 0]),
    ):
        values = groups[name]
        assert values["count"] == len(chosen)
        assert values["mean_return"] == pytest.approx(chosen["return"].mean())
        assert values["median_return"] == pytest.approx(chosen["return"].median())
        assert values["median_profit"] == pytest.approx(chosen["profit"].median())
        assert values["best_return"] == chosen["return"].max()
        assert values["worst_profit"] == chosen["profit"].min()
        assert values["mean_bars"] == pytest.approx(chosen["bars"].mean())
        held = (chosen["exit_time"] - chosen["entry_time"]) / pd.Timedelta(days=1)
        assert values["mean_days"] == pytest.approx(held.mean())
        assert values["mean_mae"] == pytest.approx(chosen["mae"].mean())
        assert values["mean_mfe"] == pytest.approx(chosen["mfe"].mean())
        assert values["costs"] == pytest.approx(chosen["costs"].sum())
        assert values["mean_costs"] == pytest.approx(chosen["costs"].mean())


def test_ratios_that_need_both_sides_are_not_given_for_one():
    groups = groups_of(run_of_profits(0.1, -0.05))
    for name in ("Winners", "Losers"):
        for row in ("win_rate", "profit_factor", "payoff_ratio", "sqn"):
            assert groups[name][row] is None


def test_a_group_without_a_trade_has_sums_of_nothing_and_no_mean():
    groups = groups_of(run_of_profits(0.1, 0.2))
    losers = groups["Losers"]
    assert losers["count"] == losers["profit"] == losers["costs"] == 0
    assert {losers[n] for n in ("mean_return", "median_profit", "best_return", "mean_bars")} == {
        None
    }
    assert groups["All"]["profit_factor"] is None


def test_an_open_trade_stands_apart():
    result = scripted(candles(*[price_row(p) for p in (10, 10, 11, 12)]), [BUY])
    groups = groups_of(result)
    assert groups["All"]["count"] == 0
    assert groups["All"]["share"] is None
    assert groups["Open"]["count"] == 1
    assert groups["Open"]["profit"] == pytest.approx(200)
    assert groups["Open"]["share"] is None


def test_long_and_short_are_told_apart_once_there_is_a_short():
    result = run_of_profits(0.1, -0.05, 0.02)
    trades = result.trades.copy()
    trades.loc[1, "side"] = "short"
    groups = groups_of(replace(result, trades=trades))
    assert list(groups) == ["All", "Winners", "Losers", "Long", "Short"]
    assert groups["Long"]["count"] == 2
    assert groups["Short"]["count"] == 1
    assert groups["Long"]["win_rate"] == 1


def test_every_group_has_every_row_in_its_order():
    names = [row.name for row in GROUP_ROWS]
    assert len(set(names)) == len(names)
    for group in trade_groups(run_of_profits(0.1, -0.1)):
        assert list(group.values) == names


@settings(max_examples=80, deadline=None)
@given(PROFITS)
def test_streaks_are_those_that_slow_counting_finds(profits):
    found = streaks(run_of_profits(*profits))
    kinds = ["win" if p > 0 else "loss" if p < 0 else None for p in profits]
    runs, number = [], 1
    for kind, group in itertools.groupby(kinds):
        length = len(list(group))
        runs.append((kind, length, number))
        number += length
    for kind, longest, mean in (
        ("win", found.longest_win, found.mean_win),
        ("loss", found.longest_loss, found.mean_loss),
    ):
        of_kind = [(length, first) for k, length, first in runs if k == kind]
        if not of_kind:
            assert longest is None
            assert mean is None
            continue
        length, first = max(of_kind, key=lambda run: (run[0], -run[1]))
        assert (longest.kind, longest.length) == (kind, length)
        assert (longest.first, longest.last) == (first, first + length - 1)
        assert mean == pytest.approx(statistics.mean(n for n, _ in of_kind))
        tally = {n: sum(m == n for m, _ in of_kind) for n, _ in of_kind}
        assert found.lengths[kind] == tally
    last = runs[-1] if runs else (None, 0, 0)
    if last[0] is None:
        assert found.current is None
    else:
        assert (found.current.kind, found.current.length, found.current.first) == last


def test_the_longest_streaks_of_a_real_run_are_those_of_quantstats(ibm):
    closed = ibm.trades[ibm.trades["exit_bar"] >= 0]
    returns = pd.Series(closed["return"].to_numpy(), pd.date_range("2000", periods=len(closed)))
    found = streaks(ibm)
    wins = quantstats.stats.consecutive_wins(returns, prepare_returns=False)
    losses = quantstats.stats.consecutive_losses(returns, prepare_returns=False)
    assert (found.longest_win.length, found.longest_loss.length) == (wins, losses)
    chosen = slice(found.longest_win.first - 1, found.longest_win.last)
    assert found.longest_win.profit == pytest.approx(closed["profit"].iloc[chosen].sum())


def test_seasons_are_those_of_a_pandas_group_by(ibm):
    closed = ibm.trades[ibm.trades["exit_bar"] >= 0]
    for seasons, key in (
        (by_weekday(ibm), closed["entry_time"].dt.day_name().str[:3]),
        (by_month(ibm), closed["entry_time"].dt.month_name().str[:3]),
    ):
        expected = closed.groupby(key)
        for season in seasons:
            if season.count == 0:
                assert season.label not in expected.groups
                assert season.mean_return is None
                assert season.win_rate is None
                continue
            group = expected.get_group(season.label)
            assert season.count == len(group)
            assert season.profit == pytest.approx(group["profit"].sum())
            assert season.mean_return == pytest.approx(group["return"].mean())
            assert season.win_rate == pytest.approx((group["profit"] > 0).mean())
        assert sum(season.count for season in seasons) == len(closed)
    assert [season.label for season in by_weekday(ibm)] == ["Mon", "Tue", "Wed", "Thu", "Fri"]
    assert by_hour(ibm) == ()


def test_a_trade_belongs_to_the_day_and_hour_of_the_exchange():
    # Bought at 23:00 on Wednesday 31 January in New York: Thursday 1 February in UTC.
    bars = candles(
        *[price_row(p) for p in (10, 10, 11, 11)], start="2024-02-01T03:00", resolution="1h"
    )
    result = scripted(bars, [BUY, SELL])
    new_york = {"timezone": "America/New_York"}
    assert [s.label for s in by_weekday(result, **new_york) if s.count] == ["Wed"]
    assert [s.label for s in by_month(result, **new_york) if s.count] == ["Jan"]
    assert [s.label for s in by_hour(result, **new_york)] == ["23:00"]
    assert [s.label for s in by_weekday(result) if s.count] == ["Thu"]
    assert [s.label for s in by_hour(result)] == ["04:00"]


def test_a_daily_bar_keeps_its_date_in_every_time_zone():
    result = run_of_profits(0.1, start="2024-01-01")
    assert by_weekday(result, "America/New_York") == by_weekday(result, "UTC")


def test_a_market_with_weekends_shows_them():
    result = run_of_profits(*([0.01] * 9), freq="D")
    labels = [season.label for season in by_weekday(result)]
    assert labels == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def test_durations_are_those_of_the_table(ibm):
    closed = ibm.trades[ibm.trades["exit_bar"] >= 0]
    found = durations(ibm)
    assert found.all.mean_bars == pytest.approx(closed["bars"].mean())
    assert found.all.median_bars == closed["bars"].median()
    assert (found.all.shortest_bars, found.all.longest_bars) == (
        closed["bars"].min(),
        closed["bars"].max(),
    )
    won = closed[closed["profit"] > 0]
    assert found.winners_held.count == len(won)
    held = (won["exit_time"] - won["entry_time"]) / pd.Timedelta(days=1)
    assert found.winners_held.median_days == held.median()
    assert found.winners.sum() == len(won)
    assert found.losers.sum() == len(closed) - len(won)
    expected, _ = np.histogram(closed["bars"], found.edges)
    assert (found.winners + found.losers).tolist() == expected.tolist()
    assert len(expected) <= 41


def test_durations_from_one_bar_to_one_bar_fill_one_bin():
    found = durations(run_of_profits(0.1, -0.1, bars_each=3))
    assert found.edges.tolist() == [3, 4]
    assert (found.winners.tolist(), found.losers.tolist()) == ([1], [1])


def test_a_trade_that_ended_at_nothing_is_among_the_losers_of_the_histogram_alone():
    found = durations(run_of_profits(0.1, 0.0, -0.1))
    assert (found.winners.tolist(), found.losers.tolist()) == ([1], [2])
    assert found.losers_held.count == 1


def test_excursions_carry_the_numbers_of_their_trades():
    bars = random_walk(300, seed=5)
    signals = [BUY if i % 7 == 0 else SELL if i % 7 == 4 else HOLD for i in range(300)]
    result = scripted(bars, signals)
    found = excursions(result)
    for i, number in enumerate(found.number.tolist()):
        row = result.trades.iloc[number - 1]
        assert (found.mae[i], found.mfe[i]) == (row["mae"], row["mfe"])
        assert found.returns[i] == row["return"]
    won = result.trades[(result.trades["exit_bar"] >= 0) & (result.trades["profit"] > 0)]
    assert found.worst_of_winners == won["mae"].min()
    assert found.efficiency == pytest.approx((won["return"] / won["mfe"]).mean())


def test_without_a_winner_no_stop_can_be_judged():
    found = excursions(run_of_profits(-0.1, -0.2))
    assert found.worst_of_winners is None
    assert found.efficiency is None


def test_the_returns_of_trades_leave_the_open_one_out():
    bars = candles(*[price_row(p) for p in (10, 10, 11, 11, 12, 13)])
    spread = trade_returns(scripted(bars, [BUY, SELL, HOLD, BUY]))
    assert spread.values.tolist() == pytest.approx([0.1])


def test_a_run_without_trades_has_groups_streaks_and_seasons_of_nothing():
    result = run_of([100.0] * 5, times(5))
    assert groups_of(result)["All"]["count"] == 0
    assert streaks(result).longest_win is None
    assert {season.count for season in by_weekday(result)} == {0}
    assert durations(result).all.mean_bars is None
    assert len(excursions(result).number) == 0
