"""Spans cut into chunks: what the broker gives at once, on midnights of the exchange's clock."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.chunks import LONGEST, backward_chunks, forward_chunks
from services.timespan import RESOLUTIONS

MOMENTS = st.datetimes(pd.Timestamp("2000-01-01"), pd.Timestamp("2026-01-01")).map(
    lambda moment: pd.Timestamp(moment).tz_localize("UTC")
)


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def test_five_years_of_daily_bars_are_asked_year_by_year():
    chunks = forward_chunks(at("2021-11-24"), at("2026-11-24 15:00"), "1d")
    assert [chunk.duration for chunk in chunks] == ["1 Y"] * 6
    assert (chunks[0].start, chunks[-1].end) == (at("2021-11-24"), at("2026-11-25"))


def test_minute_bars_are_asked_day_by_day_on_the_exchanges_clock():
    first, second = forward_chunks(
        at("2024-03-08 15:00"), at("2024-03-09 12:00"), "1m", "America/New_York"
    )
    assert (first.start, first.end) == (at("2024-03-08 05:00"), at("2024-03-09 05:00"))
    assert (second.start, second.end) == (at("2024-03-09 05:00"), at("2024-03-10 05:00"))
    assert {first.duration, second.duration} == {"1 D"}


def test_a_day_on_which_the_clocks_change_is_one_chunk():
    (spring,) = forward_chunks(
        at("2024-03-10 06:00"), at("2024-03-10 20:00"), "1m", "America/New_York"
    )
    assert spring.end - spring.start == pd.Timedelta(hours=23)
    (autumn,) = forward_chunks(
        at("2024-11-03 06:00"), at("2024-11-03 20:00"), "1m", "America/New_York"
    )
    assert autumn.end - autumn.start == pd.Timedelta(hours=25)


@pytest.mark.parametrize(
    ("resolution", "days", "duration"),
    [("5m", 2, "3 D"), ("1h", 20, "21 D"), ("4h", 9, "2 W"), ("1d", 20, "1 Y"), ("1w", 30, "1 Y")],
)
def test_a_short_span_is_asked_in_a_unit_that_goes_with_the_bars(resolution, days, duration):
    (chunk,) = forward_chunks(
        at("2024-05-01"), at("2024-05-01") + pd.Timedelta(days=days), resolution
    )
    assert chunk.duration == duration


@pytest.mark.parametrize("cut", [forward_chunks, backward_chunks])
@settings(deadline=None)
@given(
    MOMENTS,
    st.integers(0, 800),
    st.sampled_from(sorted(RESOLUTIONS)),
    st.sampled_from(["UTC", "America/New_York", "Asia/Tokyo", "Australia/Sydney"]),
)
def test_chunks_cover_the_span_without_gap_or_overlap(cut, start, days, resolution, timezone):
    end = start + pd.Timedelta(days=days)
    chunks = sorted(cut(start, end, resolution, timezone), key=lambda chunk: chunk.start)
    assert chunks[0].start <= start
    assert chunks[-1].end > end
    assert all(a.end == b.start for a, b in zip(chunks, chunks[1:], strict=False))
    longest = pd.Timedelta(days=LONGEST[resolution][1], hours=1)
    assert all(chunk.end - chunk.start <= longest for chunk in chunks)


def test_backward_chunks_come_newest_first():
    chunks = backward_chunks(at("2020-01-01"), at("2024-01-01"), "1d")
    assert [chunk.end for chunk in chunks] == sorted((c.end for c in chunks), reverse=True)


@pytest.mark.parametrize("cut", [forward_chunks, backward_chunks])
@settings(deadline=None)
@given(MOMENTS, st.integers(0, 3000))
def test_no_chunk_cuts_a_week(cut, start, days):
    for chunk in cut(start, start + pd.Timedelta(days=days), "1w"):
        assert (chunk.start.weekday(), chunk.end.weekday()) == (0, 0)


@settings(deadline=None)
@given(MOMENTS, st.integers(0, 200), st.sampled_from(["UTC", "America/New_York", "Asia/Tokyo"]))
def test_a_bar_of_four_hours_is_asked_for_to_its_end_and_none_before_it_is_left_out(
    start, days, timezone
):
    for chunk in forward_chunks(start, start + pd.Timedelta(days=days), "4h", timezone):
        assert chunk.asked_until == chunk.end + pd.Timedelta(hours=4)
        count, unit = chunk.duration.split()
        shortest = int(count) * pd.Timedelta(days={"W": 7, "M": 28}[unit])
        assert chunk.asked_until - shortest <= chunk.start
