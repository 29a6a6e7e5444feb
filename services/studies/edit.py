"""Changes what people say of saved studies: name and notes; deletes and restores."""

from collections.abc import Iterable

from sqlalchemy import delete, select, update

from db.models import Study as Row
from db.models import StudyChunk, StudySeries
from db.session import Database
from services.free_text import clean_name, clean_notes
from services.jobs.store import JobTable
from services.runs.remarks import KEPT_DELETED, run_number
from services.studies.load import find_study
from services.studies.saved import Study
from services.timespan import utc_now


def change_study(
    database: Database, study_id: int | str, *, name: str | None = None, notes: str | None = None
) -> Study:
    """Change what is given and nothing else; return the study as it is now.

    An empty text clears. Raises InvalidParams naming the field, and UnknownStudy.
    """
    columns = {}
    if name is not None:
        columns["name"] = clean_name(name) or None
    if notes is not None:
        columns["notes"] = clean_notes(notes) or None
    if columns:
        here = Row.id == run_number(study_id), Row.deleted_at.is_(None)
        with database.writing() as session:
            session.execute(update(Row).where(*here).values(**columns))
    return find_study(database, study_id)


def delete_studies(database: Database, ids: Iterable[int | str]) -> int:
    """Take studies out of sight and return how many; for 30 days restore_studies brings them back.

    Their jobs are cancelled. The results of those deleted longer ago are removed for good now.
    Their rows stay, as what was tried counts as tried.
    """
    now = utc_now().to_pydatetime()
    gone = select(Row.id).where(Row.deleted_at < now - KEPT_DELETED)
    here = Row.id.in_(_numbers(ids)), Row.deleted_at.is_(None)
    with database.writing() as session:
        for table in (StudyChunk, StudySeries):
            session.execute(delete(table).where(table.study_id.in_(gone)))
        jobs = session.scalars(select(Row.job_id).where(*here, Row.job_id.is_not(None))).all()
        count = session.execute(update(Row).where(*here).values(deleted_at=now)).rowcount
    for job in jobs:
        if not JobTable(database).cancel_waiting(job):
            JobTable(database).request_cancel(job)
    return count


def restore_studies(database: Database, ids: Iterable[int | str]) -> int:
    """Bring deleted studies back, where their results are still there; return how many."""
    limit = utc_now().to_pydatetime() - KEPT_DELETED
    hidden = Row.id.in_(_numbers(ids)), Row.deleted_at >= limit
    with database.writing() as session:
        return session.execute(update(Row).where(*hidden).values(deleted_at=None)).rowcount


def _numbers(ids: Iterable[int | str]) -> list[int]:
    return sorted({run_number(study_id) for study_id in ids} - {0})
