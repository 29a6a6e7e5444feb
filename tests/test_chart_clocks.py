"""The clock of a chart's labels and ticks: the exchange's, UTC, or the reader's."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from chart_sources import INTRADAY, NEW_YORK, named, source
from hypothesis import given, settings
from hypothesis import strategies as st

from services.charts import ChartOptions, chart_figure
from services.charts.zones import check_zone, clock_of
from services.errors import InvalidParams


def test_intraday_labels_are_by_the_clock_of_the_exchange():
    figure = chart_figure(source(INTRADAY, timezone=NEW_YORK), 0, 100)
    assert figure["zone"] == "New York"
    assert figure["labels"][0] == "2024-03-07 09:30 New York"


@pytest.mark.parametrize(
    ("zone", "text", "label"),
    [
        ("exchange", "New York", "2024-03-07 09:30 New York"),
        ("local", "New York", "2024-03-07 09:30 New York"),
        ("utc", "UTC", "2024-03-07 14:30 UTC"),
        ("Etc/UTC", "UTC", "2024-03-07 14:30 UTC"),
        ("Asia/Kolkata", "Kolkata", "2024-03-07 20:00 Kolkata"),
        ("Asia/Tokyo", "Tokyo", "2024-03-07 23:30 Tokyo"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires", "2024-03-07 11:30 Buenos Aires"),
    ],
)
def test_labels_are_by_the_clock_that_was_chosen(zone, text, label):
    shown = source(INTRADAY, timezone=NEW_YORK)
    figure = chart_figure(shown, 0, 100, ChartOptions(zone=zone))
    assert (figure["zone"], figure["labels"][0]) == (text, label)


def test_a_session_opens_at_the_same_hour_before_and_after_the_clocks_change():
    figure = chart_figure(source(INTRADAY, timezone=NEW_YORK), 390, 390 + 420)
    assert figure["labels"][figure_index(figure, 390)].startswith("2024-03-08 09:30")
    assert figure["labels"][figure_index(figure, 780)].startswith("2024-03-11 09:30")
    utc = chart_figure(source(INTRADAY), 390, 390 + 420)
    assert utc["labels"][figure_index(utc, 390)] == "2024-03-08 14:30 UTC"
    assert utc["labels"][figure_index(utc, 780)] == "2024-03-11 13:30 UTC"


def figure_index(figure, position):
    return named(figure, "Price")["x"].index(position)


@pytest.mark.parametrize("zone", ["exchange", "utc", "Asia/Tokyo", "Pacific/Kiritimati"])
@pytest.mark.parametrize("resolution", ["1d", "1w"])
def test_dates_never_shift(zone, resolution):
    bars = random_walk(60, resolution=resolution)
    shown = source(bars, timezone=NEW_YORK)
    figure = chart_figure(shown, options=ChartOptions(zone=zone))
    assert figure["zone"] == ""
    assert figure["labels"] == bars["ts"].dt.strftime("%Y-%m-%d").tolist()
    assert figure == chart_figure(shown)


def test_ticks_are_round_by_the_clock_that_is_shown():
    shown = source(INTRADAY, timezone="Asia/Kolkata")  # half an hour off
    axis = chart_figure(shown, 0, 299)["layout"]["xaxis"]
    assert axis["ticktext"] == ["07 Mar 21:00", "07 Mar 22:00", "07 Mar 23:00", "08 Mar 00:00"]
    assert axis["tickvals"] == [60, 120, 180, 240]


def test_days_begin_by_the_clock_that_is_shown():
    bars = random_walk(4 * 24, resolution="1h", start="2024-01-01")
    axis = chart_figure(source(bars, timezone=NEW_YORK, session_based=False))["layout"]["xaxis"]
    assert axis["ticktext"] == ["01 Jan", "02 Jan", "03 Jan", "04 Jan"]
    assert axis["tickvals"] == [5, 29, 53, 77]


@pytest.mark.parametrize(
    "name", ["Mars/Base", "../etc/passwd", "/etc/passwd", "America", "x" * 10_000, "<b>", "\0"]
)
def test_a_zone_that_is_none_is_a_short_sentence(name):
    with pytest.raises(InvalidParams) as caught:
        check_zone(name)
    assert "is no time zone" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_an_exchange_whose_zone_is_not_known_is_shown_in_utc():
    assert clock_of("Nowhere/Land", dated=False).text == "UTC"


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from([NEW_YORK, "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    st.integers(-2_000_000_000, 4_000_000_000),
)
def test_a_clock_reads_moments_as_the_standard_library_does(zone, seconds):
    moment = pd.Timestamp(seconds, unit="s", tz="UTC")
    wall = clock_of(zone, dated=False).local(np.array([moment.to_datetime64()]))[0]
    there = moment.to_pydatetime().astimezone(ZoneInfo(zone))
    assert pd.Timestamp(wall) == there.replace(tzinfo=None)


def test_an_hour_that_is_skipped_and_one_that_comes_twice_have_a_moment():
    clock = clock_of(NEW_YORK, dated=False)
    wall = np.array(["2024-03-10T02:30", "2024-11-03T01:30"], dtype="datetime64[us]")
    assert clock.moments(wall).astype(str).tolist() == [
        "2024-03-10T07:00:00.000000",
        "2024-11-03T05:30:00.000000",
    ]
