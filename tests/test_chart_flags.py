"""Events on a chart: flags at their bars, counted where they would be too many."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from builders import random_walk
from chart_sources import INTRADAY, NEW_YORK, event, named, source
from hypothesis import given, settings
from hypothesis import strategies as st

from services.charts import ChartOptions, chart_figure
from services.charts.flags import MOST_FLAGS
from services.events import ChartEvent

DAILY = random_walk(1000, start="2020-01-01")


def flags_of(bars, *events, lo=None, hi=None, **more):
    return chart_figure(replace(source(bars, **more), events=events), lo, hi)["events"]


def every_day(count, start=date(2020, 1, 1)):
    return tuple(
        ChartEvent(start + timedelta(days=n), "macro", "M", f"Event {n}") for n in range(count)
    )


def test_an_event_stands_at_the_bar_of_its_day():
    (flag,) = flags_of(DAILY, event("2020-01-11"), lo=0, hi=100)
    assert flag == {
        "x": 10,
        "date": "2020-01-11",
        "kind": "earnings",
        "letter": "E",
        "text": "2020-01-11 Earnings",
        "count": 1,
    }


def test_an_event_on_a_day_without_a_bar_stands_at_the_next_one():
    working = DAILY[DAILY["ts"].dt.weekday < 5].reset_index(drop=True)
    (flag,) = flags_of(working, event("2020-01-04"), lo=0, hi=100)  # a Saturday
    assert working["ts"][int(flag["x"])].strftime("%Y-%m-%d") == "2020-01-06"


def test_an_event_within_a_week_stands_at_the_bar_of_the_week():
    weeks = random_walk(50, resolution="1w", start="2024-01-01")
    (flag,) = flags_of(weeks, event("2024-01-18"))
    assert flag["x"] == 2


@pytest.mark.parametrize(
    ("day", "x"), [("2024-03-07", 0), ("2024-03-08", 390), ("2024-03-09", 780)]
)
def test_an_event_stands_at_the_first_bar_of_the_exchanges_day(day, x):
    (flag,) = flags_of(INTRADAY, event(day), lo=x, hi=x + 100, timezone=NEW_YORK)
    assert flag["x"] == x


def test_the_exchanges_day_counts_and_not_that_of_utc():
    # Sydney opens on the evening before in UTC.
    (flag,) = flags_of(INTRADAY, event("2024-03-08"), lo=0, hi=300, timezone="Australia/Sydney")
    assert flag["x"] == 0


@pytest.mark.parametrize("day", ["1999-01-01", "2019-12-31", "2022-09-27", "2099-01-01"])
def test_what_happened_before_the_first_and_after_the_last_bar_is_not_shown(day):
    assert flags_of(DAILY, event(day)) == []


def test_events_of_one_candle_are_one_flag_that_says_how_many():
    same = [event("2020-01-11", text=f"Thing {n}") for n in range(8)]
    (flag,) = flags_of(DAILY, *same, event("2020-01-11", "split", "Split 4:1"), lo=0, hi=100)
    assert (flag["count"], flag["letter"], flag["kind"]) == (9, "9", "other")
    lines = flag["text"].split("\n")
    assert lines[0] == "2020-01-11 Thing 0"
    assert lines[-1] == "and 3 more, zoom in to see each"


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1000), st.floats(-20, 1000), st.floats(1, 1000))
def test_never_more_flags_are_in_view_than_can_be_read_and_none_is_lost(count, lo, width):
    shown = replace(source(DAILY), events=every_day(count))
    figure = chart_figure(shown, lo, lo + width)
    left, right = figure["layout"]["xaxis"]["range"]
    assert sum(left <= flag["x"] <= right for flag in figure["events"]) <= MOST_FLAGS
    price, step = named(figure, "Price"), figure["step"]
    first = int(np.floor(price["x"][0] - (step - 1) / 2 + 0.5)) if len(price["x"]) > 1 else None
    if first is not None:
        last = min(first + len(price["x"]) * step, 1000)
        assert sum(flag["count"] for flag in figure["events"]) == max(0, min(count, last) - first)


def test_flags_stand_just_above_the_bottom_of_the_price_pane():
    shown = replace(source(DAILY), events=every_day(5))
    for log in (False, True):
        figure = chart_figure(shown, 0, 100, ChartOptions(log=log))
        low, high = figure["layout"]["yaxis"]["range"]
        (y,) = set(named(figure, "Events")["y"])
        place = np.log10(y) if log else y
        assert low < place < low + 0.1 * (high - low)


def test_a_chart_without_events_has_no_trace_of_them():
    assert "Events" not in [trace["name"] for trace in chart_figure(source(DAILY))["data"]]


def test_html_in_an_event_is_text():
    shown = replace(
        source(DAILY),
        events=(event("2020-01-11", text='<a href="javascript:x">5 & <b>6</a><script>'),),
    )
    (hover,) = named(chart_figure(shown), "Events")["hovertext"]
    assert re.findall(r"<[^>]*>", hover) == []
    assert "&lt;script&gt;" in hover


def test_a_flag_is_no_marker_of_a_trade():
    trace = named(chart_figure(replace(source(DAILY), events=every_day(3))), "Events")
    assert "customdata" not in trace
    assert trace["name"] not in ("Buy", "Sell")


def test_thousands_of_events_are_light():
    figure = chart_figure(replace(source(DAILY), events=every_day(1000) * 20))
    assert len(json.dumps(figure)) < 300_000
