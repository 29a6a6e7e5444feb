"""Computes stored indicators anew, block by block, after bars were changed or inserted."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from db.models import PriceSeries
from db.session import Database
from services.bar_table import Key, select_bars, update_bars
from services.indicators import INDICATOR_COLUMNS
from services.indicators.blocks import INPUTS, left_in_block
from services.ingest.windows import values_from
from services.instruments import normalise_symbol
from services.progress import Progress, Report, silent
from services.series_row import (
    count_stored,
    lock_series,
    make_fresh_until,
    moment,
    moment64,
)
from services.timespan import check_resolution

PIECE = 20_000  # rows a transaction
_TICK = np.timedelta64(1, "us")


def refresh_indicators(
    database: Database, symbol: str, resolution: str, report: Report = silent
) -> int:
    """Compute what is stale of a series and write the rows that differ; return how many.

    Each transaction moves the series' `stale_from` on, so that work that is cut short goes on
    where it stopped.
    """
    key = (normalise_symbol(symbol), check_resolution(resolution))
    written, plan, version = 0, None, None
    while True:
        with database.writing() as session:
            row = lock_series(session, key)
            if row.stale_from is None:
                return written
            if plan is None or version != row.updated_at:
                plan = _plan(session, key, row, None)
            elif plan.finished:
                plan = _plan(session, key, row, plan.end)
            written += plan.write_piece(session, row)
            version, total = row.updated_at, row.bars
        report(Progress(plan.reached, total, f"computing indicators of {key[0]} {key[1]}"))


@dataclass
class _Plan:
    """The indicators of one block from bar `begin` on, and which rows are not stored so."""

    key: Key
    begin: int
    ts: np.ndarray
    values: np.ndarray
    differing: np.ndarray
    done: int = 0

    @property
    def end(self) -> int:
        """Return the number of the bar after the last one."""
        return self.begin + len(self.ts)

    @property
    def finished(self) -> bool:
        """Tell whether all rows are written."""
        return self.done == len(self.differing)

    @property
    def reached(self) -> int:
        """Return the number of the first bar whose row is not known to be right."""
        return self.end if self.finished else self.begin + int(self.differing[self.done])

    def write_piece(self, session: Session, row: PriceSeries) -> int:
        """Write the next rows and move the mark of the series on; return how many rows."""
        rows = self.differing[self.done : self.done + PIECE]
        update_bars(session, self.key, self.ts[rows], INDICATOR_COLUMNS, self.values[rows])
        self.done += len(rows)
        make_fresh_until(row, self._stale_from(row))
        return len(rows)

    def _stale_from(self, row: PriceSeries) -> datetime | None:
        if not self.finished:
            return moment(self.ts[self.differing[self.done]])
        return moment(self.ts[-1] + _TICK) if self.end < row.bars else None


def _plan(session: Session, key: Key, row: PriceSeries, begin: int | None) -> _Plan:
    """Compute the block in which the stale bars begin: at bar number `begin`, where it is known."""
    if begin is None:
        begin = row.bars - count_stored(session, key, since=row.stale_from)
    columns = [*INPUTS, *INDICATOR_COLUMNS]
    ts, stored = select_bars(
        session, key, columns, start=moment64(row.stale_from), first=left_in_block(begin)
    )
    if len(ts) == 0:  # what was stale is gone
        return _Plan(key, begin, ts, np.empty((0, len(INDICATOR_COLUMNS))), np.empty(0, int))
    values = values_from(session, key, begin, ts[0], stored[: len(INPUTS)])
    same = np.ones(len(ts), dtype=bool)
    for position, before in enumerate(stored[len(INPUTS) :]):
        after = values[:, position]
        same &= (before == after) | (np.isnan(before) & np.isnan(after))
    return _Plan(key, begin, ts, values, np.flatnonzero(~same))
