"""Bars held against an exchange's sessions: how many there should be, and where they are."""

from dataclasses import dataclass

import numpy as np

from services.calendars import Schedule, SessionCalendar, slot_counts, week_start, weeks_of
from services.quality.findings import SessionMap, empty_map
from services.quality.series import Series

_DAY = np.timedelta64(1, "D")
_HOUR = np.timedelta64(60, "m")
_NONE = np.array([], dtype="int64")


@dataclass(frozen=True, eq=False)
class Held:
    """A series against a calendar.

    `map` tells how full each session is, `outside` marks the bars that no session holds. Of
    bars shorter than an hour `gap` has for each entry of the map the longest stretch of missing
    bars in a row and `gap_start` its first moment; of others it is how many are missing.
    """

    map: SessionMap
    outside: np.ndarray
    gap: np.ndarray
    gap_start: np.ndarray

    @property
    def expected(self) -> int:
        """Count the bars that the calendar asks for."""
        return int(self.map.expected.sum())

    @property
    def coverage(self) -> float | None:
        """Return which share of the expected bars is there; None where none are expected."""
        there = np.minimum(self.map.present, self.map.expected).sum()
        return float(there / self.expected) if self.expected else None


def hold(series: Series, calendar: SessionCalendar) -> Held:
    """Hold a series, not empty, against a calendar.

    Bars from before the calendar's holidays are recorded are not judged.
    """
    known = calendar.known_from(series.ts[0]).astype(series.ts.dtype)
    early = int(np.searchsorted(series.ts, known - 7 * _DAY))
    if early == 0:
        return _hold(series, calendar)
    if early == len(series):
        nothing = np.zeros(early, dtype=bool)
        return Held(empty_map(), nothing, _NONE, _NONE.astype(series.ts.dtype))
    held = _hold(series.later(early), calendar)
    outside = np.concatenate((np.zeros(early, dtype=bool), held.outside))
    return Held(held.map, outside, held.gap, held.gap_start)


def _hold(series: Series, calendar: SessionCalendar) -> Held:
    if series.resolution == "1w":
        return _hold_days(series, *_weeks(series, calendar))
    if series.resolution == "1d":
        schedule = calendar.schedule(series.ts[0], series.ts[-1])
        return _hold_days(series, schedule.dates, series.day, _half_days(schedule))
    return _hold_intraday(series, calendar)


def _weeks(series: Series, calendar: SessionCalendar):
    weeks = week_start(series.day)
    schedule = calendar.schedule(weeks[0], weeks[-1] + 6)
    expected = weeks_of(schedule.dates)
    return expected, weeks, np.zeros(len(expected), dtype=bool)


def _hold_days(series: Series, expected, days, half) -> Held:
    there = np.isin(expected, days)
    outside = ~np.isin(days, expected)
    counts = np.ones(len(expected), dtype="int64")
    missing = (~there).astype("int64")
    whole = SessionMap(expected, counts, there.astype("int64"), half)
    return _with_extra_days(
        whole, outside, days[outside], missing, expected.astype(series.ts.dtype)
    )


def _hold_intraday(series: Series, calendar: SessionCalendar) -> Held:
    schedule = calendar.schedule_around(series.ts[0], series.ts[-1] + series.step)
    if len(schedule) == 0:
        none = SessionMap(_NONE.astype("datetime64[D]"), _NONE, _NONE, _NONE.astype(bool))
        outside = np.ones(len(series), dtype=bool)
        return _with_extra_days(none, outside, series.day, _NONE, _NONE.astype(series.ts.dtype))
    session, inside = session_of(series, schedule)
    expected = slot_counts(schedule, series.resolution, series.ts[0], series.ts[-1])
    if series.step >= _HOUR:
        present = np.bincount(session[inside], minlength=len(schedule))
        expected = _usual_counts(schedule, present, expected)
        gap = np.maximum(expected - present, 0)
        start = schedule.open
    else:
        slot = _slots(series, schedule, session)
        present, gap, start = _longest_gaps(series, schedule, session, slot, inside, expected)
    whole = SessionMap(schedule.dates, expected, present, _half_days(schedule))
    kept = (expected > 0) | (present > 0)  # a session may end before the first bar
    whole = SessionMap(*(a[kept] for a in (whole.dates, expected, present, whole.half_day)))
    days = series.day[~inside]
    return _with_extra_days(whole, ~inside, days, gap[kept], start[kept])


