"""A history that is fetched anew: it gathers beside the stored one and replaces it at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from db import models
from db.models import MarketPrice, StagedBar
from db.session import Database
from services.bar_table import Key, insert_bars, select_bars, times_of
from services.bars import BAR_COLUMNS
from services.ingest.quarantine import without_dropped
from services.instruments import ensure_instrument, normalise_symbol
from services.series_row import Facts, lock_series, moment, moment64, note_bars
from services.timespan import check_resolution, utc_now

_BARS = BAR_COLUMNS[1:]
_STAGE = "staged_bars"
_AT_ONCE = 500  # values a statement


@dataclass(frozen=True)
class StagedHistory:
    """How far it has come: the wanted start, the moment up to which it is fetched, its bars."""

    symbol: str
    resolution: str
    start: pd.Timestamp
    reached: pd.Timestamp
    begun_at: pd.Timestamp
    details: dict | None
    bars: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None


@dataclass(frozen=True)
class ReplaceCounts:
    """What a new history was against the one that it replaced, in bars."""

    new: int
    changed: int
    unchanged: int
    removed: int


def staged(database: Database, symbol: str, resolution: str) -> StagedHistory | None:
    """Return how far the new history of a series has come, None when none is under way."""
    key = _key(symbol, resolution)
    with database.reading() as session:
        row = session.get(models.StagedHistory, key)
        if row is None:
            return None
        ends = select(func.count(), func.min(StagedBar.ts), func.max(StagedBar.ts))
        bars, first, last = session.execute(ends.where(*_of(StagedBar, key))).one()
    return StagedHistory(
        *key,
        start=pd.Timestamp(row.start),
        reached=pd.Timestamp(row.reached),
        begun_at=pd.Timestamp(row.begun_at),
        details=row.details,
        bars=bars,
        first=None if first is None else pd.Timestamp(first),
        last=None if last is None else pd.Timestamp(last),
    )


def stage_bars(
    database: Database,
    symbol: str,
    resolution: str,
    bars: pd.DataFrame,
    *,
    start: pd.Timestamp,
    reached: pd.Timestamp,
    details: dict | None = None,
) -> None:
    """Add checked bars to the new history of a series and note how far it has come, at once."""
    key = _key(symbol, resolution)
    with database.writing() as session:
        ensure_instrument(session, key[0], lock=True)
        _stage(session, key, without_dropped(session, key, bars))
        row = session.get(models.StagedHistory, key)
        if row is None:
            row = models.StagedHistory(
                symbol=key[0], resolution=key[1], begun_at=utc_now().to_pydatetime()
            )
            session.add(row)
        row.start, row.reached = start.to_pydatetime(), reached.to_pydatetime()
        row.details = details


def drop_stage(database: Database, symbol: str, resolution: str) -> None:
    """Forget the new history of a series; what is stored stays."""
    key = _key(symbol, resolution)
    with database.writing() as session:
        empty_stage(session, key)


def empty_stage(session: Session, key: Key) -> None:
    """Remove the new history of a series within a session."""
    session.execute(delete(StagedBar).where(*_of(StagedBar, key)))
    session.execute(delete(models.StagedHistory).where(*_of(models.StagedHistory, key)))


def replace_series(
    database: Database,
    symbol: str,
    resolution: str,
    *,
    source: str | None = None,
    adjustment: str | None = None,
    regular_hours: bool | None = None,
) -> ReplaceCounts:
    """Put the new history in the place of the stored one, in one transaction.

    Its indicators are stale until refresh_indicators is called. Without staged bars nothing is
    changed.
    """
    key = _key(symbol, resolution)
    facts = Facts(source, adjustment, regular_hours)
    with database.writing() as session:
        row = lock_series(session, key)
        counts, ts = _compare(session, key)
        if len(ts) == 0:
            empty_stage(session, key)
            return counts
        session.execute(delete(MarketPrice).where(*_of(MarketPrice, key)))
        names = ", ".join(["symbol", "resolution", *BAR_COLUMNS])
        session.execute(
            text(
                f"INSERT INTO market_prices ({names}) SELECT {names} FROM {_STAGE} "
                "WHERE symbol = :symbol AND resolution = :resolution ORDER BY ts"
            ),
            {"symbol": key[0], "resolution": key[1]},
        )
        row.first = row.last = row.source = row.adjustment = row.regular_hours = None
        row.bars = 0
        note_bars(session, row, facts, ts, ts[:0])
        row.stale_from = moment(ts[0])
        empty_stage(session, key)
    return counts


def _stage(session: Session, key: Key, bars: pd.DataFrame) -> None:
    if bars.empty:
        return
    ts = times_of(bars)
    span = (StagedBar.ts >= moment(ts[0]), StagedBar.ts <= moment(ts[-1]))
    before = session.scalars(select(StagedBar.ts).where(*_of(StagedBar, key), *span)).all()
    staged_ts = np.array([moment64(stamp) for stamp in before], dtype=ts.dtype)
    again = [stamp for stamp, known in zip(before, np.isin(staged_ts, ts), strict=True) if known]
    for at in range(0, len(again), _AT_ONCE):
        some = StagedBar.ts.in_(again[at : at + _AT_ONCE])
        session.execute(delete(StagedBar).where(*_of(StagedBar, key), some))
    insert_bars(session, key, ts, _BARS, bars[_BARS].to_numpy(np.float64), table=_STAGE)


def _compare(session: Session, key: Key) -> tuple[ReplaceCounts, np.ndarray]:
    """Count what the staged bars change of the stored ones; return their times too."""
    old_ts, old = select_bars(session, key, _BARS)
    new_ts, new = select_bars(session, key, _BARS, table=_STAGE)
    both, at_old, at_new = np.intersect1d(old_ts, new_ts, True, return_indices=True)
    same = np.ones(len(both), dtype=bool)
    for before, after in zip(old, new, strict=True):
        a, b = before[at_old], after[at_new]
        same &= (a == b) | (np.isnan(a) & np.isnan(b))
    counts = ReplaceCounts(
        new=len(new_ts) - len(both),
        changed=int((~same).sum()),
        unchanged=int(same.sum()),
        removed=len(old_ts) - len(both),
    )
    return counts, new_ts


def _key(symbol: str, resolution: str) -> Key:
    return normalise_symbol(symbol), check_resolution(resolution)


def _of(model: type, key: Sequence[str]) -> tuple:
    return (model.symbol == key[0], model.resolution == key[1])
