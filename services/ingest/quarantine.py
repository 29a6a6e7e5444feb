"""The quarantine: rows that a source gave and that are no bars, and bars that someone dropped."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import nullcontext

import numpy as np
import pandas as pd
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db.models import MarketPrice, QuarantinedBar
from db.session import Database
from services.bar_table import Key, times_of
from services.bars import BAR_COLUMNS, FORMING
from services.errors import InvalidParams
from services.instruments import normalise_symbol
from services.series_row import (
    lock_series,
    make_stale,
    moment64,
    next_version,
    stored_ends,
)
from services.timespan import check_resolution, utc_now

STATES = ("open", "accepted", "dropped")
_LISTED = ["id", *BAR_COLUMNS, "reason", "source", "state", "seen_at"]
_AT_ONCE = 500  # values a statement
_VALUES = BAR_COLUMNS[1:]


def quarantine(
    target: Session | Database,
    symbol: str,
    resolution: str,
    source: str | None,
    rejected: pd.DataFrame,
) -> int:
    """Keep the rows that check_bars rejected, with the reason; return how many are new.

    A row that was seen before is listed once; a bar that was still forming is none.
    """
    key = (normalise_symbol(symbol), check_resolution(resolution))
    rows = [
        _row(key, bar, bar["reason"], source, "open")
        for bar in rejected[rejected["reason"] != FORMING].to_dict("records")
    ]
    if not rows:
        return 0
    with _session(target) as session:
        return _insert_unseen(session, rows)


def list_quarantine(
    database: Database, symbol: str, resolution: str, states: Sequence[str] = ("open",)
) -> pd.DataFrame:
    """Return the rows in these states by time: id, the bar, reason, source, state, seen_at."""
    query = (
        select(*(getattr(QuarantinedBar, name) for name in _LISTED))
        .where(
            QuarantinedBar.symbol == normalise_symbol(symbol),
            QuarantinedBar.resolution == check_resolution(resolution),
            QuarantinedBar.state.in_(states),
        )
        .order_by(QuarantinedBar.ts, QuarantinedBar.id)
    )
    with database.reading() as session:
        rows = [tuple(row) for row in session.execute(query)]
    frame = pd.DataFrame(rows, columns=_LISTED)
    for name in ("ts", "seen_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    return frame.astype(dict.fromkeys(_VALUES, "float64"))


def set_state(database: Database, ids: Iterable[int], state: str) -> None:
    """Mark rows as open, accepted (known, listed no more) or dropped (kept out from now on)."""
    if state not in STATES:
        raise InvalidParams(f'"{state}" is no state: use {", ".join(STATES)}.', field="state")
    with database.writing() as session:
        for some in _parts(list(ids)):
            session.execute(
                update(QuarantinedBar).where(QuarantinedBar.id.in_(some)).values(state=state)
            )


def drop_bars(
    database: Database,
    symbol: str,
    resolution: str,
    timestamps: Iterable[pd.Timestamp],
    reason: str,
) -> int:
    """Move stored bars into the quarantine, so that a source cannot bring them back; count them.

    The indicators after them are stale until refresh_indicators is called.
    """
    key = (normalise_symbol(symbol), check_resolution(resolution))
    moments = [pd.Timestamp(ts).to_pydatetime() for ts in timestamps]
    with database.writing() as session:
        row = lock_series(session, key)
        bars = _stored(session, key, moments)
        if not bars:
            return 0
        rows = [_row(key, bar, reason, row.source, "dropped") for bar in bars]
        for some in _parts([kept["digest"] for kept in rows]):
            session.execute(delete(QuarantinedBar).where(QuarantinedBar.digest.in_(some)))
        session.execute(insert(QuarantinedBar), rows)
        for some in _parts([bar["ts"] for bar in bars]):
            session.execute(delete(MarketPrice).where(*_of(MarketPrice, key, some)))
        row.first, row.last = stored_ends(session, key)
        row.bars -= len(bars)
        make_stale(row, moment64(min(bar["ts"] for bar in bars)))
        if row.stale_from > (row.last or row.stale_from):
            row.stale_from = None
        row.updated_at = next_version(row)
    return len(bars)


def without_dropped(session: Session, key: Key, bars: pd.DataFrame) -> pd.DataFrame:
    """Return the bars without those that equal one that someone dropped."""
    query = select(*(getattr(QuarantinedBar, name) for name in BAR_COLUMNS)).where(
        QuarantinedBar.symbol == key[0],
        QuarantinedBar.resolution == key[1],
        QuarantinedBar.state == "dropped",
        QuarantinedBar.ts.is_not(None),
    )
    dropped = session.execute(query).all()
    if not dropped or bars.empty:
        return bars
    ts = times_of(bars)
    at = np.searchsorted(ts, np.array([moment64(row.ts) for row in dropped]))
    kept = np.ones(len(bars), dtype=bool)
    values = bars[_VALUES].to_numpy(np.float64)
    for position, row in zip(at, dropped, strict=True):
        if position < len(ts) and ts[position] == moment64(row.ts):
            there = np.array(row[1:], dtype=float)
            kept[position] &= not np.array_equal(values[position], there, equal_nan=True)
    return bars[kept].reset_index(drop=True)


def _row(key: Key, bar: dict, reason: str, source: str | None, state: str) -> dict:
    ts = None if pd.isna(bar["ts"]) else pd.Timestamp(bar["ts"]).to_pydatetime()
    values = {name: _number(bar[name]) for name in _VALUES}
    kind = state if state == "dropped" else reason  # a bar is dropped once, whatever the reason
    content = [*key, ts and ts.isoformat(), *(repr(bar[name]) for name in _VALUES), kind]
    digest = hashlib.sha256("\n".join(map(str, content)).encode()).hexdigest()
    return {
        "digest": digest,
        "symbol": key[0],
        "resolution": key[1],
        "ts": ts,
        **values,
        "reason": reason,
        "source": source,
        "state": state,
        "seen_at": utc_now().to_pydatetime(),
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _insert_unseen(session: Session, rows: list[dict]) -> int:
    unseen = {row["digest"]: row for row in rows}
    for some in _parts(list(unseen)):
        seen = select(QuarantinedBar.digest).where(QuarantinedBar.digest.in_(some))
        for digest in session.scalars(seen).all():
            del unseen[digest]
    if unseen:
        session.execute(insert(QuarantinedBar), list(unseen.values()))
    return len(unseen)


def _stored(session: Session, key: Key, moments: list) -> list[dict]:
    columns = [getattr(MarketPrice, name) for name in BAR_COLUMNS]
    bars = []
    for some in _parts(moments):
        found = session.execute(select(*columns).where(*_of(MarketPrice, key, some)))
        bars += [dict(row) for row in found.mappings()]
    return bars


def _of(model: type, key: Key, moments: list) -> tuple:
    return (model.symbol == key[0], model.resolution == key[1], model.ts.in_(moments))


def _parts(values: list) -> Iterable[list]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _session(target: Session | Database):
    return nullcontext(target) if isinstance(target, Session) else target.writing()
