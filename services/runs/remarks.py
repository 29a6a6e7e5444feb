"""What people and checks said of saved runs after they were made: read for one run or for many."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from db.models import BacktestRun, RunTag
from services.errors import DeletedRun, UnknownRun
from services.look_ahead import LookAhead

KEPT_DELETED = timedelta(days=30)
REMARK_COLUMNS = (
    BacktestRun.id,
    BacktestRun.name,
    BacktestRun.notes,
    BacktestRun.favourite,
    BacktestRun.look_ahead,
)
_HIGHEST_ID = 2**31 - 1
_MOST_DIGITS = 20


def run_number(text: int | str) -> int:
    """Return the number of a run as an address says it, 0 when it is none."""
    digits = str(text)
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) if is_number and int(digits) <= _HIGHEST_ID else 0


def remarks_of(session: Session, run_id: int | str) -> dict[str, Any]:
    """Return what was said of a run, by the names of SavedRun's fields; raises as must_exist."""
    number = run_number(run_id)
    query = select(BacktestRun.deleted_at, *REMARK_COLUMNS).where(BacktestRun.id == number)
    row = session.execute(query).one_or_none() if number else None
    must_exist(run_id, row is not None, row and row.deleted_at)
    return remarks(row, tags_of(session, [number]))


def remarks(row: Row, tags: Mapping[int, tuple[str, ...]]) -> dict[str, Any]:
    """Turn a row with REMARK_COLUMNS into the fields of a run."""
    return {
        "name": row.name or "",
        "notes": row.notes or "",
        "tags": tags.get(row.id, ()),
        "favourite": row.favourite,
        "look_ahead": LookAhead.from_record(row.look_ahead),
    }


def tags_of(session: Session, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return the tags of the runs that have any, in alphabetical order."""
    query = select(RunTag.run_id, RunTag.tag).where(RunTag.run_id.in_(list(ids)))
    found: dict[int, list[str]] = {}
    for run_id, tag in session.execute(query):
        found.setdefault(run_id, []).append(tag)
    return {run_id: tuple(sorted(tags)) for run_id, tags in found.items()}


def must_exist(run_id: int | str, is_there: bool, deleted_at: datetime | None) -> None:
    """Raise UnknownRun for a run that is not there, DeletedRun for one that was deleted."""
    if not is_there:
        raise UnknownRun(f'There is no saved run "{str(run_id)[:20]}": see the list of runs.')
    if deleted_at is not None:
        raise DeletedRun(
            f"Run {run_number(run_id)} was deleted on {deleted_at:%Y-%m-%d}: it can be restored "
            f"until {deleted_at + KEPT_DELETED:%Y-%m-%d}, or run it again and it comes back.",
            run_number(run_id),
        )
