"""Reads the times of bars from text cells: ISO, epoch, and what exports write."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from services.errors import InvalidFile
from services.ingest.epochs import are_epochs, read_epochs

_SAMPLE = 1_000
_CLOCK = (
    r"(?:[T\s,\-]\s*(?P<hour>\d{1,2})(?::?(?P<minute>\d{2}))(?::?(?P<second>\d{2}))?"
    r"(?P<fraction>\.\d{1,9})?\s*(?P<half>[AaPp][Mm])?)?"
)
_ZONE = r"\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?|[A-Za-z]+/[A-Za-z_/]+)?"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?P<month>[A-Za-z]{3})[a-z]*\.?"
_FORMS = [
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    r"(?P<day>\d{1,2})[-\s/]" + _MONTH + r"[-\s/](?P<year>\d{4})",
    _MONTH + r"\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})",
]
_ISO_FORMS = {
    len(form): form
    for form in ("0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00", "0000-00-00T00:00:00Z")
}
_ISO_SIGNS = {"0": list(b"0123456789"), "-": [45], ":": [58], "T": list(b"T "), "Z": [90]}
_EITHER_ORDER = r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<year>\d{4})"


@dataclass(frozen=True)
class Times:
    """Times as written: `local` without zone, the shift to UTC where the cell tells one.

    `utc` is NaT where the cell is not readable, or where its zone's clock shows that time twice
    or never. `own` is the date and time in the cell's own zone.
    """

    utc: pd.Series
    own: pd.Series
    has_zone: np.ndarray
    has_clock: bool
    unclear: int


def read_times(cells: pd.Series, resolution: str, timezone: str | None, name: str) -> Times:
    """Read one column of times; those without a zone are in `timezone`, else in UTC.

    Raises InvalidFile when no cell is a time, when day and month cannot be told apart, or when
    digits of an epoch were lost.
    """
    written = cells[cells != ""]
    sample = written.head(_SAMPLE)
    if not sample.empty and are_epochs(sample):
        times = _from_epochs(cells, resolution, name)
    else:
        times = _from_iso(cells, timezone) or _from_text(cells, sample, timezone, name)
    if times.own.isna().all():
        first = sample.iloc[0] if len(sample) else ""
        raise InvalidFile(
            f'{name} has times that cannot be read (the first is "{first[:40]}"): write them as '
            "2024-01-31 or 2024-01-31T15:30:00Z."
        )
    return times


def _from_epochs(cells: pd.Series, resolution: str, name: str) -> Times:
    own = read_epochs(cells, resolution, name)
    known = own.notna().to_numpy()
    return Times(own.dt.tz_localize("UTC"), own, known, has_clock=True, unclear=0)


def _from_iso(cells: pd.Series, timezone: str | None) -> Times | None:
    """Read cells that are all written alike, as 2024-01-31T15:30:00Z; None when one is not.

    It does for a million rows in a second what the patterns below do in ten.
    """
    length = len(cells.iloc[0]) if len(cells) else 0
    form = _ISO_FORMS.get(length)
    if form is None or not (cells.str.len() == length).all():
        return None
    try:
        written = cells.to_numpy(dtype=object).astype(f"S{length}")
        signs = written.view(np.uint8).reshape(len(cells), length)
        if not all(np.isin(signs[:, i], _ISO_SIGNS[sign]).all() for i, sign in enumerate(form)):
            return None
        own = written.astype(f"S{length - form.count('Z')}").astype("datetime64[us]")
    except (UnicodeError, ValueError):
        return None
    own = pd.Series(own, index=cells.index)
    has_zone = np.full(len(cells), form.endswith("Z"))
    utc = _to_utc(own, "UTC" if form.endswith("Z") else timezone or "UTC")
    return Times(utc, own, has_zone, has_clock=length > 10, unclear=int(utc.isna().sum()))


def _from_text(cells: pd.Series, sample: pd.Series, timezone: str | None, name: str) -> Times:
    # 20240102143000: date and clock without anything between them.
    cells, sample = (
        column.str.replace(r"^(\d{8})(\d{4}|\d{6})$", r"\1 \2", regex=True)
        for column in (cells, sample)
    )
    forms = [*_FORMS, _EITHER_ORDER]
    best = max(forms, key=lambda form: sample.str.fullmatch(form + _CLOCK + _ZONE).sum())
    parts = cells.str.extract(re.compile(f"^{best}{_CLOCK}{_ZONE}$"))
    if best == _EITHER_ORDER:
        parts["day"], parts["month"] = _day_and_month(parts, name)
    elif "[A-Za-z]" in best:
        numbers = {month: i + 1 for i, month in enumerate(_MONTHS)}
        parts["month"] = parts["month"].str.lower().map(numbers)
    own = _moments(parts)
    zone = parts["zone"].where(parts["hour"].notna())
    utc = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us, UTC]")
    for written in zone.fillna("").unique():
        rows = (zone.fillna("") == written) & own.notna()
        utc[rows] = _to_utc(own[rows], written or timezone or "UTC")
    return Times(
        utc,
        own,
        zone.notna().to_numpy(),
        has_clock=bool(parts["hour"].notna().any()),
        unclear=int((own.notna() & utc.isna()).sum()),
    )


def _day_and_month(parts: pd.DataFrame, name: str) -> tuple[pd.Series, pd.Series]:
    a, b = parts["a"].astype(float), parts["b"].astype(float)
    day_first, month_first = bool((a > 12).any()), bool((b > 12).any())
    if day_first == month_first:
        raise InvalidFile(
            f"{name} has dates in which day and month cannot be told apart: write them as "
            "2024-01-31."
        )
    return (a, b) if day_first else (b, a)


def _moments(parts: pd.DataFrame) -> pd.Series:
    """Join the parts; NaT where they are no date, or no time of day."""
    numbers = parts[["year", "month", "day"]].astype(float)
    clock = parts[["hour", "minute", "second"]].astype(float).fillna(0)
    half = parts["half"].str.lower()
    hour = clock["hour"] % 12 + 12 * (half == "pm")
    hour = hour.where(half.notna() & clock["hour"].between(1, 12), clock["hour"])
    valid = (hour <= 23) & (clock["minute"] <= 59) & (clock["second"] <= 59)
    date = pd.to_datetime(numbers.where(valid), errors="coerce").astype("datetime64[us]")
    micros = (parts["fraction"].astype(float).fillna(0) * 1e6).round()
    seconds = hour * 3600 + clock["minute"] * 60 + clock["second"]
    return date + pd.to_timedelta(seconds * 1e6 + micros, unit="us").astype("timedelta64[us]")


def _to_utc(own: pd.Series, zone: str) -> pd.Series:
    if zone.upper() in ("Z", "UTC", "GMT"):
        return own.dt.tz_localize("UTC")
    if zone[0] in "+-":
        sign = -1 if zone[0] == "-" else 1
        digits = zone[1:].replace(":", "").ljust(4, "0")
        shift = pd.Timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * sign
        return (own - shift).dt.tz_localize("UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return pd.Series(pd.NaT, index=own.index, dtype="datetime64[us, UTC]")
    # A time that the clock shows twice or never is not guessed.
    return own.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
