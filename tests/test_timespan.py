"""Resolutions, durations and dates as people write them."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import InvalidParams
from services.timespan import (
    RESOLUTIONS,
    Duration,
    check_resolution,
    is_session_based,
    parse_date,
    utc_now,
)


def moment(text):
    return pd.Timestamp(text, tz="UTC")


def test_the_resolutions_are_the_eight_from_a_minute_to_a_week():
    assert list(RESOLUTIONS) == ["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w"]
    assert list(RESOLUTIONS.values()) == sorted(RESOLUTIONS.values())
    assert [name for name in RESOLUTIONS if is_session_based(name)] == ["1d", "1w"]
    assert [check_resolution(name) for name in RESOLUTIONS] == list(RESOLUTIONS)


@pytest.mark.parametrize("wrong", ["1D", "2d", "", "daily", None, "<b>1d</b>"])
def test_another_resolution_is_answered_with_the_list(wrong):
    with pytest.raises(InvalidParams, match="use one of 1m, 5m, 15m") as caught:
        check_resolution(wrong)
    assert caught.value.field == "resolution"


def test_a_misspelt_resolution_is_answered_with_the_closest():
    with pytest.raises(InvalidParams, match='Did you mean "1d"'):
        check_resolution("1D")


@pytest.mark.parametrize(
    ("text", "last", "first"),
    [
        ("30 S", "2024-03-01 00:00:10", "2024-02-29 23:59:40"),
        ("1 D", "2024-03-01", "2024-02-29"),
        ("2 W", "2024-03-01", "2024-02-16"),
        ("1 M", "2024-03-31", "2024-02-29"),  # months follow the calendar, and are no minutes
        ("13 M", "2024-03-31", "2023-02-28"),
        ("1 Y", "2024-02-29", "2023-02-28"),
        ("5 Y", "2024-03-01", "2019-03-01"),
        (" 5y ", "2024-03-01", "2019-03-01"),
        ("10 d", "2024-03-01 15:30", "2024-02-20 15:30"),
    ],
)
def test_a_duration_is_counted_back_by_the_calendar(text, last, first):
    assert Duration.parse(text).before(moment(last)) == moment(first)


def test_a_duration_is_counted_forward_by_the_calendar_as_often_as_asked():
    month = Duration.parse("1 M")
    assert month.after(moment("2024-01-31")) == moment("2024-02-29")
    assert month.after(moment("2024-01-31"), 2) == moment("2024-03-31")
    assert Duration.parse("2 W").after(moment("2024-01-31"), 0) == moment("2024-01-31")
    assert Duration.parse("999999999 Y").after(moment("2024-01-31")).year == 2262


@pytest.mark.parametrize("text", ["999999999 Y", "999999999 M", "999999999 W", "400 Y"])
def test_a_duration_longer_than_history_reaches_to_its_beginning(text):
    assert Duration.parse(text).before(moment("2024-03-01")).year <= 1678


@pytest.mark.parametrize(
    "wrong", ["", "Y", "5", "0 Y", "-1 Y", "1.5 Y", "5 Q", "5 YY", "1 Y 2 M", "9999999999 D", None]
)
def test_what_is_no_duration_is_answered_with_an_example(wrong):
    with pytest.raises(InvalidParams, match='is not a duration: .* "5 Y"') as caught:
        Duration.parse(wrong)
    assert caught.value.field == "duration"


@settings(deadline=None)
@given(st.integers(1, 999_999_999), st.sampled_from("SDWMYsdwmy"), st.sampled_from(["", " "]))
def test_a_duration_says_itself_in_one_way_and_reads_that_again(count, unit, gap):
    duration = Duration.parse(f"{count}{gap}{unit}")
    assert str(duration) == f"{count} {unit.upper()}"
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-31", "2024-01-31"),
        (" 2024-01-31 ", "2024-01-31"),
        ("2024-01-31 15:30", "2024-01-31 15:30"),
        ("2024-01-31T15:30:00Z", "2024-01-31 15:30"),
        ("2024-01-31T15:30+02:00", "2024-01-31 13:30"),
        ("20240131", "2024-01-31"),
    ],
)
def test_a_date_is_read_as_utc(text, expected):
    read = parse_date(text, "start")
    assert (read, str(read.tz)) == (moment(expected), "UTC")


@pytest.mark.parametrize(
    "wrong", ["", "yesterday", "31.01.2024", "2024-02-30", "2024-13-01", "0000-01-01", None]
)
def test_what_is_no_date_is_answered_with_an_example_and_its_field(wrong):
    with pytest.raises(InvalidParams, match="is not a date: write it as 2024-01-31.") as caught:
        parse_date(wrong, "end")
    assert caught.value.field == "end"


@pytest.mark.parametrize("edge", ["0001-01-01", "9999-12-31", "0001-01-01T00:00+14:00"])
def test_a_date_at_the_edge_of_the_calendar_is_read_or_refused_in_a_sentence(edge):
    try:
        assert parse_date(edge, "start").tzinfo is not None
    except InvalidParams as refused:
        assert refused.field == "start"  # noqa: PT017


def test_now_is_aware_and_in_utc():
    assert str(utc_now().tz) == "UTC"
