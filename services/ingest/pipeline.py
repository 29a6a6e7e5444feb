"""From a source's rows to stored bars with indicators: check, merge, compute, write."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from db.session import Database
from db.upsert import upsert_bars
from services.bars import CheckedBars, check_bars
from services.errors import NoBars
from services.ingest.merge import VALUE_COLUMNS, MergePlan, plan_merge, rows_to_write
from services.ingest.source import SourceBars
from services.instruments import ensure_instrument, normalise_symbol
from services.market_data import count_bars, read_bars
from services.progress import Progress, Report, silent
from services.timespan import Duration, check_resolution

CHUNK = 20_000  # rows a transaction
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

    received = stored_new + changed + unchanged + outside the duration + rejected. `recomputed`
    counts stored bars that kept their prices and got new indicators. `rejected` lists the first.
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
    report: Report = silent,
) -> IngestReport:
    """Store a source's bars and every indicator that they change; the same again writes nothing.

    With a duration only bars within it of the source's last bar count. Rows are written oldest
    first, a chunk a transaction: what `report` was told of is safe, and when the work is cut
    short the next ingest of the series mends the rest. Two at once on one series notice each
    other's new bars and plan again; a price that the other corrects meanwhile is not noticed, and
    the next ingest settles it. Raises InvalidParams, NoBars, and what the source raises.
    """
    symbol, resolution = normalise_symbol(symbol), check_resolution(resolution)
    if isinstance(duration, str):
        duration = Duration.parse(duration)
    report(Progress(0, 0, f"reading {symbol} {resolution}"))
    given = source() if callable(source) else source
    checked = check_bars(given.frame, resolution)
    bars = _within(checked.bars, duration)
    if bars.empty:
        raise _no_bars(symbol, resolution, checked)
    plan = _store(database, (symbol, resolution), bars, report)
    return IngestReport(
        symbol=symbol,
        resolution=resolution,
        source=given.format,
        received=len(given.frame),
        stored_new=plan.new,
        changed=plan.changed,
        unchanged=plan.unchanged,
        recomputed=plan.recomputed,
        outside_duration=len(checked.bars) - len(bars),
        rejected_count=len(checked.rejected),
        reasons=checked.reasons,
        rejected=_listed(checked, given),
        first=bars["ts"].iloc[0],
        last=bars["ts"].iloc[-1],
        notes=list(given.notes),
    )


def _within(bars: pd.DataFrame, duration: Duration | None) -> pd.DataFrame:
    if duration is None or bars.empty:
        return bars
    return bars[bars["ts"] >= duration.before(bars["ts"].iloc[-1])].reset_index(drop=True)


def _store(
    database: Database, series: tuple[str, str], bars: pd.DataFrame, report: Report
) -> MergePlan:
    first_plan = None  # its counts tell what changed, however often the rest is planned again
    while True:
        with database.reading() as session:
            stored = read_bars(session, *series)
        plan = plan_merge(stored, bars)
        first_plan = first_plan or plan
        # A plan fails only because someone else's chunk was confirmed, so this ends when they do.
        if _write(database, series, plan, report):
            return first_plan


def _write(database: Database, series: tuple[str, str], plan: MergePlan, report: Report) -> bool:
    """Write a plan's rows; stop and answer False when someone else added bars meanwhile."""
    total, expected = len(plan.positions), plan.stored
    for start in range(0, total, CHUNK):
        positions = plan.positions[start : start + CHUNK]
        with database.writing() as session:
            # Holds other writers of this series back until the chunk is confirmed.
            ensure_instrument(session, series[0], lock=True)
            if count_bars(session, *series) != expected:
                return False
            upsert_bars(session, *series, VALUE_COLUMNS, rows_to_write(plan, positions))
        expected += int(plan.is_new[positions].sum())
        report(Progress(start + len(positions), total, f"storing {series[0]} {series[1]}"))
    return True


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
