"""The clock of a chart's labels: the exchange's, UTC, or the zone of whoever looks at it."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from services.errors import InvalidParams, did_you_mean

EXCHANGE, UTC, LOCAL = "exchange", "utc", "local"
_UTC_NAMES = {"UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal", "Etc/Universal"}


@dataclass(frozen=True)
class Clock:
    """Turns the bars' times into those of a zone; `dated` bars carry dates, which never shift.

    A day of the exchange begins `lead` minutes before its midnight.
    """

    zone: str
    dated: bool
    lead: int = 0

    @property
    def text(self) -> str:
        """The zone as a reader knows it ("New York"); empty for bars that are dates."""
        if self.dated:
            return ""
        return "UTC" if self.is_utc else self.zone.rpartition("/")[2].replace("_", " ")

    @property
    def is_utc(self) -> bool:
        """Whether times need no change."""
        return self.dated or self.zone in _UTC_NAMES

    def local(self, ts: np.ndarray) -> np.ndarray:
        """Return moments of UTC as the clock on the wall shows them."""
        if self.is_utc:
            return ts
        there = pd.DatetimeIndex(ts).tz_localize("UTC").tz_convert(self.zone)
        return there.tz_localize(None).to_numpy().astype(ts.dtype)

    def moments(self, wall: np.ndarray) -> np.ndarray:
        """Return what the clock on the wall shows as moments of UTC.

        An hour that comes twice is the first of them, one that is skipped the moment after it.
        """
        wall = wall.astype("datetime64[us]")
        if self.is_utc:
            return wall
        first = np.ones(len(wall), dtype=bool)
        there = pd.DatetimeIndex(wall).tz_localize(
            self.zone, ambiguous=first, nonexistent="shift_forward"
        )
        return there.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")

    def days(self, ts: np.ndarray) -> np.ndarray:
        """Return the day (datetime64[D]) of the exchange to which each moment belongs."""
        return (self.local(ts) + self._before_midnight).astype("datetime64[D]")

    def day_begins(self, days: np.ndarray) -> np.ndarray:
        """Return the moments of UTC at which days of the exchange begin."""
        return self.moments(days.astype("datetime64[us]") - self._before_midnight)

    @property
    def _before_midnight(self) -> np.timedelta64:
        return np.timedelta64(0 if self.dated else self.lead, "m")


def clock_of(timezone: str, dated: bool, zone: str = EXCHANGE, lead: int = 0) -> Clock:
    """Return the clock for a chart of an exchange in `timezone`, as `zone` wants it.

    The zone of a browser that has not told it yet ("local") is taken for the exchange's.
    """
    wanted = {EXCHANGE: timezone, LOCAL: timezone, UTC: "UTC"}.get(zone, zone)
    return Clock(wanted if wanted in known_zones() else "UTC", dated, lead)


def check_zone(text: str) -> str:
    """Return a zone as it is used: exchange, utc, local or an IANA name; raise InvalidParams."""
    name = text.strip()
    if name.lower() in (EXCHANGE, UTC, LOCAL):
        return name.lower()
    if name in known_zones():
        return name
    meant = did_you_mean(name, known_zones()) if len(name) <= 40 else ""
    raise InvalidParams(
        f'"{name[:40]}" is no time zone: use exchange, utc, local or a name as in '
        f"America/New_York.{meant}",
        field="zone",
    )


@cache
def known_zones() -> frozenset[str]:
    """Return the IANA names that this machine knows."""
    return frozenset(available_timezones())
