"""The part of a chart that an address asks for: ranges, times, trades."""

import pandas as pd
import pytest
from builders import closes, random_walk
from chart_sources import INTRADAY, NEW_YORK, named, result_of, sessions, source, x_range
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.charts import chart_figure, figure_for_query, source_of
from services.charts.time_ranges import RANGES


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("1D", 780, 1169),
        ("5D", 0, 1169),
        ("1M", 0, 1169),
        ("All", 0, 1169),
    ],
)
def test_days_of_intraday_bars_are_the_last_sessions(name, first, last):
    figure = figure_for_query(source(INTRADAY, timezone=NEW_YORK), {"range": name})
    assert x_range(figure) == (first, last)


def test_a_session_that_passes_midnight_in_utc_is_one_day_of_the_exchange():
    ts = sessions(["2024-03-07", "2024-03-08"], 300, at="10:00", zone="Australia/Sydney")
    bars = random_walk(600, resolution="1m").assign(ts=ts)
    figure = figure_for_query(source(bars, timezone="Australia/Sydney"), {"range": "1d"})
    assert x_range(figure) == (300, 599)


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("5D", "2024-02-25"),
        ("1M", "2024-01-30"),
        ("6M", "2023-08-30"),
        ("YTD", "2024-01-01"),
        ("1Y", "2023-03-01"),
        ("5Y", "2019-03-01"),
        ("All", "2018-11-10"),
    ],
)
def test_ranges_of_daily_bars_follow_the_calendar(name, begin):
    ts = pd.date_range("2018-11-10", "2024-02-29", freq="D", tz="UTC", unit="us")
    bars = random_walk(len(ts)).assign(ts=ts)
    figure = figure_for_query(source(bars), {"range": name})
    assert figure["view"] == {"from": begin, "to": "2024-02-29"}


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("count", [1, 2, 40])
def test_a_range_longer_than_the_history_shows_all_of_it(name, count):
    for resolution in ("1d", "1w", "1h"):
        figure = figure_for_query(
            source(random_walk(count, resolution=resolution)), {"range": name}
        )
        assert len(named(figure, "Price")["x"]) >= 1


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1100), st.integers(5, 1100), st.sampled_from(["daily", "intraday"]))
@example(0, 5, "daily")
def test_the_times_of_a_view_give_the_same_view_again(lo, width, kind):
    bars = INTRADAY if kind == "intraday" else random_walk(1170)
    shown = source(bars, timezone=NEW_YORK)
    hi = min(lo + width, 1169)
    first = chart_figure(shown, lo, hi)
    again = figure_for_query(shown, first["view"])
    if hi - lo >= 5:
        assert x_range(again) == (lo, hi)
    assert again["view"] == first["view"]


def test_a_date_means_the_whole_day_of_the_exchange():
    shown = source(INTRADAY, timezone=NEW_YORK)
    figure = figure_for_query(shown, {"from": "2024-03-08", "to": "2024-03-08"})
    assert x_range(figure) == (390, 779)


def test_times_of_intraday_bars_find_the_days_of_daily_ones():
    shown = source(random_walk(60, start="2024-03-01"), timezone=NEW_YORK)
    query = {"from": "2024-03-07T14:30:00Z", "to": "2024-03-15T01:00:00Z"}
    assert figure_for_query(shown, query)["view"] == {"from": "2024-03-07", "to": "2024-03-14"}


@pytest.mark.parametrize("ends", [("1900-01-01", "1910-01-01"), ("2100-01-01", "2110-01-01")])
def test_a_span_without_a_bar_shows_those_beside_it(ends):
    figure = figure_for_query(source(random_walk(60)), dict(zip(("from", "to"), ends, strict=True)))
    assert len(named(figure, "Price")["x"]) >= 3


def test_a_trade_is_shown_with_some_bars_around_it_and_marked():
    result = result_of(closes(*range(10, 510)), [*[0] * 200, 1, *[0] * 39, -1])
    figure = figure_for_query(source_of(result), {"trade": "1", "range": "All", "mark": "9"})
    assert figure["selected"] == {"number": 1, "entry": 201, "exit": 241}
    assert x_range(figure) == (201 - 30, 241 + 30)
    shape = figure["layout"]["shapes"][-1]
    assert (shape["name"], shape["x0"], shape["x1"]) == ("selected", 200.5, 241.5)


def test_a_mark_keeps_the_view():
    shown = source_of(result_of(closes(*range(10, 510)), [0, 1, -1]))
    figure = figure_for_query(shown, {"mark": "1", "lo": "100", "hi": "300"})
    assert x_range(figure) == (100, 300)
    assert figure["selected"]["number"] == 1


def test_a_day_of_futures_begins_on_the_evening_before():
    ts = sessions(["2024-03-06", "2024-03-07"], 23 * 60, at="17:00", zone="America/Chicago")
    bars = random_walk(len(ts), resolution="1m").assign(ts=ts)
    shown = source(bars, timezone="America/Chicago", lead=7 * 60)
    half = len(ts) // 2
    assert x_range(figure_for_query(shown, {"range": "1D"})) == (half, len(ts) - 1)
    query = {"from": "2024-03-07", "to": "2024-03-07"}
    assert x_range(figure_for_query(shown, query)) == (0, half - 1)
