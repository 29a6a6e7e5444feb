"""Time labels for an axis that counts bars: ticks at round moments, and a label a candle."""

import numpy as np

from services.charts.view import View
from services.charts.zones import Clock

_MOST_TICKS = 8
# Trading fills at least an eighth of the calendar, so a finer step than this is hopeless.
_SPARSE = 8
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# From fine to coarse: numpy's unit, how many of them, seconds in the step, the label's format.
_STEPS = (
    ("m", 1, _MINUTE, "%H:%M"),
    ("m", 5, 5 * _MINUTE, "%H:%M"),
    ("m", 15, 15 * _MINUTE, "%H:%M"),
    ("m", 30, 30 * _MINUTE, "%H:%M"),
    ("h", 1, _HOUR, "%d %b %H:%M"),
    ("h", 4, 4 * _HOUR, "%d %b %H:%M"),
    ("D", 1, _DAY, "%d %b"),
    ("D", 7, 7 * _DAY, "%d %b"),
    ("M", 1, 30 * _DAY, "%b %Y"),
    ("M", 3, 91 * _DAY, "%b %Y"),
    ("M", 6, 182 * _DAY, "%b %Y"),
    ("Y", 1, 365 * _DAY, "%Y"),
    ("Y", 2, 730 * _DAY, "%Y"),
    ("Y", 5, 1826 * _DAY, "%Y"),
    ("Y", 10, 3652 * _DAY, "%Y"),
    ("Y", 25, 9131 * _DAY, "%Y"),
)
_MONDAY = 3  # day 0 of the epoch is a Thursday


def axis_ticks(ts: np.ndarray, view: View, clock: Clock) -> tuple[list[int], list[str]]:
    """Return positions and texts of the ticks in view: the first bar after each round moment."""
    first = min(max(0, int(view.lo)), len(ts) - 1)
    stamps = ts[first : max(first, int(view.hi)) + 1]
    begin, end = clock.local(stamps[[0, -1]])
    seconds = (end - begin) / np.timedelta64(1, "s")
    form, begins = _STEPS[0][3], np.array([], dtype=int)
    for unit, count, length, form_of_step in _STEPS:
        if seconds / length > _MOST_TICKS * _SPARSE or (length < _DAY and clock.dated):
            continue
        form = form_of_step
        round_moments = clock.moments(_round_moments(begin, end, unit, count))
        begins = np.unique(np.searchsorted(stamps, round_moments))
        begins = begins[(begins > 0) & (begins < len(stamps))]
        if len(begins) <= _MOST_TICKS:
            break
    if len(begins) == 0:
        begins = np.array([0])
    shown = clock.local(stamps[begins])
    return (first + begins).tolist(), [_text(moment, form) for moment in shown]


def candle_labels(ts: np.ndarray, view: View, clock: Clock) -> list[str]:
    """Return the time of each candle in words: one moment, or from-to for several bars."""
    zone = f" {clock.text}" if clock.text else ""
    begins, ends = (_words(clock.local(ts[at]), clock.dated) for at in (view.starts, view.ends))
    return [(a if a == b else f"{a} to {b}") + zone for a, b in zip(begins, ends, strict=True)]


def iso_time(moment: np.datetime64, dated: bool) -> str:
    """Return a moment as a query has it: a date for a bar that is one, else UTC."""
    if dated:
        return str(moment.astype("datetime64[D]"))
    whole = moment.astype("datetime64[s]")
    return f"{whole if whole == moment else moment}Z"


def _round_moments(begin: np.datetime64, end: np.datetime64, unit: str, count: int) -> np.ndarray:
    """Return the multiples of a step after `begin` and up to `end`, as a wall clock shows them."""
    shift = _MONDAY if unit == "D" else 0
    low, high = (
        int(moment.astype(f"datetime64[{unit}]").astype(np.int64)) + shift
        for moment in (begin, end)
    )
    steps = np.arange(low // count + 1, high // count + 1) * count - shift
    return steps.astype(f"datetime64[{unit}]").astype("datetime64[us]")


def _words(moments: np.ndarray, dated: bool) -> list[str]:
    texts = np.datetime_as_string(moments.astype("datetime64[D]" if dated else "datetime64[m]"))
    return [text.replace("T", " ") for text in texts.tolist()]


def _text(moment: np.datetime64, form: str) -> str:
    return moment.astype("datetime64[s]").item().strftime(form)
