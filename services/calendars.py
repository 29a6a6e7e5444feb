"""When exchanges trade: sessions, early closes and breaks, by the names that people write."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from services.exchanges import calendar_name
from services.instruments import Instrument
from services.timespan import RESOLUTIONS, utc_now

ALWAYS = "24/7"
FOREX = "24/5"
_EARLY_YEAR = 2000  # calendars reach at least this far back, so that few are built twice
_WEEK_BEGINS = np.datetime64("1970-01-05", "D")  # a Monday


@dataclass(frozen=True, eq=False)
class Schedule:
    """Sessions in ascending order: `dates` (datetime64[D]), the times datetime64[us] in UTC.

    `break_start` and `break_end` are NaT where the session has no break.
    """

    dates: np.ndarray
    open: np.ndarray
    break_start: np.ndarray
    break_end: np.ndarray
    close: np.ndarray

    def __len__(self) -> int:
        return len(self.dates)

    def part(self, start: int, stop: int) -> "Schedule":
        """Return the sessions number `start` up to, but without, number `stop`."""
        return Schedule(*(getattr(self, name)[start:stop] for name in _COLUMNS))

    @property
    def minutes(self) -> np.ndarray:
        """Return how many minutes each session trades, its break left out."""
        pause = self.break_end - self.break_start
        open_ = self.close - self.open - np.where(np.isnat(pause), np.timedelta64(0, "us"), pause)
        return open_ // np.timedelta64(1, "m")


_COLUMNS = tuple(Schedule.__dataclass_fields__)


@dataclass(frozen=True)
class SessionCalendar:
    """The sessions of one exchange, made when they are first asked for.

    Moments may be aware timestamps or dates; a date counts in UTC.
    """

    name: str

    def schedule(self, first, last) -> Schedule:
        """Return the sessions dated `first` to `last`, both included."""
        first, last = _day(first), _day(last)
        whole = self._reaching(first)
        start, stop = np.searchsorted(whole.dates, [first, last + 1])
        return whole.part(start, stop)

    def schedule_around(self, first, last) -> Schedule:
        """Return the sessions that trade at some moment from `first` to `last`."""
        first, last = _moment(first), _moment(last)
        whole = self._reaching(first.astype("datetime64[D]"))
        start = np.searchsorted(whole.close, first, side="right")
        return whole.part(start, np.searchsorted(whole.open, last, side="right"))

    def known_from(self, first) -> np.datetime64:
        """Return the first session that is known of those that could hold `first` or follow it."""
        return self._reaching(_day(first)).dates[0]

    def sessions(self, first, last) -> pd.DatetimeIndex:
        """Return the dates of the sessions from `first` to `last` as UTC midnights."""
        dates = self.schedule(first, last).dates.astype("datetime64[us]")
        return pd.DatetimeIndex(dates, tz="UTC")

    def is_session(self, date) -> bool:
        """Tell whether the exchange trades on this date."""
        return len(self.schedule(date, date)) == 1

    def open_close(self, session) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return when a session opens and closes; raise ValueError when there is none."""
        found = self.schedule(session, session)
        if len(found) == 0:
            raise ValueError(f"{self.name} has no session on {_day(session)}")
        return _stamp(found.open[0]), _stamp(found.close[0])

    def last_close(self, now=None) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """Return the date (UTC midnight) and the close of the last session that has ended.

        None when no session is known before `now` (the present moment by default).
        """
        now = _moment(utc_now() if now is None else now)
        whole = self._reaching(now.astype("datetime64[D]") - 30)
        ended = int(np.searchsorted(whole.close, now, side="right")) - 1
        if ended < 0:
            return None
        return _stamp(whole.dates[ended].astype("datetime64[us]")), _stamp(whole.close[ended])

    def expected_bars(self, resolution: str, first, last) -> int:
        """Count the bars that a complete series has from the bar `first` to the bar `last`."""
        if resolution == "1d":
            return len(self.schedule(first, last))
        if resolution == "1w":
            return len(weeks_of(self.schedule(week_start(_day(first)), _day(last)).dates))
        around = self.schedule_around(first, _moment(last) + _step(resolution))
        return int(slot_counts(around, resolution, first, last).sum())

    def slots(self, resolution: str, session) -> int:
        """Count the bars of an intraday resolution in one session; a half day has fewer."""
        return int(slot_counts(self.schedule(session, session), resolution).sum())

    def _reaching(self, first: np.datetime64) -> Schedule:
        year = min(int(str(first)[:4]), _EARLY_YEAR)
        return _built(self.name, max(year - year % 10, 1700), utc_now().strftime("%Y-%m"))


def calendar_for(
    exchange: str | None,
    asset_class: str | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    primary_exchange: str | None = None,
) -> SessionCalendar | None:
    """Return the calendar of an instrument, None when its exchange is not known."""
    name = calendar_name(exchange, asset_class, currency, timezone, primary_exchange)
    return None if name is None else SessionCalendar(name)


