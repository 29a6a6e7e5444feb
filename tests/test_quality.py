import numpy as np
import pandas as pd
import pytest
from builders import candles, closes, random_walk
from quality_bars import (
    ALWAYS,
    CLEAN,
    NEW_YORK,
    broken_bars,
    daily,
    found,
    kinds,
    minutes,
    utc,
)
from real_bars import real_bars

from services.calendars import SessionCalendar
from services.quality import (
    coverage_of,
    examine,
)
from services.quality.findings import ACTIONS, KINDS, SEVERITIES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:exchange_calendars")


@pytest.mark.parametrize("symbol", CLEAN)
def test_clean_daily_bars_raise_nothing_at_all(symbol):
    report = examine(real_bars(symbol), "1d", NEW_YORK)
    assert report.findings == ()
    assert report.coverage == 1.0
    assert set(report.sessions.status) == {"whole"}


def test_clean_minutes_raise_nothing_at_all_through_half_days_and_holidays():
    report = examine(minutes("2024-11-18", "2024-12-06"), "1m", NEW_YORK)
    assert report.findings == ()
    assert report.coverage == 1.0
    half = report.sessions.dates[report.sessions.half_day].astype(str).tolist()
    assert half == ["2024-11-29"]
    assert report.sessions.expected[report.sessions.half_day].tolist() == [210]


def test_the_report_of_no_bars_says_so():
    report = examine(candles(), "1d", NEW_YORK)
    assert (report.bars, report.first, report.coverage, report.findings) == (0, None, None, ())
    assert report.summary == "No bars are stored."


@pytest.mark.parametrize("count", [1, 2, 5, 9])
@pytest.mark.parametrize("resolution", ["1m", "1h", "1d", "1w"])
def test_a_handful_of_bars_is_examined_without_an_error(count, resolution):
    bars = random_walk(count, start="2024-07-08 14:00" if resolution in "1m1h" else "2024-07-08")
    bars["ts"] = pd.date_range(bars["ts"][0], periods=count, freq="7D").as_unit("us")
    report = examine(bars, resolution, NEW_YORK)
    assert report.bars == count


def test_prices_that_never_move_are_examined_without_an_error():
    report = examine(closes(*[100.0] * 300, start="2024-01-01"), "1d", ALWAYS)
    assert kinds(report) == ["stale_bars"]


def test_without_a_calendar_gaps_are_not_judged_and_the_report_says_so():
    bars = daily().drop(index=[100, 200]).reset_index(drop=True)
    report = examine(bars, "1d", None)
    assert (report.calendar, report.coverage, report.expected, len(report.sessions)) == (
        None,
        None,
        None,
        0,
    )
    assert report.findings == ()
    assert "gaps are not judged, because the exchange is not known" in report.summary


def test_examining_changes_no_bar():
    bars = daily()
    before = bars.copy()
    examine(bars, "1d", NEW_YORK)
    pd.testing.assert_frame_equal(bars, before)


@pytest.mark.parametrize("seed", range(8))
def test_removed_sessions_are_found_and_neighbours_are_told_as_one(seed):
    bars = daily()
    generator = np.random.default_rng(seed)
    first, length = int(generator.integers(5, len(bars) - 20)), int(generator.integers(1, 9))
    gone = bars["ts"].iloc[first : first + length]
    report = examine(bars.drop(index=gone.index).reset_index(drop=True), "1d", NEW_YORK)
    (finding,) = report.findings
    assert (finding.kind, finding.start, finding.end) == (
        "missing_sessions",
        gone.iloc[0],
        gone.iloc[-1],
    )
    assert (finding.count, finding.severity) == (length, "warning")
    assert finding.actions == ("refetch", "accept")
    assert report.coverage == pytest.approx(1 - length / len(bars))
    missing = report.sessions.dates[report.sessions.status == "missing"]
    assert missing.astype("datetime64[us]").tolist() == gone.dt.tz_localize(None).tolist()


