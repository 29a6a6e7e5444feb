"""Reads one saved study, and the results of all its combinations."""

import pandas as pd
from sqlalchemy import Select, select

from db.models import Job, StudyChunk
from db.models import Study as Row
from db.session import Database
from services.errors import UnknownStudy
from services.optimise.sweep import joined
from services.runs.remarks import run_number
from services.studies.packing import unpack_frame
from services.studies.saved import Study, study_of


def find_study(database: Database, study_id: int | str) -> Study:
    """Return one study; raise UnknownStudy, also for one that was deleted."""
    query = study_rows().where(Row.id == run_number(study_id), Row.deleted_at.is_(None))
    with database.reading() as session:
        found = session.execute(query).one_or_none()
        if found is None:
            raise UnknownStudy(
                f'There is no study "{str(study_id)[:20]}": see the list of studies.'
            )
        return study_of(*found)


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


def study_rows() -> Select:
    """Select what study_of makes a study of."""
    return select(Row, Job.state).outerjoin(Job, Job.id == Row.job_id)