def calendar_of(instrument: Instrument) -> SessionCalendar | None:
    """Return the calendar of a stored instrument, None when its exchange is not known."""
    return calendar_for(
        instrument.exchange,
        instrument.asset_class,
        instrument.currency,
        instrument.timezone,
        (instrument.contract_spec or {}).get("primary_exchange"),
    )


def slot_counts(schedule: Schedule, resolution: str, first=None, last=None) -> np.ndarray:
    """Count for each session the intraday bars that start from `first` to `last`.

    Bars begin at the open and again after the break.
    """
    step = _step(resolution)
    low = None if first is None else _moment(first)
    high = None if last is None else _moment(last) + np.timedelta64(1, "us")
    pause = ~np.isnat(schedule.break_start)
    morning_end = np.where(pause, schedule.break_start, schedule.close)
    counts = _starts(schedule.open, morning_end, step, low, high)
    afternoon = np.where(pause, schedule.break_end, schedule.close)
    return counts + _starts(afternoon, schedule.close, step, low, high)


def _starts(begin, end, step, low, high) -> np.ndarray:
    """Count the moments begin + k * step that lie before `end` and within [low, high)."""
    first = np.zeros(len(begin), dtype="int64")
    if low is not None:
        first = np.maximum(first, _ceil(low - begin, step))
    stop = _ceil((end if high is None else np.minimum(end, high)) - begin, step)
    return np.maximum(stop - first, 0)


def weeks_of(dates: np.ndarray) -> np.ndarray:
    """Return the Mondays of the weeks that hold these dates, each once."""
    return np.unique(week_start(dates))


def week_start(dates):
    """Return the Monday of each date's week."""
    return dates - (dates - _WEEK_BEGINS) % np.timedelta64(7, "D")


def _ceil(span, step) -> np.ndarray:
    return -((-span) // step)


def _step(resolution: str) -> np.timedelta64:
    return RESOLUTIONS[resolution].to_timedelta64().astype("timedelta64[us]")


def _moment(value) -> np.datetime64:
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[us]")
    stamp = pd.Timestamp(value)
    stamp = stamp if stamp.tz is None else stamp.tz_convert("UTC").tz_localize(None)
    return stamp.to_datetime64().astype("datetime64[us]")


def _day(value) -> np.datetime64:
    return _moment(value).astype("datetime64[D]")


def _stamp(moment: np.datetime64) -> pd.Timestamp:
    return pd.Timestamp(moment, tz="UTC").as_unit("us")


@lru_cache(maxsize=64)
def _built(name: str, year: int, _month: str) -> Schedule:
    """Build a calendar from the start of a year on to a year ahead; anew each month."""
    start = np.datetime64(f"{year:04d}-01-01", "D")
    if name == ALWAYS:
        return _around_the_clock(start)
    if name == FOREX:
        return _forex(start)
    return _of_exchange(name, pd.Timestamp(start))


def _of_exchange(name: str, start: pd.Timestamp) -> Schedule:
    # Importing the library takes over a second: nobody pays who asks for no exchange.
    import exchange_calendars

    try:
        known = exchange_calendars.get_calendar(name, start=start)
    except ValueError:  # its holidays are not recorded that far back
        earliest = exchange_calendars.get_calendar(name).bound_min()
        known = exchange_calendars.get_calendar(name, start=earliest)
    table = known.schedule
    times = (table[column].dt.tz_localize(None) for column in _COLUMNS[1:])
    return Schedule(
        table.index.to_numpy().astype("datetime64[D]"),
        *(column.to_numpy().astype("datetime64[us]") for column in times),
    )


def _around_the_clock(start: np.datetime64) -> Schedule:
    dates = _days_from(start)
    opens = dates.astype("datetime64[us]")
    never = np.full(len(dates), "NaT", dtype="datetime64[us]")
    return Schedule(dates, opens, never, never, opens + np.timedelta64(1, "D"))


def _forex(start: np.datetime64) -> Schedule:
    """A day of the currency market ends at 17:00 in New York, where the next one begins."""
    dates = _days_from(start)
    holidays = np.isin(dates.astype(str).astype("U10"), _new_year_and_christmas(dates))
    dates = dates[np.is_busday(dates) & ~holidays]
    closes = _five_in_new_york(dates)
    never = np.full(len(dates), "NaT", dtype="datetime64[us]")
    return Schedule(dates, _five_in_new_york(dates - 1), never, never, closes)


def _new_year_and_christmas(dates: np.ndarray) -> list[str]:
    years = np.unique(dates.astype("datetime64[Y]")).astype(str)
    return [f"{year}-{day}" for year in years for day in ("01-01", "12-25")]


def _five_in_new_york(dates: np.ndarray) -> np.ndarray:
    local = pd.DatetimeIndex(dates.astype("datetime64[us]") + np.timedelta64(17, "h"))
    return (
        local.tz_localize("America/New_York").tz_convert(None).to_numpy().astype("datetime64[us]")
    )


def _days_from(start: np.datetime64) -> np.ndarray:
    return np.arange(start, _day(utc_now()) + 366)
