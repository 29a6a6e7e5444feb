"""Changes what people say of saved runs: name, notes, tags, favourite; deletes and restores."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.models import BacktestRun, RunTag
from db.session import Database
from services.errors import InvalidParams
from services.free_text import clean_name, clean_notes, one_line
from services.runs.find import summaries
from services.runs.remarks import KEPT_DELETED, must_exist, run_number
from services.runs.saved import RunSummary
from services.timespan import utc_now

LONGEST_TAG, MOST_TAGS = 40, 20
_AT_ONCE = 500  # ids in one statement


def change_run(
    database: Database,
    run_id: int | str,
    *,
    name: str | None = None,
    notes: str | None = None,
    tags: Iterable[str] | str | None = None,
    favourite: bool | None = None,
) -> RunSummary:
    """Change what is given and nothing else; return the run as it is now.

    An empty text or list clears; tags may be one text with commas. Raises InvalidParams naming
    the field, UnknownRun or DeletedRun.
    """
    number = run_number(run_id)
    columns = _columns(name, notes, favourite)
    wanted = None if tags is None else clean_tags(tags)
    with database.writing() as session:
        # Locked, so that of two who tag at once the later one waits and then has the last word.
        query = select(BacktestRun.deleted_at).where(BacktestRun.id == number).with_for_update()
        row = session.execute(query).one_or_none()
        must_exist(run_id, row is not None, row and row.deleted_at)
        if columns:
            session.execute(update(BacktestRun).where(BacktestRun.id == number).values(**columns))
        if wanted is not None:
            session.execute(delete(RunTag).where(RunTag.run_id == number))
            session.add_all(RunTag(run_id=number, tag=tag) for tag in wanted)
            session.flush()
        return summaries(session, [number])[0]


def delete_runs(database: Database, ids: Iterable[int | str]) -> int:
    """Take runs out of sight and return how many; for 30 days restore_runs brings them back.

    Those deleted longer ago are removed for good now.
    """
    now = utc_now().to_pydatetime()
    with database.writing() as session:
        gone = BacktestRun.deleted_at < now - KEPT_DELETED
        session.execute(delete(BacktestRun).where(gone))
        return _mark(session, ids, BacktestRun.deleted_at.is_(None), now)


def restore_runs(database: Database, ids: Iterable[int | str]) -> int:
    """Bring deleted runs back and return how many."""
    with database.writing() as session:
        return _mark(session, ids, BacktestRun.deleted_at.is_not(None), None)


def clean_tags(tags: Iterable[str] | str) -> tuple[str, ...]:
    """Return tags trimmed, in lower case, once each, sorted; raise InvalidParams."""
    texts = [tags] if isinstance(tags, str) else tags
    words = {one_line(word).lower() for text in texts for word in str(text).split(",")} - {""}
    if any(len(word) > LONGEST_TAG for word in words):
        raise InvalidParams(
            f"A tag may have {LONGEST_TAG} characters at most: shorten it, or put commas between "
            "tags.",
            field="tags",
        )
    if len(words) > MOST_TAGS:
        raise InvalidParams(f"A run may have {MOST_TAGS} tags at most.", field="tags")
    return tuple(sorted(words))


def _columns(name: str | None, notes: str | None, favourite: bool | None) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if name is not None:
        columns["name"] = clean_name(name) or None
    if notes is not None:
        columns["notes"] = clean_notes(notes) or None
    if favourite is not None:
        columns["favourite"] = bool(favourite)
    return columns


def _mark(session: Session, ids: Iterable[int | str], which: Any, moment: Any) -> int:
    numbers = sorted({run_number(run_id) for run_id in ids} - {0})
    changed = 0
    for start in range(0, len(numbers), _AT_ONCE):
        some = BacktestRun.id.in_(numbers[start : start + _AT_ONCE])
        change = update(BacktestRun).where(some, which).values(deleted_at=moment)
        changed += session.execute(change).rowcount
    return changed
