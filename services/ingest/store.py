"""Stores checked bars: written once with their indicators at the end of a series, merged elsewhere.

A series and its row in `price_series` change in one transaction, a piece at a time. Work that is
cut short between two pieces leaves a series that readers read rightly and the next call mends.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from db.models import PriceSeries
from db.session import Database
from services.bar_table import (
    VALUE_COLUMNS,
    Key,
    insert_bars,
    select_bars,
    times_of,
    update_bars,
)
from services.bars import BAR_COLUMNS
from services.indicators import INDICATOR_COLUMNS
from services.indicators.blocks import INPUTS, left_in_block
from services.ingest.quarantine import without_dropped
from services.ingest.refresh import refresh_indicators
from services.ingest.stage import (
    StagedHistory,
    drop_stage,
    replace_series,
    stage_bars,
    staged,
)
from services.ingest.windows import values_at_end
from services.instruments import normalise_symbol
from services.progress import Progress, Report, silent
from services.series_row import Facts, lock_series, make_stale, moment64, note_bars
from services.timespan import check_resolution

__all__ = [
    "StagedHistory",
    "StoreCounts",
    "drop_stage",
    "refresh_indicators",
    "replace_series",
    "stage_bars",
    "staged",
    "store_bars",
]

PIECE = 20_000  # rows a transaction
_BARS = BAR_COLUMNS[1:]
_TICK = np.timedelta64(1, "us")
_NO_VERSION = object()


@dataclass
class StoreCounts:
    """What became of bars: together all that were given, but for `recomputed`.

    That counts stored bars that kept their prices and got other indicators. `kept_out` counts
    bars that equal one that someone dropped.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    recomputed: int = 0
    kept_out: int = 0


def store_bars(
    database: Database,
    symbol: str,
    resolution: str,
    bars: pd.DataFrame,
    *,
    source: str | None = None,
    adjustment: str | None = None,
    regular_hours: bool | None = None,
    refresh: bool = True,
    report: Report = silent,
) -> StoreCounts:
    """Store bars that passed check_bars, and every indicator that they change.

    Bars that are stored already are compared; the same again writes nothing. Without `refresh`
    new bars come in without indicators, for many small pieces to follow: readers compute them
    until refresh_indicators is called. What `report` was told of is safe.
    """
    key = (normalise_symbol(symbol), check_resolution(resolution))
    facts = Facts(source, adjustment, regular_hours)
    return _Storing(database, key, bars, facts, refresh, report).run()


