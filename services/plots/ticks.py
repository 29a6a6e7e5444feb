"""Where an axis is labelled: calendar steps on a bar-index axis, round values on a value axis."""

import math
from dataclasses import dataclass

import numpy as np

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_STEPS: tuple[tuple[str, int], ...] = (
    *((("minute"), m) for m in (1, 2, 5, 10, 15, 30)),
    *((("hour"), h) for h in (1, 2, 4, 6, 12)),
    *((("day"), d) for d in (1, 2, 4)),
    *((("week"), w) for w in (1, 2)),
    *((("month"), m) for m in (1, 2, 3, 6)),
    *((("year"), y) for y in (1, 2, 5, 10, 20, 50, 100)),
)
_SECONDS = {"minute": _MINUTE, "hour": _HOUR, "day": _DAY, "week": 7 * _DAY}
_NARROW = 0.65  # what a year or month takes of the room of a full date
_MAY_BE_CROWDED = 0.34  # of the steps: those are left out
_MONDAY = 4 * _DAY  # the epoch began on a Thursday
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True)
class DateTick:
    """A labelled bar: its position, a first line, and a second one where the context changes."""

    bar: int
    label: str
    context: str


def date_ticks(stamps: np.ndarray, room: int) -> list[DateTick]:
    """Label at most `room` bars, each the first of a calendar step (minutes to centuries).

    `stamps` are the bars' times as ascending datetime64, one a position: nights and weekends take
    no space. With too few steps to choose from, the first and the last bar are labelled.
    """
    seconds = stamps.astype("datetime64[s]")
    n = len(seconds)
    gap = n / room
    for unit, count in _STEPS:
        least = gap * _NARROW if unit in ("month", "year") else gap
        if _at_least(seconds, unit, count) > 2 * n / least:
            continue
        starts = _starts(seconds, unit, count)
        if len(starts) >= 2 and _crowding(starts, least) <= _MAY_BE_CROWDED:
            return _labelled(seconds, _spaced(starts, least), unit)
    ends = [0, n - 1] if n > 1 and n - 1 >= gap * 0.9 else [0]
    return _labelled(seconds, np.array(ends), "minute" if _has_times(seconds) else "day")


def _at_least(seconds: np.ndarray, unit: str, count: int) -> float:
    """Estimate from below how many steps there are, so that far too fine ones are not counted."""
    if unit in ("month", "year"):
        return 0
    # A market is open for a sixth of the clock or more, and a sparse one has few bars to count.
    span = float((seconds[-1] - seconds[0]).astype(np.int64))
    return min(len(seconds), span / (_SECONDS[unit] * count) / 6)


def _starts(seconds: np.ndarray, unit: str, count: int) -> np.ndarray:
    if unit in _SECONDS:
        since = seconds.astype(np.int64) + (_DAY * 7 - _MONDAY if unit == "week" else 0)
        period = since // (_SECONDS[unit] * count)
    else:
        period = seconds.astype(f"datetime64[{unit[0].upper()}]").astype(np.int64)
        period = (period + (1970 if unit == "year" else 0)) // count
    return np.flatnonzero(np.diff(period)) + 1


def _crowding(starts: np.ndarray, gap: float) -> float:
    """Return the share of steps that lie too close to the one before."""
    return float(np.mean(np.diff(starts) < gap))


def _spaced(starts: np.ndarray, gap: float) -> np.ndarray:
    kept = [int(starts[0])]
    for start in starts[1:]:
        if start - kept[-1] >= gap:
            kept.append(int(start))
    return np.array(kept)


def _labelled(seconds: np.ndarray, bars: np.ndarray, unit: str) -> list[DateTick]:
    ticks, before = [], None
    for bar in bars:
        label, context = _words(seconds[bar].item(), unit)
        ticks.append(DateTick(int(bar), label, context if context != before else ""))
        before = context
    return ticks


def _words(moment, unit: str) -> tuple[str, str]:
    day = f"{moment.day} {_MONTHS[moment.month - 1]}"
    if unit in ("minute", "hour"):
        return f"{moment:%H:%M}", f"{day} {moment.year}"
    if unit in ("day", "week"):
        return day, str(moment.year)
    if unit == "month":
        return _MONTHS[moment.month - 1], str(moment.year)
    return str(moment.year), ""


def _has_times(seconds: np.ndarray) -> bool:
    return bool((seconds.astype(np.int64) % _DAY).any())


def value_ticks(low: float, high: float, most: int) -> list[float]:
    """Return up to `most` round values between low and high, at steps of 1, 2, 2.5 or 5."""
    rough = (high - low) / max(most, 1)
    if not rough > 0 or not math.isfinite(rough):
        return []
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (power * m for m in (1, 2, 2.5, 5, 10, 20, 25)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [i * step for i in range(first, last + 1)]
    return []


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return up to `most` values between low and high for a log axis: 1-2-5, or whole decades."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = range(first, last + 1)
    fine = [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= m * 10.0**d <= high]
    if len(fine) <= most:
        return fine
    whole = [10.0**d for d in decades if low <= 10.0**d <= high]
    return whole[:: -(-len(whole) // max(most, 1))]
