"""Resolutions ("1d"), durations ("5 Y") and dates as the user writes them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from services.errors import InvalidParams, did_you_mean

RESOLUTIONS: dict[str, pd.Timedelta] = {
    "1m": pd.Timedelta(minutes=1),
    "5m": pd.Timedelta(minutes=5),
    "15m": pd.Timedelta(minutes=15),
    "30m": pd.Timedelta(minutes=30),
    "1h": pd.Timedelta(hours=1),
    "4h": pd.Timedelta(hours=4),
    "1d": pd.Timedelta(days=1),
    "1w": pd.Timedelta(days=7),
}

_DURATION = re.compile(r"\s*(\d{1,9})\s*([SDWMY])\s*", re.IGNORECASE)
_UNITS = {"S": "seconds", "D": "days", "W": "weeks", "M": "months", "Y": "years"}


def check_resolution(resolution: str) -> str:
    """Return the resolution unchanged; raise InvalidParams when it is not one of RESOLUTIONS."""
    if resolution in RESOLUTIONS:
        return resolution
    raise InvalidParams(
        f'Unknown resolution "{str(resolution)[:40]}": use one of {", ".join(RESOLUTIONS)}.'
        f"{did_you_mean(str(resolution)[:40], RESOLUTIONS)}",
        field="resolution",
    )


def is_session_based(resolution: str) -> bool:
    """Tell whether a bar of this resolution stands for whole sessions (daily, weekly)."""
    return RESOLUTIONS[resolution] >= pd.Timedelta(days=1)


@dataclass(frozen=True)
class Duration:
    """A span counted from a bar: "N S|D|W|M|Y"; M is months, calendar-aware."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read "5 Y"; raise InvalidParams when it is not a duration or not positive."""
        match = _DURATION.fullmatch(str(text))
        if not match or int(match[1]) == 0:
            raise InvalidParams(
                f'"{text}" is not a duration: write a number and S, D, W, M or Y, as in "5 Y".',
                field="duration",
            )
        return cls(int(match[1]), match[2].upper())

    def before(self, moment: pd.Timestamp) -> pd.Timestamp:
        """Return the moment that lies this long before `moment` (year 1678 at the earliest)."""
        earliest = pd.Timestamp.min.tz_localize("UTC").ceil("D")
        try:
            return max(moment - pd.DateOffset(**{_UNITS[self.unit]: self.count}), earliest)
        except (OverflowError, ValueError):
            return earliest

    def after(self, moment: pd.Timestamp, times: int = 1) -> pd.Timestamp:
        """Return the moment `times` this long after `moment` (year 2262 at the latest)."""
        latest = pd.Timestamp.max.tz_localize("UTC").floor("D")
        try:
            return min(moment + pd.DateOffset(**{_UNITS[self.unit]: self.count * times}), latest)
        except (OverflowError, ValueError):
            return latest

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"


def parse_date(text: str, field: str) -> pd.Timestamp:
    """Read an ISO date or time as UTC; raise InvalidParams naming `field` when it is not one."""
    try:
        moment = pd.Timestamp(datetime.fromisoformat(str(text).strip()))
    except ValueError as error:
        raise InvalidParams(
            f'"{text}" is not a date: write it as 2024-01-31.', field=field
        ) from error
    return moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")


def step_text(step: pd.Timedelta) -> str:
    """Say how far two bars lie apart: "1 day", "5 minutes"."""
    day = pd.Timedelta(days=1)
    for unit, size in (("day", day), ("hour", day / 24), ("minute", day / 1440)):
        if step >= size:
            count = round(step / size, 1)
            return f"{count:g} {unit}{'' if count == 1 else 's'}"
    return f"{step.total_seconds():g} seconds"


def utc_now() -> pd.Timestamp:
    """Return the present moment, UTC and aware."""
    return pd.Timestamp(datetime.now(UTC))