class _Storing:
    """One call's work: `left` are the bars that are still to be stored."""

    def __init__(
        self,
        database: Database,
        key: Key,
        bars: pd.DataFrame,
        facts: Facts,
        refresh: bool,
        report: Report,
    ):
        self.database, self.key, self.facts = database, key, facts
        self.refresh, self.report = refresh, report
        self.left, self.total = bars, len(bars)
        self.counts = StoreCounts()
        self.version: object = _NO_VERSION
        self.ahead: np.ndarray | None = None  # indicators of the next bars in `left`
        self.bare = 0  # bars written without indicators
        self.refreshed = 0
        self.stale = False

    def run(self) -> StoreCounts:
        """Store piece by piece, then compute what is stale."""
        while len(self.left):
            if self._store_piece():
                self._tell()
            else:
                self._refresh()
        if self.refresh and self.stale:
            self._refresh()
        # Every bar that was written without indicators, or changed, got them in a refresh.
        own = self.bare + self.counts.changed
        self.counts.recomputed = max(0, self.refreshed - own) if self.refresh else 0
        return self.counts

    def _tell(self) -> None:
        done = self.total - len(self.left)
        self.report(Progress(done, self.total, f"storing {self.key[0]} {self.key[1]}"))

    def _refresh(self) -> None:
        self.refreshed += refresh_indicators(self.database, *self.key, self.report)
        self.stale = False

    def _store_piece(self) -> bool:
        """Store the next piece in a transaction; False when the stale part must be mended first."""
        with self.database.writing() as session:
            row = lock_series(session, self.key)
            if row.updated_at != self.version:
                self._start_over(session)
            piece = self.left.iloc[:PIECE]
            ts = times_of(piece)
            known = 0 if row.last is None else int(np.searchsorted(ts, moment64(row.last), "right"))
            if self.refresh and row.stale_from is not None and known == 0 and len(piece):
                return False
            handled = self._write(session, row, piece, ts, known)
            self.version, self.stale = row.updated_at, row.stale_from is not None
        self.left = self.left.iloc[handled:]
        return True

    def _start_over(self, session: Session) -> None:
        """Look at the bars anew: this is the first piece, or someone else wrote meanwhile."""
        self.ahead = None
        before = len(self.left)
        self.left = without_dropped(session, self.key, self.left)
        self.counts.kept_out += before - len(self.left)

    def _write(
        self, session: Session, row: PriceSeries, piece: pd.DataFrame, ts: np.ndarray, known: int
    ) -> int:
        """Write a piece, of which the first `known` bars are not later than the stored last."""
        values = piece[_BARS].to_numpy(np.float64)
        new, changed = self._merge(session, row, ts[:known], values[:known])
        count = len(ts)
        if known < count and self.refresh and row.stale_from is None:
            count = known + self._append(session, row, ts[known:], values[known:], known)
        elif known < count:
            insert_bars(session, self.key, ts[known:], _BARS, values[known:])
            make_stale(row, ts[known])
            self.bare += count - known
        added = np.concatenate([new, ts[known:count]])
        note_bars(session, row, self.facts, added, changed)
        self.counts.new += len(added)
        self.counts.changed += len(changed)
        self.counts.unchanged += known - len(new) - len(changed)
        return count

    def _merge(
        self, session: Session, row: PriceSeries, ts: np.ndarray, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Write what differs from the stored bars; return the times of new and of changed bars."""
        if len(ts) == 0:
            return ts, ts
        is_new, is_changed = self._compare(session, ts, values)
        insert_bars(session, self.key, ts[is_new], _BARS, values[is_new])
        # Without indicators, so that none is left that belonged to other prices.
        cleared = np.full((int(is_changed.sum()), len(INDICATOR_COLUMNS)), np.nan)
        update_bars(
            session,
            self.key,
            ts[is_changed],
            VALUE_COLUMNS,
            np.hstack([values[is_changed], cleared]),
        )
        self.bare += int(is_new.sum())
        touched = np.flatnonzero(is_new | is_changed)
        if len(touched):
            make_stale(row, ts[touched[0]])
        return ts[is_new], ts[is_changed]

    def _compare(
        self, session: Session, ts: np.ndarray, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        stored_ts, stored = select_bars(session, self.key, _BARS, start=ts[0], end=ts[-1] + _TICK)
        at = np.searchsorted(stored_ts, ts)
        is_new = np.ones(len(ts), dtype=bool)
        inside = at < len(stored_ts)
        is_new[inside] = stored_ts[at[inside]] != ts[inside]
        before = np.column_stack(stored)[at[~is_new]]
        after = values[~is_new]
        same = ((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)
        is_changed = np.zeros(len(ts), dtype=bool)
        is_changed[~is_new] = ~same
        return is_new, is_changed

    def _append(
        self,
        session: Session,
        row: PriceSeries,
        ts: np.ndarray,
        values: np.ndarray,
        skipped: int,
    ) -> int:
        """Write bars that come after the stored ones, with indicators; return how many.

        They are computed for as many of the bars in `left` (after `skipped`) as the block holds.
        """
        if self.ahead is None:
            coming = self.left.iloc[skipped : skipped + left_in_block(row.bars)]
            inputs = [coming[name].to_numpy(np.float64) for name in INPUTS]
            self.ahead = values_at_end(session, self.key, row.bars, inputs)
        count = min(len(ts), len(self.ahead))
        rows = np.hstack([values[:count], self.ahead[:count]])
        insert_bars(session, self.key, ts[:count], VALUE_COLUMNS, rows)
        self.ahead = self.ahead[count:] if count < len(self.ahead) else None
        return count
