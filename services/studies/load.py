"""Reads saved studies: one, a list, the results of all combinations; hides and brings back."""

from collections.abc import Iterable

import pandas as pd
from sqlalchemy import Select, delete, select, update

from db.models import Job, StudyChunk
from db.models import Study as Row
from db.session import Database
from services.errors import UnknownStudy
from services.optimise.sweep import joined
from services.runs.remarks import KEPT_DELETED, run_number
from services.studies.packing import unpack_frame
from services.studies.saved import Study, study_of
from services.timespan import utc_now


def find_study(database: Database, study_id: int | str) -> Study:
    """Return one study; raise UnknownStudy, also for one that was deleted."""
    query = _query().where(Row.id == run_number(study_id), Row.deleted_at.is_(None))
    with database.reading() as session:
        found = session.execute(query).one_or_none()
        if found is None:
            raise UnknownStudy(
                f'There is no study "{str(study_id)[:20]}": see the list of studies.'
            )
        return study_of(*found)


def list_studies(
    database: Database, *, symbol: str = "", strategy: str = "", limit: int = 100
) -> list[Study]:
    """Return the latest studies first, of one symbol and strategy where these are given."""
    query = _query().where(Row.deleted_at.is_(None)).order_by(Row.id.desc()).limit(limit)
    if symbol:
        query = query.where(Row.symbol == symbol.strip().upper())
    if strategy:
        query = query.where(Row.strategy == strategy)
    with database.reading() as session:
        return [study_of(*found) for found in session.execute(query)]


def load_results(database: Database, study_id: int) -> pd.DataFrame:
    """Return the stored results in the order of the combinations; a row a combination.

    Where chunks are missing their rows are left out. Empty when none is stored.
    """
    query = (
        select(StudyChunk.payload)
        .where(StudyChunk.study_id == study_id)
        .order_by(StudyChunk.number)
    )
    with database.reading() as session:
        frames = [unpack_frame(payload) for payload in session.scalars(query)]
    return joined(frames) if frames else pd.DataFrame()


def delete_studies(database: Database, ids: Iterable[int | str]) -> int:
    """Take studies out of sight and return how many; restore_studies brings them back.

    The results of those deleted more than 30 days ago are removed for good now. Their rows stay,
    as what was tried counts as tried.
    """
    now = utc_now().to_pydatetime()
    gone = select(Row.id).where(Row.deleted_at < now - KEPT_DELETED)
    with database.writing() as session:
        session.execute(delete(StudyChunk).where(StudyChunk.study_id.in_(gone)))
        here = Row.id.in_(_numbers(ids)), Row.deleted_at.is_(None)
        return session.execute(update(Row).where(*here).values(deleted_at=now)).rowcount


def restore_studies(database: Database, ids: Iterable[int | str]) -> int:
    """Bring deleted studies back, where their results are still there; return how many."""
    limit = utc_now().to_pydatetime() - KEPT_DELETED
    hidden = Row.id.in_(_numbers(ids)), Row.deleted_at >= limit
    with database.writing() as session:
        return session.execute(update(Row).where(*hidden).values(deleted_at=None)).rowcount


def _numbers(ids: Iterable[int | str]) -> list[int]:
    return sorted({run_number(study_id) for study_id in ids} - {0})


def _query() -> Select:
    return select(Row, Job.state).outerjoin(Job, Job.id == Row.job_id)
