"""Keeps studies in the database: chunk by chunk, each in a transaction of its own."""

from typing import Any

import pandas as pd
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from db.models import Study as Row
from db.models import StudyChunk, StudySeries
from db.session import Database
from services.metrics import METRICS_VERSION
from services.optimise.objective import Objective, best_of
from services.processes import this_process
from services.studies.load import find_study
from services.studies.packing import pack_frame, unpack_frame
from services.studies.request import StudyRequest
from services.studies.saved import RUNNING, WAITING, Extent, Study
from services.studies.versions import versions_for
from services.timespan import utc_now


def create_study(
    database: Database, request: StudyRequest, extent: Extent, bars: str, code: str
) -> Study:
    """Store what is asked and return the study; an equal one is shared and goes on.

    `bars` and `code` are the digests of services.runs.fingerprint. Equal studies were asked the
    same on the same bars, code and versions, and so have the same results.
    """
    known = _equal(database, request, extent, bars, code)
    if known is not None:
        return find_study(database, known)
    backtest = request.backtest
    row = Row(
        created_at=utc_now().to_pydatetime(),
        symbol=backtest.symbol,
        resolution=backtest.resolution,
        strategy=backtest.strategy,
        method=request.method,
        asked=request.as_record(),
        combinations=extent.combinations,
        dropped=extent.dropped,
        chunk_rows=extent.chunk_rows,
        done=0,
        state=WAITING,
        worker=this_process(),
        bars_hash=bars,
        code_hash=code,
        metrics_version=METRICS_VERSION,
        versions=versions_for(request.method),
    )
    with database.writing() as session:
        session.add(row)
        session.flush()
        number = row.id
    return find_study(database, number)


def begin_study(database: Database, study_id: int, *, as_job: bool = False) -> None:
    """Mark a study as worked on by this process; unless `as_job`, by no job any more."""
    no_job = {} if as_job else {"job_id": None}
    _change(database, study_id, state=RUNNING, worker=this_process(), **no_job)


def assign_job(database: Database, study_id: int, job_id: int) -> None:
    """Note which job works on a study."""
    _change(database, study_id, job_id=job_id)


def end_study(database: Database, study_id: int, state: str, **values: Any) -> None:
    """Write how the work on a study ended, and other columns that are known by now."""
    _change(database, study_id, state=state, **values)


def add_chunk(
    database: Database,
    study_id: int,
    number: int,
    frame: pd.DataFrame,
    *,
    tried: int | None = None,
    state: bytes | None = None,
) -> int:
    """Store a chunk's results and return how many combinations are tried by now.

    `tried` is how many it took, where they are not its rows; `state` is what the next chunk goes
    on from. A chunk that is stored already stays as it is: two processes that go on with one
    study compute the same.
    """
    rows = len(frame) if tried is None else tried
    chunk = StudyChunk(
        study_id=study_id, number=number, rows=rows, payload=pack_frame(frame), state=state
    )
    stored = select(func.coalesce(func.sum(StudyChunk.rows), 0)).where(
        StudyChunk.study_id == study_id
    )
    try:
        with database.writing() as session:
            # Locked, so that of two who count at once the later one counts both chunks.
            query = select(Row.asked, Row.best).where(Row.id == study_id).with_for_update()
            asked, best = session.execute(query).one()
            session.add(chunk)
            session.flush()
            done = session.scalar(stored)
            values = {"done": done, "best": _better(asked, best, frame)}
            session.execute(update(Row).where(Row.id == study_id).values(**values))
            return done
    except IntegrityError:
        with database.reading() as session:
            return session.scalar(stored)


def missing_chunks(database: Database, study: Study) -> list[int]:
    """Return the numbers of the chunks that are not stored, ascending."""
    query = select(StudyChunk.number).where(StudyChunk.study_id == study.id)
    with database.reading() as session:
        there = set(session.scalars(query))
    return [number for number in range(study.chunks) if number not in there]


def begun_chunks(database: Database, study_id: int) -> list[tuple[pd.DataFrame, bytes]]:
    """Return the stored results in their order, each with what the next chunk goes on from."""
    query = select(StudyChunk.payload, StudyChunk.state).where(StudyChunk.study_id == study_id)
    with database.reading() as session:
        rows = session.execute(query.order_by(StudyChunk.number)).all()
    return [(unpack_frame(payload), state) for payload, state in rows]


def keep_series(database: Database, study_id: int, payload: bytes) -> None:
    """Store the packed curves of a study in the place of any others."""
    with database.writing() as session:
        session.merge(StudySeries(study_id=study_id, payload=payload))


def load_series(database: Database, study_id: int) -> bytes | None:
    """Return the packed curves of a study, None when it has none."""
    with database.reading() as session:
        return session.scalar(select(StudySeries.payload).where(StudySeries.study_id == study_id))


def _better(asked: dict, best: float | None, frame: pd.DataFrame) -> float | None:
    """Return the better of the best so far and that of a frame, by the study's objective."""
    objective = Objective(asked["objective"], asked["minimum_trades"])
    place = best_of(frame, objective) if objective.metric in frame else None
    if place is None:
        return best
    found = float(frame[objective.metric].iloc[place])
    return found if best is None or objective.score(found) > objective.score(best) else best


def _equal(
    database: Database, request: StudyRequest, extent: Extent, bars: str, code: str
) -> int | None:
    backtest, asked = request.backtest, request.as_record()
    query = select(Row.id, Row.asked, Row.versions).where(
        Row.symbol == backtest.symbol,
        Row.resolution == backtest.resolution,
        Row.strategy == backtest.strategy,
        Row.method == request.method,
        Row.bars_hash == bars,
        Row.code_hash == code,
        Row.metrics_version == METRICS_VERSION,
        Row.chunk_rows == extent.chunk_rows,
        Row.deleted_at.is_(None),
    )
    with database.reading() as session:
        for row in session.execute(query.order_by(Row.id.desc())):
            if (row.asked, row.versions) == (asked, versions_for(request.method)):
                return row.id
    return None


def _change(database: Database, study_id: int, **values: Any) -> None:
    with database.writing() as session:
        session.execute(update(Row).where(Row.id == study_id).values(**values))
