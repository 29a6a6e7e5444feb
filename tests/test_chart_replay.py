"""Replay: what a chart shows at a bar, nothing that came later can change."""

import json
from dataclasses import replace

import numpy as np
import pytest
from builders import closes, random_walk
from chart_sources import event, named, result_of, sessions, source
from hypothesis import given, settings
from hypothesis import strategies as st

from services.charts import ChartOptions, Compared, chart_figure, figure_for_query, source_of
from services.charts.options import STYLES
from services.errors import InvalidParams
from services.indicators.lines import Line

COUNT = 900


def everything(bars, **more):
    """Return a source of a run with lines, trades, events and a second symbol."""
    signals = np.resize(np.array([1, 0, 0, -1, 0], dtype=np.int8), len(bars))
    closes_ = bars["close"].to_numpy()
    lines = [Line("double", closes_ * 2), Line("RSI", closes_ / 2, "RSI", (30.0,))]
    days = bars["ts"].dt.strftime("%Y-%m-%d").unique()
    events = tuple(event(day, text=f"Earnings {day}") for day in days[:: max(1, len(days) // 40)])
    made = source_of(result_of(bars, signals, lines), **more)
    return replace(made, events=events, compared=Compared("OTHER", closes_ * 3))


def garbage_after(bars, until):
    """Return the bars up to a position, followed by others that make no sense."""
    bars = bars.copy()
    names = ["open", "high", "low", "close"]
    bars.loc[until + 1 :, names] = bars.loc[until + 1 :, names] * 1000
    bars.loc[until + 1 :, "volume"] = 1e15
    return bars


DAILY = random_walk(COUNT, 4)
MINUTES = random_walk(COUNT, 5, resolution="1m").assign(
    ts=sessions(["2024-03-06", "2024-03-07", "2024-03-08", "2024-03-11"], 225)
)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["daily", "minutes"]),
    st.integers(0, COUNT - 1),
    st.none() | st.floats(-50, COUNT + 50),
    st.none() | st.floats(-50, COUNT + 50),
    st.sampled_from(STYLES),
    st.booleans(),
)
def test_bars_after_the_replays_change_nothing(kind, until, lo, hi, style, log):
    bars = DAILY if kind == "daily" else MINUTES
    options = ChartOptions(style=style, log=log, until=until)
    zone = "America/New_York"
    figure = chart_figure(everything(bars, timezone=zone), lo, hi, options, 1)
    other = everything(garbage_after(bars, until), timezone=zone)
    assert figure == chart_figure(other, lo, hi, options, 1)
    assert figure["bars"] == until + 1


@settings(deadline=None, max_examples=40)
@given(st.integers(0, COUNT - 1), st.none() | st.floats(0, COUNT), st.sampled_from(STYLES))
def test_the_replay_is_the_chart_of_a_history_that_ends_there(until, lo, style):
    whole = source(DAILY)
    part = source(DAILY.iloc[: until + 1].reset_index(drop=True))
    options = ChartOptions(style=style, until=until)
    assert chart_figure(whole, lo, None, options) == chart_figure(part, lo, None, options)


@pytest.mark.parametrize("until", [0, 1, 450, COUNT - 1])
def test_nothing_that_is_sent_stands_after_the_replays_bar(until):
    figure = chart_figure(everything(DAILY), None, None, ChartOptions(until=until))
    for trace in figure["data"]:
        places = trace["x"] if "x" in trace else [trace["x0"]]
        assert all(place <= until for place in places), trace["name"]
    assert all(flag["x"] <= until for flag in figure["events"])
    assert figure["view"]["to"] <= f"{DAILY['ts'][until]:%Y-%m-%d}"
    assert figure["labels"][-1].endswith(f"{DAILY['ts'][until]:%Y-%m-%d}")
    text = json.dumps(figure)
    assert f"{DAILY['ts'][COUNT - 1].year + 1}-" not in text


def test_a_trade_that_ends_later_is_still_open():
    result = result_of(closes(*range(10, 40)), [1, 0, 0, 0, 0, -1])  # in at bar 1, out at bar 6
    shown = source_of(result)
    assert shown.trades["exit_bar"].tolist() == [6]
    at_five = chart_figure(shown, options=ChartOptions(until=5), selected=1)
    assert named(at_five, "Buy")["x"] == [1]
    assert named(at_five, "Sell")["x"] == []
    assert at_five["selected"] == {"number": 1, "entry": 1, "exit": -1}
    assert at_five["layout"]["shapes"][-1]["x1"] == 5.5
    at_six = chart_figure(shown, options=ChartOptions(until=6), selected=1)
    assert named(at_six, "Sell")["x"] == [6]
    assert at_six["selected"] == {"number": 1, "entry": 1, "exit": 6}


def test_a_trade_that_has_not_begun_is_not_marked_and_not_counted():
    result = result_of(closes(*range(10, 40)), [0, 0, 0, 1, -1, 1, -1])
    shown = source_of(result)
    assert chart_figure(shown, options=ChartOptions(until=3), selected=1)["selected"] is None
    for name in ("trade", "mark"):
        with pytest.raises(InvalidParams, match="no trade 2 in this chart: there is one"):
            figure_for_query(shown, {name: "2", "until": "5"})
    assert len(shown.trades) == 2


def test_a_candle_of_several_bars_holds_only_those_until_the_replays():
    bars = random_walk(2000, 8)
    figure = chart_figure(source(bars), options=ChartOptions(until=1801))
    step, price = figure["step"], named(figure, "Price")
    assert step > 1
    first = 1801 // step * step
    assert price["high"][-1] == bars["high"][first:1802].max()
    assert price["close"][-1] == bars["close"][1801]
    assert named(figure, "Volume")["y"][-1] == bars["volume"][first:1802].sum()


def test_a_daily_bars_event_is_shown_with_its_bar_and_not_before():
    shown = replace(source(closes(*range(10, 20))), events=(event("2024-01-05"),))
    assert chart_figure(shown, options=ChartOptions(until=3))["events"] == []
    (flag,) = chart_figure(shown, options=ChartOptions(until=4))["events"]
    assert (flag["x"], flag["date"]) == (4, "2024-01-05")


def test_what_happened_on_a_day_is_not_known_during_the_day():
    bars = random_walk(20, resolution="1m").assign(ts=sessions(["2024-03-07", "2024-03-08"], 10))
    shown = replace(source(bars, timezone="America/New_York"), events=(event("2024-03-07"),))
    assert chart_figure(shown, options=ChartOptions(until=9))["events"] == []
    (flag,) = chart_figure(shown, options=ChartOptions(until=10))["events"]
    assert flag["x"] == 0


@pytest.mark.parametrize("until", [COUNT - 1, COUNT, 10**17])
def test_a_replay_at_its_end_shows_everything(until):
    whole = everything(DAILY)
    assert chart_figure(whole, options=ChartOptions(until=until)) == chart_figure(whole)


def test_ranges_count_back_from_the_replays_bar():
    figure = figure_for_query(source(DAILY), {"range": "1M", "until": "400"})
    assert figure["view"]["to"] == f"{DAILY['ts'][400]:%Y-%m-%d}"
    assert figure["layout"]["xaxis"]["range"][1] == 400.5
