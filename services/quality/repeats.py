"""Bars that say nothing: flat, repeated, without volume, or with volume in another unit."""

import numpy as np
import pandas as pd

from services.quality.findings import Finding
from services.quality.series import Series, runs, share
from services.wording import counted

_HOUR = np.timedelta64(60, "m")
# How many in a row are more than chance: by session, of an hour or more, shorter.
_FLAT = (3, 5, 60)
_STALE = (2, 3, 5)
_SEPARATE = 10  # up to this many stretches of zero volume are told one by one
_UNIT_DAYS = 20  # days on each side of a change of the volume's unit
_UNIT_LEAST = 3
_UNIT_FACTOR = 100
_UNIT_SLACK = 2.5


def repeat_findings(series: Series) -> list[Finding]:
    """Find repeated and flat bars."""
    grade = 0 if series.by_session else (1 if series.step >= _HOUR else 2)
    same = _same_as_before(series)
    found = [
        _stale(series, first, last)
        for first, last in runs(same)
        if last - first + 2 >= _STALE[grade]  # with the bar that they repeat
    ]
    flat = series.flat & ~same  # what is repeated is told already
    if grade == 2:  # lone trades make flat minutes; only one price that stays is odd
        flat &= np.append(False, series.close[1:] == series.close[:-1])
    return found + [
        _flat(series, first, last) for first, last in runs(flat) if last - first + 1 >= _FLAT[grade]
    ]


def _same_as_before(series: Series) -> np.ndarray:
    same = np.ones(len(series), dtype=bool)
    for values in (series.open, series.high, series.low, series.close):
        same[1:] &= values[1:] == values[:-1]
    volume = np.nan_to_num(series.volume, nan=-1.0)
    same[1:] &= volume[1:] == volume[:-1]
    # Equal closes without a volume are chance, and zero volume has a finding of its own.
    same &= ~(series.flat & (volume <= 0)) & (volume != 0)
    same[:1] = False
    return same


def _stale(series: Series, first: int, last: int) -> Finding:
    repeats = last - first + 1
    verb = "repeats" if repeats == 1 else "repeat"
    text = (
        f"{series.span(first, last)}: {counted(repeats, 'bar')} {verb} prices and volume of "
        f"{series.when(first - 1)}, as when a source goes on sending its last answer."
    )
    return _stretch("stale_bars", series, first, last, text)


def _flat(series: Series, first: int, last: int) -> Finding:
    text = (
        f"{series.span(first, last)}: {counted(last - first + 1, 'bar')} in a row have one price "
        "for open, high, low and close, as when a source knows only the close."
    )
    return _stretch("flat_bars", series, first, last, text)


def _stretch(kind: str, series: Series, first: int, last: int, text: str) -> Finding:
    return Finding(
        kind,
        series.stamp(first),
        series.stamp(last),
        last - first + 1,
        "warning",
        text,
        ("refetch", "drop", "accept"),
        {"bars": last - first + 1, "close": float(series.close[first])},
    )


def volume_findings(series: Series) -> list[Finding]:
    """Find zero and missing volume, and a change of its unit."""
    volume = series.volume
    unknown = np.isnan(volume) | (volume < 0)  # −1 is how the broker writes "none"
    zero = volume == 0
    if (unknown | zero).all():
        text = "No bar has a volume, as is usual for an index or a currency pair."
        return [_volume("missing_volume", series, np.arange(len(series)), "info", text)]
    found = []
    if unknown.any():
        bars = np.flatnonzero(unknown)
        text = (
            f"{counted(len(bars), 'bar')} ({share(len(bars) / len(series))}) from "
            f"{series.when(bars[0])} to {series.when(bars[-1])} have no volume, the others do."
        )
        found.append(_volume("missing_volume", series, bars, "warning", text))
    return found + _zero_volume(series, zero) + _unit_changes(series, ~unknown & ~zero)


def _zero_volume(series: Series, zero: np.ndarray) -> list[Finding]:
    stretches = runs(zero)
    if len(stretches) > _SEPARATE:
        bars = np.flatnonzero(zero)
        text = (
            f"{counted(len(bars), 'bar')} ({share(len(bars) / len(series))}) from "
            f"{series.when(bars[0])} to {series.when(bars[-1])} have a volume of zero."
        )
        return [_volume("zero_volume", series, bars, "warning", text)]
    found = []
    for first, last in stretches:
        bars = np.arange(first, last + 1)
        text = f"{series.span(first, last)}: {counted(len(bars), 'bar')} with a volume of zero."
        found.append(_volume("zero_volume", series, bars, "warning", text))
    return found


def _unit_changes(series: Series, counted: np.ndarray) -> list[Finding]:
    """Find where the volume of a day becomes a hundred times larger or smaller, and stays so."""
    days, totals, first_bar = _daily_volume(series, counted)
    if len(days) < 2 * _UNIT_LEAST:
        return []
    level = pd.Series(np.log(totals))
    window = {"window": _UNIT_DAYS, "min_periods": _UNIT_LEAST}
    before = level.rolling(**window).median().shift(1)
    after = level[::-1].rolling(**window).median()[::-1]
    distance = np.abs(np.abs(after - before) - np.log(_UNIT_FACTOR)).to_numpy()
    step = np.abs(level.diff()).to_numpy()
    near = (distance <= np.log(_UNIT_SLACK)) & (step >= np.log(_UNIT_FACTOR) / 3)
    change = (after - before).to_numpy()
    kept: list[int] = []
    for day in sorted(np.flatnonzero(near), key=lambda day: -step[day]):
        # Both sides must lie wholly apart: a volume that grows over years changes no unit.
        alone = all(abs(day - other) > _UNIT_DAYS for other in kept)
        if alone and _apart(level.to_numpy(), day):
            kept.append(day)
    return [_unit_finding(series, int(first_bar[day]), float(change[day])) for day in kept]


def _daily_volume(series: Series, counted: np.ndarray):
    bars = np.flatnonzero(counted)
    if series.by_session:
        return series.day[bars], series.volume[bars], bars
    days, first = np.unique(series.day[bars], return_index=True)
    totals = np.add.reduceat(series.volume[bars], first) if len(first) else np.array([])
    return days, totals, bars[first]


def _apart(level: np.ndarray, day: int) -> bool:
    before = level[max(day - _UNIT_DAYS, 0) : day]
    after = level[day : day + _UNIT_DAYS]
    low, high = (before, after) if before.mean() < after.mean() else (after, before)
    return bool(np.quantile(low, 0.9) < np.quantile(high, 0.1))


def _unit_finding(series: Series, bar: int, change: float) -> Finding:
    factor = float(np.exp(abs(change)))
    text = (
        f"{series.day[bar]}: from here on the volume is about {factor:,.0f} times "
        f"{'larger' if change > 0 else 'smaller'}, as when shares are counted instead of lots."
    )
    if change < 0:
        text = text.replace("shares are counted instead of lots", "lots are counted, not shares")
    moment = series.stamp(bar)
    values = {"factor": factor if change > 0 else 1 / factor}
    return Finding("volume_unit", moment, moment, 1, "warning", text, ("refetch", "accept"), values)


def _volume(kind: str, series: Series, bars: np.ndarray, severity: str, text: str) -> Finding:
    return Finding(
        kind,
        series.stamp(bars[0]),
        series.stamp(bars[-1]),
        len(bars),
        severity,
        text,
        ("accept",) if severity == "info" else ("refetch", "accept"),
        {"bars": len(bars), "share": len(bars) / len(series)},
    )
