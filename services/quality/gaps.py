"""What is missing, what is too much: findings about sessions."""

import numpy as np
import pandas as pd

from services.calendars import FOREX
from services.quality.findings import Finding
from services.quality.series import Series, runs, share, stamp
from services.quality.sessions import Held
from services.wording import counted

# The shortest gap worth a word of its own; a lone minute without a trade is no event.
_SHORTEST_GAP = {"1m": 5, "5m": 2}
_GAP_TIMES_USUAL = 1.5
# A gap is odd where its chance in one session is lower, were the trades spread evenly; they come
# in clusters, which makes a gap as likely as one of half its length.
_CHANCE = 1e-4
_COMPLETE = 0.999  # from here on every bar has trades
_FULL_ENOUGH = 0.9  # where sessions usually are as full as this, a much emptier one is odd
_MUCH_EMPTIER = 0.75
_AROUND = 41  # sessions whose gaps are taken as usual


def session_findings(series: Series, held: Held, calendar: str) -> list[Finding]:
    """Find missing sessions, gaps inside sessions, and bars outside of them."""
    found = _missing_sessions(series, held)
    if not series.by_session:
        gaps, told = _missing_bars(series, held)
        found += gaps + _sparse_bars(series, held, told)
    return found + _outside(series, held, calendar)


def _missing_sessions(series: Series, held: Held) -> list[Finding]:
    asked = held.map.expected > 0  # a stray bar on a holiday does not part a gap in two
    dates = held.map.dates[asked]
    missing = held.map.present[asked] == 0
    noun = "week" if series.resolution == "1w" else "session"
    found = []
    for first, last in runs(missing):
        count = last - first + 1
        start, end = dates[first], dates[last]
        span = f"{start}" if count == 1 else f"{start} to {end}"
        verb = "has" if count == 1 else "have"
        text = f"{span}: {counted(count, noun)} of the exchange {verb} no bar."
        found.append(
            Finding(
                "missing_sessions",
                stamp(start),
                stamp(end),
                count,
                "warning",
                text,
                ("refetch", "accept"),
                {"sessions": count},
            )
        )
    return found


def _missing_bars(series: Series, held: Held) -> tuple[list[Finding], int]:
    """Find sessions with a gap that is long for this series; count the bars that they lack."""
    sessions = held.map
    there = (sessions.expected > 0) & (sessions.present > 0)
    usual = _usual(np.where(there, held.gap, np.nan))
    fullness = np.where(there, sessions.fraction, np.nan)
    usual_fullness = _usual(fullness)
    shortest = _SHORTEST_GAP.get(series.resolution, 1)
    limit = np.maximum(shortest, _GAP_TIMES_USUAL * usual + (usual > 0))
    limit = np.maximum(limit, _unlikely_length(usual_fullness, sessions.expected))
    emptier = (usual_fullness >= _FULL_ENOUGH) & (fullness < _MUCH_EMPTIER * usual_fullness)
    odd = there & ((held.gap >= limit) | emptier)
    found, told = [], 0
    for entry in np.flatnonzero(odd):
        lacking = int(sessions.expected[entry] - sessions.present[entry])
        told += lacking
        found.append(_gap_finding(series, held, int(entry), lacking))
    return found, told


def _usual(values: np.ndarray) -> np.ndarray:
    rolled = pd.Series(values).rolling(_AROUND, center=True, min_periods=1).median().to_numpy()
    return np.where(np.isnan(rolled), 0.0, rolled)


def _unlikely_length(fullness: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return how long a gap must be to be no chance where so few of the bars have trades."""
    empty = np.clip(1 - fullness, 1e-9, 1 - 1e-9)
    trades = np.maximum(fullness * expected, 1)
    length = 2 * np.log(_CHANCE / trades) / np.log(empty)
    return np.where(fullness < _COMPLETE, length, 0)


def _gap_finding(series: Series, held: Held, entry: int, lacking: int) -> Finding:
    date, expected = held.map.dates[entry], int(held.map.expected[entry])
    text = f"{date}: {lacking:,} of {counted(expected, series.bar_name)} are missing"
    gap = int(held.gap[entry])
    begin = held.gap_start[entry]
    values = {"missing": lacking, "expected": expected, "longest": gap}
    if series.step < np.timedelta64(60, "m"):
        end = begin + gap * series.step
        text += f", {gap:,} of them in a row from {_clock(begin)} to {_clock(end)} UTC"
        values |= {"gap_start": stamp(begin).isoformat(), "gap_end": stamp(end).isoformat()}
    return Finding(
        "missing_bars",
        stamp(date),
        stamp(date),
        lacking,
        "warning",
        f"{text}.",
        ("refetch", "accept"),
        values,
    )


def _clock(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[m]"))[11:]


def _sparse_bars(series: Series, held: Held, told: int) -> list[Finding]:
    """Say once how many of the bars there are, where the rest is missing all over."""
    sessions = held.map
    there = sessions.present > 0
    expected = int(sessions.expected[there].sum())
    present = int(np.minimum(sessions.present, sessions.expected)[there].sum())
    if expected - present - told <= 0:
        return []
    text = (
        f"{share(present / expected)} of the {series.bar_name}s of the sessions are there "
        f"({present:,} of {expected:,}); without a trade there is no bar, which is usual where "
        "trading is thin."
    )
    return [
        Finding(
            "sparse_bars",
            series.stamp(0),
            series.stamp(-1),
            expected - present - told,
            "info",
            text,
            ("accept",),
            {"present": present, "expected": expected, "share": present / expected},
        )
    ]


def _outside(series: Series, held: Held, calendar: str) -> list[Finding]:
    if series.by_session:
        return [_on_closed_days(series, *run, calendar) for run in runs(held.outside)]
    bars = np.flatnonzero(held.outside)
    if len(bars) == 0:
        return []
    part = len(bars) / len(series)
    text = (
        f"{counted(len(bars), 'bar')} ({share(part)}) lie outside the sessions of {calendar}, from "
        f"{series.when(bars[0])} to {series.when(bars[-1])}: extended hours."
    )
    return [
        Finding(
            "bars_outside_sessions",
            series.stamp(bars[0]),
            series.stamp(bars[-1]),
            len(bars),
            "info",
            text,
            ("accept",),
            {"bars": len(bars), "share": part},
        )
    ]


def _on_closed_days(series: Series, first: int, last: int, calendar: str) -> Finding:
    count = last - first + 1
    where = "a day" if count == 1 else "days"
    text = f"{series.span(first, last)}: {counted(count, 'bar')} on {where} without a session of "
    return Finding(
        "bars_outside_sessions",
        series.stamp(first),
        series.stamp(last),
        count,
        "info" if calendar == FOREX else "warning",  # some vendors quote currencies on holidays
        f"{text}{calendar}.",
        ("refetch", "drop", "accept"),
        {"bars": count},
    )
