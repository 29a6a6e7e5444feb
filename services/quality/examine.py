"""Examines a series of bars: the one place where the single checks come together."""

from collections.abc import Collection, Iterable
from datetime import date

import pandas as pd

from services.calendars import SessionCalendar
from services.quality.findings import SEVERITIES, Finding, QualityReport, empty_map
from services.quality.gaps import session_findings
from services.quality.prices import hundredfold, off_market
from services.quality.repeats import repeat_findings, volume_findings
from services.quality.series import Series, share
from services.quality.sessions import Held, hold
from services.quality.splits import jumps
from services.wording import counted

_MOST_OF_A_KIND = 50


def examine(
    bars: pd.DataFrame,
    resolution: str,
    calendar: SessionCalendar | None,
    *,
    symbol: str = "",
    splits: Iterable[tuple[date, float]] = (),
    accepted: Collection[tuple[str, pd.Timestamp]] = frozenset(),
    quarantined: int = 0,
) -> QualityReport:
    """Report on bars that keep the contract of services.bars; nothing is repaired or filled.

    `splits` are the known ones (date, new shares for one old), `accepted` the kind and start of
    findings that someone found right, `quarantined` counts the rows that were kept out.
    """
    series = Series.of(bars, resolution)
    if len(series) == 0:
        return _report(series, symbol, calendar, None, [], accepted, quarantined)
    held = None if calendar is None else hold(series, calendar)
    found = _price_findings(series, splits) + repeat_findings(series) + volume_findings(series)
    if held is not None:
        found += session_findings(series, held, calendar.name)
    return _report(series, symbol, calendar, held, found, accepted, quarantined)


def coverage_of(
    ts: pd.Series | pd.DatetimeIndex, resolution: str, calendar: SessionCalendar | None
) -> float | None:
    """Return the share of the calendar's bars from the first to the last one that is there.

    None without a calendar or without bars.
    """
    if calendar is None or len(ts) == 0:
        return None
    moments = pd.DatetimeIndex(ts).tz_convert(None).to_numpy().astype("datetime64[us]")
    nothing = moments.astype("float64")
    return hold(Series(resolution, moments, *[nothing] * 5), calendar).coverage


def _price_findings(series: Series, splits: Iterable[tuple[date, float]]) -> list[Finding]:
    found, explained = hundredfold(series)
    isolated = off_market(series, explained)
    for finding in isolated:
        bar = int(series.ts.searchsorted(finding.start.tz_localize(None).to_datetime64()))
        explained[bar : bar + 2] = True
    return found + isolated + jumps(series, splits, explained)


def _report(series, symbol, calendar, held: Held | None, found, accepted, quarantined):
    accepted = set(accepted)
    order = {severity: rank for rank, severity in enumerate(reversed(SEVERITIES))}
    found = sorted(found, key=lambda finding: (order[finding.severity], finding.start))
    open_ = _cut([finding for finding in found if finding.key not in accepted])
    name = None if calendar is None else calendar.name
    coverage = None if held is None else held.coverage
    return QualityReport(
        symbol=symbol,
        resolution=series.resolution,
        first=series.stamp(0) if len(series) else None,
        last=series.stamp(-1) if len(series) else None,
        bars=len(series),
        expected=None if held is None else held.expected,
        coverage=coverage,
        calendar=name,
        findings=tuple(open_),
        accepted=tuple(finding for finding in found if finding.key in accepted),
        quarantined=quarantined,
        sessions=empty_map() if held is None else held.map,
        summary=_summary(series, name, coverage, open_, quarantined),
    )


def _cut(found: list[Finding]) -> list[Finding]:
    """Keep the largest of each kind when there are many, and say how many more there are."""
    kept = []
    for kind in dict.fromkeys(finding.kind for finding in found):
        same = [finding for finding in found if finding.kind == kind]
        if len(same) > _MOST_OF_A_KIND:
            largest = sorted(same, key=lambda finding: -finding.count)
            same, rest = largest[:_MOST_OF_A_KIND], largest[_MOST_OF_A_KIND:]
            same.append(_rest(rest))
        kept += same
    order = {finding.severity: 0 for finding in found}
    ranks = [severity for severity in reversed(SEVERITIES) if severity in order]
    return sorted(kept, key=lambda finding: (ranks.index(finding.severity), finding.start))


def _rest(rest: list[Finding]) -> Finding:
    """Tell of many findings of one kind together."""
    first = min(finding.start for finding in rest)
    last = max(finding.end for finding in rest)
    text = (
        f"{first:%Y-%m-%d} to {last:%Y-%m-%d}: {len(rest):,} more of this kind, e.g. {rest[0].text}"
    )
    count = sum(finding.count for finding in rest)
    return Finding(
        rest[0].kind, first, last, count, rest[0].severity, text, (), {"findings": len(rest)}
    )


def _summary(series: Series, name, coverage, found: list[Finding], quarantined: int) -> str:
    if len(series) == 0:
        return "No bars are stored."
    dates = f"{series.day[0]} to {series.day[-1]}"
    parts = [f"{counted(len(series), series.bar_name)} from {dates}"]
    if name is None:
        parts.append("gaps are not judged, because the exchange is not known")
    elif coverage is not None:
        whole = "sessions" if series.by_session else "bars of the sessions"
        parts.append(f"{share(coverage)} of the {whole} of {name}")
    worse = [
        counted(count, noun)
        for severity, noun in (("error", "error"), ("warning", "warning"))
        if (count := sum(finding.severity == severity for finding in found))
    ]
    parts.append(" and ".join(worse) if worse else "nothing suspect")
    if quarantined:
        parts.append(f"{counted(quarantined, 'row')} in quarantine")
    return "; ".join(parts) + "."
