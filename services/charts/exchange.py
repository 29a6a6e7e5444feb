"""What a chart must know of an exchange: its clock, and when its days begin."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from services.calendars import FOREX, SessionCalendar, calendar_of
from services.charts.zones import clock_of, known_zones
from services.instruments import Instrument

_OVERNIGHT = {"CMES", FOREX}  # their sessions begin on the evening before their date
_A_SESSION = np.datetime64("2024-01-10", "D")  # of an ordinary week


@dataclass(frozen=True)
class Exchange:
    """`timezone` is IANA; `lead` is how many minutes before midnight a session's day begins."""

    timezone: str = "UTC"
    lead: int = 0


def exchange_of(instrument: Instrument | None) -> Exchange:
    """Return the exchange of an instrument; UTC and midnight where nothing is known."""
    if instrument is None:
        return Exchange()
    timezone = instrument.timezone if instrument.timezone in known_zones() else "UTC"
    calendar = calendar_of(instrument)
    if calendar is None or calendar.name not in _OVERNIGHT:
        return Exchange(timezone)
    return Exchange(timezone, _lead(calendar.name, timezone))


@cache
def _lead(calendar: str, timezone: str) -> int:
    opened = SessionCalendar(calendar).schedule(_A_SESSION, _A_SESSION).open
    wall = clock_of(timezone, dated=False).local(opened)[0]
    return int((_A_SESSION - wall) / np.timedelta64(1, "m"))
