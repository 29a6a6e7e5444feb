"""The part of a chart that an address asks for: a trade, a range, times, or positions."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from pandas.errors import OutOfBoundsDatetime

from services.charts.figure import chart_figure
from services.charts.options import ChartOptions, text_of, whole_number
from services.charts.source import ChartSource
from services.charts.time_ranges import range_begin
from services.charts.zones import clock_of
from services.errors import InvalidParams
from services.timespan import parse_date

_TRADE_MARGIN = 0.75  # of a trade's length, shown before and after it
_LEAST_MARGIN = 20  # bars
_DATE_LENGTH = len("2024-01-31")
# Time zones are not defined to the very ends of the calendar.
_EARLIEST, _LATEST = np.datetime64("1000-01-01", "us"), np.datetime64("9000-01-01", "us")
Ends = tuple[float | None, float | None]


def figure_for_query(source: ChartSource, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the chart that a query asks for; raise InvalidParams with a sentence.

    Where it has several of them, `trade` counts before `range`, that before `from` and `to`, and
    those before `lo` and `hi`. `mark` marks a trade and keeps the view.
    """
    options = ChartOptions.from_query(query)
    known = source.until(options.until)
    chosen = _trade(known, query, "trade")
    marked = _trade(known, query, "mark") if chosen is None else chosen
    lo, hi = _around(known, chosen) if chosen is not None else _ends(known, query)
    return chart_figure(known, lo, hi, options, marked)


def _ends(source: ChartSource, query: Mapping[str, str]) -> Ends:
    if name := text_of(query, "range"):
        return float(range_begin(source, name)), len(source) - 1.0
    if text_of(query, "from") or text_of(query, "to"):
        return _between(source, text_of(query, "from"), text_of(query, "to"))
    return _position(query, "lo"), _position(query, "hi")


def _between(source: ChartSource, first: str, last: str) -> Ends:
    """Return the positions of the first bar from a time on, and of the last one up to another."""
    start = _moment(source, first, "from") if first else None
    end = _moment(source, last, "to") if last else None
    if start is not None and end is not None and start > end:
        raise InvalidParams(
            f"from ({first[:40]}) must not be later than to ({last[:40]}).", field="from"
        )
    count = len(source)
    lo = 0 if start is None else int(np.searchsorted(source.ts, start))
    hi = count - 1 if end is None else int(np.searchsorted(source.ts, end, side="right")) - 1
    # A span without a bar shows those beside it.
    return float(min(lo, count - 1)), float(max(hi, min(lo, count - 1)))


def _moment(source: ChartSource, text: str, name: str) -> np.datetime64:
    """Read a date or a time; raise InvalidParams.

    A date means the whole day of the exchange, and a time, for bars that are dates, its day there.
    """
    try:
        moment = np.datetime64(parse_date(text[:40], name).tz_localize(None), "us")
    except (OverflowError, OutOfBoundsDatetime) as error:
        raise InvalidParams(f'"{text[:40]}" is no time of a market.', field=name) from error
    moment = min(max(moment, _EARLIEST), _LATEST)
    there = clock_of(source.timezone, dated=False, lead=source.lead)
    is_date = len(text) <= _DATE_LENGTH
    if source.session_based:
        return moment if is_date else there.days(np.array([moment]))[0]
    if not is_date:
        return moment
    day = moment.astype("datetime64[D]")
    begin, after = there.day_begins(np.array([day, day + 1]))
    return begin if name == "from" else after - np.timedelta64(1, "us")


def _position(query: Mapping[str, str], name: str) -> float | None:
    """Return a position; one that is no number counts as not given, as positions move."""
    try:
        position = float(text_of(query, name)[:40])
    except ValueError:
        return None
    return position if math.isfinite(position) else None


def _trade(source: ChartSource, query: Mapping[str, str], name: str) -> int | None:
    number = whole_number(query, name)
    if number is None:
        return None
    count = 0 if source.trades is None else len(source.trades)
    if 1 <= number <= count:
        return number
    there = f"they are 1 to {count}" if count > 1 else "there is one" if count else "there is none"
    raise InvalidParams(f"There is no trade {number} in this chart: {there}.", field=name)


def _around(source: ChartSource, number: int) -> Ends:
    """Return a view that shows a trade with some bars before and after it."""
    trade = source.trades.loc[number - 1]
    last = len(source) - 1
    entry = int(trade["entry_bar"])
    exit_ = int(trade["exit_bar"]) if trade["exit_bar"] >= 0 else last
    margin = max(_LEAST_MARGIN, _TRADE_MARGIN * (exit_ - entry))
    return max(0.0, entry - margin), min(float(last), exit_ + margin)
