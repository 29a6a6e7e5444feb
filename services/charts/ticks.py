"""Time labels for an axis that counts bars: ticks at round moments, and a label a candle."""

import numpy as np

from services.charts.view import View

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


def axis_ticks(ts: np.ndarray, view: View, intraday: bool) -> tuple[list[int], list[str]]:
    """Return positions and texts of the ticks in view: the first bar after each round moment."""
    first = min(max(0, int(view.lo)), len(ts) - 1)
    stamps = ts[first : max(first, int(view.hi)) + 1]
    seconds = (stamps[-1] - stamps[0]) / np.timedelta64(1, "s")
    begins = np.array([], dtype=int)
    for unit, count, length, _ in _STEPS:
        if seconds / length > _MOST_TICKS * _SPARSE or (length < _DAY and not intraday):
            continue
        periods = stamps.astype(f"datetime64[{unit}]").astype(np.int64)
        periods += _MONDAY if unit == "D" else 0
        begins = np.flatnonzero(np.diff(periods // count)) + 1
        if len(begins) <= _MOST_TICKS:
            break
    form = next(step[3] for step in _STEPS if step[:2] == (unit, count))
    if len(begins) == 0:
        begins = np.array([0])
    return [int(first + i) for i in begins], [_text(stamps[i], form) for i in begins]


def candle_labels(ts: np.ndarray, view: View, intraday: bool) -> list[str]:
    """Return the time of each candle in words: one moment, or from-to for several bars."""
    form, zone = ("%Y-%m-%d %H:%M", " UTC") if intraday else ("%Y-%m-%d", "")
    pairs = zip(ts[view.starts], ts[view.ends], strict=True)
    spans = ((_text(a, form), _text(b, form)) for a, b in pairs)
    return [(a if a == b else f"{a} to {b}") + zone for a, b in spans]


def _text(moment: np.datetime64, form: str) -> str:
    return moment.astype("datetime64[s]").item().strftime(form)