def test_a_bar_on_a_holiday_is_told_and_dropping_it_would_drop_nothing_else():
    bars = daily("IBM", "2012-12-01", "2013-03-01")
    christmas = bars.iloc[[0]].assign(ts=utc("2012-12-25"))
    bars = pd.concat([bars, christmas]).sort_values("ts", ignore_index=True)
    report = examine(bars, "1d", NEW_YORK)
    (finding,) = report.findings
    assert (finding.kind, finding.start, finding.end, finding.count) == (
        "bars_outside_sessions",
        utc("2012-12-25"),
        utc("2012-12-25"),
        1,
    )
    assert (finding.severity, "drop" in finding.actions) == ("warning", True)
    extra = report.sessions.status == "extra"
    assert report.sessions.dates[extra].astype(str).tolist() == ["2012-12-25"]
    assert np.isnan(report.sessions.fraction[extra]).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_removed_hour_is_found_where_it_was(seed):
    bars = minutes("2024-11-18", "2024-12-06", seed=seed)
    generator = np.random.default_rng(seed)
    session = NEW_YORK.sessions("2024-11-18", "2024-12-06")[generator.integers(1, 13)]
    opens, closes_ = NEW_YORK.open_close(session)
    last_start = int((closes_ - opens) / pd.Timedelta(minutes=1)) - 60
    begin = opens + pd.Timedelta(minutes=int(generator.integers(0, last_start + 1)))
    gone = bars["ts"].between(begin, begin + pd.Timedelta(minutes=59))
    report = examine(bars[~gone].reset_index(drop=True), "1m", NEW_YORK)
    (finding,) = report.findings
    assert (finding.kind, finding.start, finding.count) == ("missing_bars", session, 60)
    assert finding.values["gap_start"] == begin.isoformat()
    assert finding.values["gap_end"] == (begin + pd.Timedelta(minutes=60)).isoformat()
    assert f"{begin:%H:%M} to {begin + pd.Timedelta(hours=1):%H:%M} UTC" in finding.text
    entry = report.sessions.dates.astype(str).tolist().index(f"{session:%Y-%m-%d}")
    assert report.sessions.status[entry] == "part"
    assert report.sessions.present[entry] == report.sessions.expected[entry] - 60


def test_a_normal_day_that_ends_at_one_is_short_but_a_half_day_is_whole():
    bars = minutes("2024-11-25", "2024-11-29")
    afternoon = bars["ts"].between(utc("2024-11-26 18:00"), utc("2024-11-26 23:00"))
    report = examine(bars[~afternoon].reset_index(drop=True), "1m", NEW_YORK)
    (finding,) = report.findings
    assert (finding.kind, finding.start, finding.count) == ("missing_bars", utc("2024-11-26"), 180)
    fraction = dict(zip(report.sessions.dates.astype(str), report.sessions.fraction, strict=True))
    assert fraction["2024-11-26"] == pytest.approx(210 / 390)
    assert fraction["2024-11-29"] == 1.0


def test_a_whole_session_without_minutes_is_a_missing_session():
    bars = minutes("2024-11-25", "2024-12-04")
    day = bars["ts"].dt.strftime("%Y-%m-%d") == "2024-12-02"
    report = examine(bars[~day].reset_index(drop=True), "1m", NEW_YORK)
    assert [(f.kind, f.start) for f in report.findings] == [("missing_sessions", utc("2024-12-02"))]


def test_minutes_that_are_missing_all_over_are_one_remark():
    bars = minutes("2024-07-08", "2024-09-30")
    kept = np.random.default_rng(3).random(len(bars)) < 0.3
    kept[[0, -1]] = True
    report = examine(bars[kept].reset_index(drop=True), "1m", NEW_YORK)
    (finding,) = report.findings
    assert (finding.kind, finding.severity) == ("sparse_bars", "info")
    assert finding.values["share"] == pytest.approx(kept.sum() / len(bars))
    assert report.coverage == pytest.approx(kept.sum() / len(bars))
    assert set(report.sessions.status) == {"part"}


def test_extended_hours_are_one_remark_and_do_not_fill_the_sessions():
    bars = minutes("2024-07-08", "2024-07-12")
    early = bars.iloc[:1].assign(ts=utc("2024-07-09 12:00"))
    report = examine(pd.concat([bars, early]).sort_values("ts", ignore_index=True), "1m", NEW_YORK)
    (finding,) = report.findings
    assert (finding.kind, finding.count, finding.severity) == ("bars_outside_sessions", 1, "info")
    assert report.coverage == 1.0


