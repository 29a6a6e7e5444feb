"""From a source's rows to stored bars with indicators: check, put the bad ones apart, store."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from db.session import Database
from services.bars import CheckedBars, check_bars
from services.errors import NoBars
from services.ingest.joining import must_replace
from services.ingest.quarantine import quarantine
from services.ingest.source import SourceBars
from services.ingest.stage import drop_stage, replace_series, stage_bars
from services.ingest.store import StoreCounts, refresh_indicators, store_bars
from services.instruments import normalise_symbol
from services.progress import Progress, Report, silent
from services.timespan import Duration, check_resolution

LISTED = 20  # rejected rows that a report shows one by one; all are counted


@dataclass(frozen=True)
class RejectedRow:
    """One row of a source that is no bar; `number` counts the source's rows from 1."""

    number: int
    ts: pd.Timestamp | None
    reason: str


@dataclass(frozen=True)
class IngestReport:
    """What became of a source's rows.

    received = stored_new + changed + unchanged + outside the duration + rejected + kept_out, which
    counts bars that someone dropped before. `recomputed` counts stored bars that kept their prices
    and got new indicators. `rejected` lists the first.
    """

    symbol: str
    resolution: str
    source: str
    received: int
    stored_new: int
    changed: int
    unchanged: int
    recomputed: int
    outside_duration: int
    rejected_count: int
    reasons: dict[str, int]
    rejected: list[RejectedRow]
    first: pd.Timestamp
    last: pd.Timestamp
    notes: list[str]
    kept_out: int = 0

    @property
    def written(self) -> int:
        """Count the rows that were written."""
        return self.stored_new + self.changed + self.recomputed


def ingest(
    database: Database,
    symbol: str,
    resolution: str,
    source: SourceBars | Callable[[], SourceBars],
    *,
    duration: str | Duration | None = None,
    origin: str = "csv",
    adjustment: str | None = None,
    regular_hours: bool | None = None,
    now: pd.Timestamp | None = None,
    report: Report = silent,
) -> IngestReport:
    """Store a source's bars and every indicator that they change; the same again writes nothing.

    With a duration only bars within it of the source's last bar count. `origin` is the source's
    name, `now` its clock, where it has one. Rejected rows go to the quarantine. Rows are written
    oldest first, a piece a transaction: what `report` was told of is safe, and when the work is
    cut short the next ingest of the series mends the rest. Raises InvalidParams (also where stored
    and new bars would be a mixture), NoBars, and what the source raises.
    """
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    if isinstance(duration, str):
        duration = Duration.parse(duration)
    report(Progress(0, 0, f"reading {symbol} {resolution}"))
    given = source() if callable(source) else source
    checked = check_bars(given.frame, resolution, now)
    bars = _within(checked.bars, duration)
    if bars.empty:
        raise _no_bars(symbol, resolution, checked)
    notes = list(given.notes)
    facts = {"source": origin, "adjustment": adjustment, "regular_hours": regular_hours}
    replaces = must_replace(database, symbol, resolution, bars, origin)
    quarantine(database, symbol, resolution, origin, checked.rejected)
    if replaces:
        counts = _replaced(database, symbol, resolution, bars, facts, report)
        notes.append("The sample's bars, which were others, were replaced.")
    else:
        counts = store_bars(database, symbol, resolution, bars, **facts, report=report)
    return IngestReport(
        symbol=symbol,
        resolution=resolution,
        source=given.format,
        received=len(given.frame),
        stored_new=counts.new,
        changed=counts.changed,
        unchanged=counts.unchanged,
        recomputed=counts.recomputed,
        outside_duration=len(checked.bars) - len(bars),
        rejected_count=len(checked.rejected),
        reasons=checked.reasons,
        rejected=_listed(checked, given),
        first=bars["ts"].iloc[0],
        last=bars["ts"].iloc[-1],
        notes=notes,
        kept_out=counts.kept_out,
    )


def _replaced(
    database: Database,
    symbol: str,
    resolution: str,
    bars: pd.DataFrame,
    facts: dict[str, Any],
    report: Report,
) -> StoreCounts:
    """Put the bars in the place of all that is stored."""
    ends = {"start": bars["ts"].iloc[0], "reached": bars["ts"].iloc[-1]}
    drop_stage(database, symbol, resolution)
    stage_bars(database, symbol, resolution, bars, **ends)
    counts = replace_series(database, symbol, resolution, **facts)
    refresh_indicators(database, symbol, resolution, report)
    written = {"new": counts.new, "changed": counts.changed, "unchanged": counts.unchanged}
    return StoreCounts(**written, kept_out=len(bars) - sum(written.values()))


def _within(bars: pd.DataFrame, duration: Duration | None) -> pd.DataFrame:
    if duration is None or bars.empty:
        return bars
    return bars[bars["ts"] >= duration.before(bars["ts"].iloc[-1])].reset_index(drop=True)


def _listed(checked: CheckedBars, given: SourceBars) -> list[RejectedRow]:
    first = checked.rejected.head(LISTED)
    return [
        RejectedRow(int(given.row_numbers[row]), None if pd.isna(ts) else ts, reason)
        for row, ts, reason in zip(first["row"], first["ts"], first["reason"], strict=True)
    ]


def _no_bars(symbol: str, resolution: str, checked: CheckedBars) -> NoBars:
    if checked.rejected.empty:
        return NoBars(f"The source has no {resolution} bars of {symbol}: try another.")
    reasons = ", ".join(f"{count} {reason}" for reason, count in checked.reasons.items())
    return NoBars(
        f"None of the {len(checked.rejected)} rows for {symbol} {resolution} is a bar ({reasons}): "
        "mend the source."
    )
