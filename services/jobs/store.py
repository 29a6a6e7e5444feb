"""The table of jobs: every change of state is one statement that checks what it starts from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from db.models import Job
from db.session import Database
from services.jobs.job import (
    ACTIVE,
    CANCELLED,
    CANCELLED_WAITING,
    INTERRUPTED,
    QUEUED,
    RETRIABLE,
    RUNNING,
    STOPPED,
    JobView,
    fingerprint,
    utc_now,
)
from services.jobs.kinds import KINDS, kind_of

_COLUMNS = tuple(name for name in JobView.__dataclass_fields__ if name != "title")
_FRESH = {
    "state": QUEUED,
    "done": 0,
    "total": 0,
    "progress": None,
    "message": "",
    "result": None,
    "worker": None,
    "cancel_requested": False,
    "started_at": None,
    "heartbeat": None,
    "finished_at": None,
}
_HIGHEST_ID = 2**31 - 1


class JobTable:
    """The jobs of one database."""

    def __init__(self, database: Database):
        self._database = database

    def insert(self, kind: str, arguments: dict[str, Any]) -> tuple[JobView, bool]:
        """Store a job that waits; return it, or the equal active one, and whether it is new."""
        mark = fingerprint(kind, arguments)
        row = {
            **_FRESH,
            "kind": kind,
            "arguments": arguments,
            "fingerprint": mark,
            "queue": kind_of(kind).queue(arguments),
            "attempt": 1,
            "created_at": utc_now(),
        }
        while True:
            if (known := self.active_equal(mark)) is not None:
                return known, False
            try:
                with self._database.writing() as session:
                    job = Job(**row)
                    session.add(job)
                    session.flush()
                    return view_of(job), True
            except IntegrityError:
                continue  # somebody asked for the same in this moment: theirs is found now

    def active_equal(self, mark: str) -> JobView | None:
        """Return the active job with this fingerprint."""
        query = select(Job).where(Job.fingerprint == mark, Job.state.in_(ACTIVE))
        with self._database.reading() as session:
            row = session.scalar(query)
            return row and view_of(row)

    def fingerprint_of(self, job_id: int) -> str:
        """Return the stored fingerprint of a job."""
        with self._database.reading() as session:
            return session.scalars(select(Job.fingerprint).where(Job.id == job_id)).one()

    def find(self, job_id: int) -> JobView | None:
        """Return one job as it is stored."""
        with self._database.reading() as session:
            row = session.get(Job, job_id) if 0 < job_id <= _HIGHEST_ID else None
            return row and view_of(row)

    def listed(self, states: Iterable[str] | None, limit: int) -> list[JobView]:
        """Return jobs that run, those that wait in their turn, those that ended, latest first."""
        query = (
            select(Job)
            .order_by(
                (Job.state == RUNNING).desc(),
                (Job.state == QUEUED).desc(),
                Job.finished_at.desc(),
                Job.id,
            )
            .limit(limit)
        )
        if states is not None:
            query = query.where(Job.state.in_(tuple(states)))
        with self._database.reading() as session:
            return [view_of(row) for row in session.scalars(query)]

    def count(self, states: Iterable[str]) -> int:
        """Count the jobs of some states."""
        query = select(func.count()).where(Job.state.in_(tuple(states)))
        with self._database.reading() as session:
            return session.scalar(query)

    def in_state(self, state: str) -> list[JobView]:
        """Return all jobs of one state, the oldest first."""
        query = select(Job).where(Job.state == state).order_by(Job.id)
        with self._database.reading() as session:
            return [view_of(row) for row in session.scalars(query)]

    def remove_waiting(self, job_id: int) -> None:
        """Remove a job that nobody was told of."""
        with self._database.writing() as session:
            session.execute(delete(Job).where(Job.id == job_id, Job.state == QUEUED))

    def claim(self, job_id: int, worker: str) -> JobView | None:
        """Take a waiting job to run it; None when it waits no more: it may be asked for twice."""
        now = utc_now()
        values = {"state": RUNNING, "worker": worker, "started_at": now, "heartbeat": now}
        changed = self._change((Job.id == job_id, Job.state == QUEUED), values)
        return self.find(job_id) if changed else None

    def touch(self, job: JobView, values: dict[str, Any]) -> bool:
        """Write a running job's heartbeat and progress; False when it is ours no more."""
        return self._change(_ours(job), {"heartbeat": utc_now(), **values})

    def is_cancelled(self, job: JobView) -> bool | None:
        """Tell whether a running job is to be cancelled; None when it is ours no more."""
        with self._database.reading() as session:
            return session.scalar(select(Job.cancel_requested).where(*_ours(job)))

    def finish(self, job: JobView, values: dict[str, Any]) -> bool:
        """Write how a job ended; False when it is ours no more.

        One that was taken for interrupted while the database was away, and that nobody asked for
        again, still is.
        """
        ours = (*_ours(job)[1:], Job.state.in_((RUNNING, INTERRUPTED)))
        return self._change(ours, {"finished_at": utc_now(), **values})

    def interrupt(self, job: JobView) -> bool:
        """Mark a running job whose worker is gone, unless it moved since it was read."""
        values = {
            "state": INTERRUPTED,
            "message": STOPPED,
            "finished_at": job.heartbeat or utc_now(),
        }
        return self._change((*_ours(job), Job.heartbeat == job.heartbeat), values)

    def cancel_waiting(self, job_id: int) -> bool:
        """Cancel a job that has not begun."""
        values = {"state": CANCELLED, "message": CANCELLED_WAITING, "finished_at": utc_now()}
        return self._change((Job.id == job_id, Job.state == QUEUED), values)

    def request_cancel(self, job_id: int) -> bool:
        """Ask a running job to end."""
        where = (Job.id == job_id, Job.state == RUNNING)
        return self._change(where, {"cancel_requested": True})

    def requeue(self, job: JobView) -> bool:
        """Let a job that ended without its result wait again.

        Raises IntegrityError when an equal one is active.
        """
        where = (Job.id == job.id, Job.attempt == job.attempt, Job.state.in_(RETRIABLE))
        values = {**_FRESH, "attempt": job.attempt + 1, "queue": job.queue}
        return self._change(where, values)

    def restore(self, job: JobView) -> None:
        """Undo a requeue that nobody was told of."""
        where = (Job.id == job.id, Job.attempt == job.attempt + 1, Job.state == QUEUED)
        names = (*_FRESH, "attempt")
        self._change(where, {name: getattr(job, name) for name in names})

    def _change(self, where: tuple, values: dict[str, Any]) -> bool:
        with self._database.writing() as session:
            return session.execute(update(Job).where(*where).values(**values)).rowcount == 1


def view_of(row: Job) -> JobView:
    """Return a row as a view, with its title."""
    kind = KINDS.get(row.kind)
    title = kind.title(row.arguments) if kind else row.kind
    return JobView(title=title, **{name: getattr(row, name) for name in _COLUMNS})


def _ours(job: JobView) -> tuple:
    """Say that the row is still the run of the job that the view shows."""
    return (
        Job.state == RUNNING,
        Job.id == job.id,
        Job.attempt == job.attempt,
        Job.worker == job.worker,
    )


def age(moment: datetime | None) -> float:
    """Return the seconds since a moment, infinite when there is none."""
    return (utc_now() - moment).total_seconds() if moment else float("inf")
