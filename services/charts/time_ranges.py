"""The spans of the range buttons, counted back from the last bar that is known."""

import numpy as np
import pandas as pd

from services.charts.source import ChartSource
from services.errors import InvalidParams, did_you_mean

RANGES = ("1D", "5D", "1M", "6M", "YTD", "1Y", "5Y", "All")
_DAYS = {"1D": 1, "5D": 5}
_OFFSETS = {"1M": {"months": 1}, "6M": {"months": 6}, "1Y": {"years": 1}, "5Y": {"years": 5}}


def range_begin(source: ChartSource, name: str) -> int:
    """Return the position of the first bar of a range; raise InvalidParams.

    1D is the last day of the exchange that has bars (of an exchange that opens in the evening, from
    there on), 5D the last five of them: of daily bars the
    last one and the last five. Months and years are those of the calendar, YTD is from the first
    bar of the last bar's year on, all by the clock of the exchange.
    """
    known = {known.lower(): known for known in RANGES}.get(name.lower())
    if known is None:
        raise InvalidParams(
            f'"{name[:40]}" is no range: use one of {", ".join(RANGES)}.'
            f"{did_you_mean(name[:40], RANGES)}",
            field="range",
        )
    if known == "All":
        return 0
    if known in _DAYS:
        return _last_days(source, _DAYS[known])
    clock = source.clock()
    last = clock.local(source.ts[-1:])[0]
    if known == "YTD":
        begin = last.astype("datetime64[Y]")
    else:
        begin = np.datetime64(pd.Timestamp(last) - pd.DateOffset(**_OFFSETS[known]), "us") + 1
    moment = clock.moments(np.array([begin], dtype="datetime64[us]"))[0]
    return int(min(np.searchsorted(source.ts, moment), len(source) - 1))


def _last_days(source: ChartSource, count: int) -> int:
    """Return the position of the first bar of the last days that have bars."""
    clock, begin = source.clock(), len(source)
    for _ in range(count):
        day = clock.days(source.ts[begin - 1 : begin])
        begin = int(np.searchsorted(source.ts, clock.day_begins(day)[0]))
        if begin == 0:
            break
    return begin