def session_of(series: Series, schedule: Schedule) -> tuple[np.ndarray, np.ndarray]:
    """Return for each bar the number of its session, and whether it trades within it.

    `schedule` may not be empty.
    """
    ts, long = series.ts, series.step >= _HOUR
    # A bar of an hour may begin on the full hour before the open.
    reach = ts + series.step - np.timedelta64(1, "us") if long else ts
    session = np.searchsorted(schedule.open, reach, side="right") - 1
    clipped = np.maximum(session, 0)
    inside = (session >= 0) & (ts < schedule.close[clipped])
    if not np.isnat(schedule.break_start).all():
        pause = (ts >= schedule.break_start[clipped]) & (reach < schedule.break_end[clipped])
        inside &= ~pause
    return clipped, inside


def _slots(series: Series, schedule: Schedule, session: np.ndarray) -> np.ndarray:
    """Number the bars within their session, from 0 at the open on, the break left out."""
    slot = (series.ts - schedule.open[session]) // series.step
    if np.isnat(schedule.break_start).all():
        return slot
    pause = schedule.break_end - schedule.break_start
    length = np.where(np.isnat(pause), np.timedelta64(0, "us"), pause) // series.step
    return slot - np.where(series.ts >= schedule.break_end[session], length[session], 0)


def _longest_gaps(series, schedule, session, slot, inside, expected):
    """Return for each session the bars that are there, the longest gap and where it begins."""
    sessions, slots, ts = session[inside], slot[inside], series.ts[inside]
    count = len(schedule)
    fresh = np.ones(len(sessions), dtype=bool)
    fresh[1:] = (np.diff(sessions) != 0) | (np.diff(slots) != 0)
    sessions, slots, ts = sessions[fresh], slots[fresh], ts[fresh]
    present = np.bincount(sessions, minlength=count)
    total = slot_counts(schedule, series.resolution)
    first_slot = total - slot_counts(schedule, series.resolution, series.ts[0])
    stop_slot = first_slot + expected
    opens = np.ones(len(sessions), dtype=bool)
    opens[1:] = np.diff(sessions) != 0
    previous = np.where(opens, first_slot[sessions] - 1, np.roll(slots, 1))
    before = slots - previous - 1
    begun = np.where(
        opens, np.maximum(schedule.open[sessions], series.ts[0]), np.roll(ts, 1) + series.step
    )
    gap = expected.copy()  # a session without a bar is one gap
    start = schedule.open.copy()
    if len(sessions):
        order = np.lexsort((before, sessions))
        longest = order[np.append(np.flatnonzero(np.diff(sessions[order])), len(order) - 1)]
        gap[sessions[longest]] = before[longest]
        start[sessions[longest]] = begun[longest]
        closes = np.append(np.flatnonzero(opens[1:]), len(sessions) - 1)
        after = stop_slot[sessions[closes]] - 1 - slots[closes]
        longer = after > gap[sessions[closes]]
        gap[sessions[closes][longer]] = after[longer]
        start[sessions[closes][longer]] = ts[closes][longer] + series.step
    return present, gap, start


def _usual_counts(schedule: Schedule, present: np.ndarray, nominal: np.ndarray) -> np.ndarray:
    """Expect as many long bars as sessions of the same length have most often.

    Vendors cut a session into hours in several ways, which differ by one bar at most.
    """
    expected = nominal.copy()
    minutes = schedule.minutes
    middle = np.zeros(len(schedule), dtype=bool)
    middle[1:-1] = True
    for length in np.unique(minutes[middle]):
        same = middle & (minutes == length) & (present > 0)
        if same.sum() >= 3:
            usual = int(np.bincount(present[same]).argmax())
            if abs(usual - int(nominal[same][0])) <= 1:
                expected[middle & (minutes == length)] = usual
    return expected


def _half_days(schedule: Schedule) -> np.ndarray:
    """Mark sessions that trade clearly shorter than most of those in the series."""
    if len(schedule) == 0:
        return np.array([], dtype=bool)
    return schedule.minutes < 0.8 * np.median(schedule.minutes)


def _with_extra_days(whole: SessionMap, outside, days, gap, start) -> Held:
    """Add the days on which there are bars but no session."""
    extra = np.setdiff1d(np.unique(days), whole.dates)
    dates = np.concatenate((whole.dates, extra))
    order = np.argsort(dates, kind="stable")
    zeros = np.zeros(len(extra), dtype="int64")
    there = np.searchsorted(np.sort(days), extra + 1) - np.searchsorted(np.sort(days), extra)
    joined = SessionMap(
        dates[order],
        np.concatenate((whole.expected, zeros))[order],
        np.concatenate((whole.present, there))[order],
        np.concatenate((whole.half_day, zeros.astype(bool)))[order],
    )
    gap = np.concatenate((gap, zeros))[order]
    start = np.concatenate((start, extra.astype(start.dtype)))[order]
    return Held(joined, outside, gap, start)