HOURS = {
    "from the open": ["14:30", "15:30", "16:30", "17:30", "18:30", "19:30", "20:30"],
    "on the clock": ["14:00", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00"],
    "a short first one": ["14:30", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00"],
}
FOUR_HOURS = {
    "from the open": ["14:30", "18:30"],
    "on the clock": ["12:00", "16:00", "20:00"],
    "a short first one": ["14:30", "17:00"],
}


@pytest.mark.parametrize(
    ("resolution", "times"),
    [("1h", times) for times in HOURS.values()] + [("4h", times) for times in FOUR_HOURS.values()],
    ids=[*HOURS, *(f"four, {name}" for name in FOUR_HOURS)],
)
def test_hours_may_be_cut_in_any_way_and_a_lost_one_is_found(resolution, times):
    days = NEW_YORK.sessions("2024-01-02", "2024-02-28").strftime("%Y-%m-%d")
    bars = random_walk(len(days) * len(times))
    bars["ts"] = pd.DatetimeIndex([utc(f"{day} {time}") for day in days for time in times]).as_unit(
        "us"
    )
    assert examine(bars, resolution, NEW_YORK).findings == ()
    lost = len(times) * 10 + 1
    report = examine(bars.drop(index=lost).reset_index(drop=True), resolution, NEW_YORK)
    assert [(f.kind, f.start, f.count) for f in report.findings] == [
        ("missing_bars", bars["ts"][lost].normalize(), 1)
    ]


def test_weeks_are_counted_by_their_mondays_or_fridays():
    for weekday in ("W-MON", "W-FRI"):
        weeks = pd.date_range("2024-01-05", "2024-12-27", freq=weekday, tz="UTC").as_unit("us")
        bars = random_walk(len(weeks)).assign(ts=weeks)
        assert examine(bars, "1w", NEW_YORK).findings == ()
        report = examine(bars.drop(index=[9, 10]).reset_index(drop=True), "1w", NEW_YORK)
        (finding,) = report.findings
        assert (finding.kind, finding.count) == ("missing_sessions", 2)
        assert "2 weeks of the exchange have no bar" in finding.text


def test_coverage_is_the_share_of_sessions_that_have_a_bar():
    ts = daily()["ts"]
    assert coverage_of(ts, "1d", NEW_YORK) == 1.0
    assert coverage_of(ts.drop(index=range(10, 20)), "1d", NEW_YORK) == pytest.approx(
        1 - 10 / len(ts)
    )
    assert coverage_of(ts, "1d", None) is None
    assert coverage_of(ts[:0], "1d", NEW_YORK) is None


def test_the_gravest_findings_come_first_and_the_summary_counts_them():
    report = examine(broken_bars(), "1d", NEW_YORK, quarantined=7)
    assert [finding.severity for finding in report.findings] == [
        "error",
        "warning",
        "warning",
        "info",
    ]
    assert (report.count("error"), report.count("warning")) == (1, 2)
    assert "1 error and 2 warnings; 7 rows in quarantine." in report.summary
    assert "99.9 % of the sessions of XNYS" in report.summary


def test_each_finding_is_one_plain_sentence_with_known_words():
    for finding in examine(broken_bars(), "1d", NEW_YORK).findings:
        assert finding.kind in KINDS
        assert finding.severity in SEVERITIES
        assert set(finding.actions) <= set(ACTIONS)
        assert finding.text.endswith(".")
        assert "nan" not in finding.text
        assert finding.start <= finding.end
        assert finding.title


def test_what_was_accepted_is_listed_apart():
    report = examine(broken_bars(), "1d", NEW_YORK)
    spike = found(report, "spike")[0]
    again = examine(broken_bars(), "1d", NEW_YORK, accepted={spike.key})
    assert spike.key not in {finding.key for finding in again.findings}
    assert [finding.key for finding in again.accepted] == [spike.key]


def test_hundreds_of_gaps_are_not_hundreds_of_lines():
    bars = daily()
    bars = bars.drop(index=range(5, len(bars) - 5, 3)).reset_index(drop=True)
    report = examine(bars, "1d", NEW_YORK)
    missing = found(report, "missing_sessions")
    assert len(missing) == 51
    rest = next(finding for finding in missing if "more of this kind" in finding.text)
    assert rest.actions == ()
    assert sum(finding.count for finding in missing) == report.expected - len(bars)


def test_bars_from_before_a_calendar_begins_are_not_judged():
    tokyo = SessionCalendar("XTKS")  # its holidays are recorded from 1997 on
    later = tokyo.sessions("1997-01-01", "1998-12-31")
    earlier = pd.bdate_range("1990-01-02", "1996-12-20", tz="UTC").as_unit("us")
    bars = random_walk(len(earlier) + len(later)).assign(ts=earlier.append(later))
    report = examine(bars, "1d", tokyo)
    assert report.findings == ()
    assert (report.coverage, report.expected) == (1.0, len(later))
    early = examine(bars[: len(earlier)], "1d", tokyo)
    assert (early.coverage, early.findings) == (None, ())


def test_a_lost_last_hour_is_found_up_to_the_close():
    bars = minutes("2024-11-18", "2024-11-27")
    gone = bars["ts"].between(utc("2024-11-21 20:00"), utc("2024-11-21 20:59"))
    (finding,) = examine(bars[~gone].reset_index(drop=True), "1m", NEW_YORK).findings
    assert (finding.kind, finding.values["longest"]) == ("missing_bars", 60)
    assert "from 20:00 to 21:00 UTC" in finding.text
