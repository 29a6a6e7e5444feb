"""Where jobs are asked for, looked at, cancelled and asked for again."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from services.errors import InvalidParams, UnknownJob, UserError, did_you_mean
from services.jobs.job import ACTIVE, INTERRUPTED, RETRIABLE, RUNNING, STATES, JobView
from services.jobs.kinds import DELETE, OPTIMISE, kind_of
from services.jobs.queue import job_queue
from services.jobs.recovery import interrupt_abandoned, judged
from services.jobs.store import JobTable
from services.workspace import Workspace

RECENT = 30
_MOST_ACTIVE = 1_000


def submit(workspace: Workspace, kind: str, arguments: Mapping[str, Any]) -> JobView:
    """Ask for work and return at once; an equal active job is shared.

    Raises InvalidParams, also for a series that is to be deleted while bars of it come in, and
    QueueUnavailable when the workers cannot be told.
    """
    checked = kind_of(kind).check(arguments)
    # A job whose worker is gone would be shared otherwise, and never end.
    interrupt_abandoned(workspace.database)
    if kind == DELETE:
        _check_nothing_comes(workspace, checked)
    job, is_new = JobTable(workspace.database).insert(kind, checked)
    if is_new:
        try:
            _tell(workspace, job)
        except UserError:
            JobTable(workspace.database).remove_waiting(job.id)
            raise
    return job


def get_job(workspace: Workspace, job_id: int | str) -> JobView:
    """Return one job; raise UnknownJob."""
    job = JobTable(workspace.database).find(_number(job_id))
    if job is None:
        raise UnknownJob(
            f'There is no job "{str(job_id)[:20]}": see python -m scripts.jobs for the list.'
        )
    return judged(job)


def list_jobs(
    workspace: Workspace, states: Iterable[str] | str | None = None, limit: int = RECENT
) -> list[JobView]:
    """Return jobs that run, that wait in their turn, that ended (the latest first).

    Raises InvalidParams for a state that does not exist.
    """
    wanted = {states} if isinstance(states, str) else set(states or ())
    for state in wanted - set(STATES):
        raise InvalidParams(
            f'There is no state "{state}": use one of {", ".join(STATES)}.'
            f"{did_you_mean(state, STATES)}",
            field="state",
        )
    # What is stored as running may be interrupted in truth.
    read = wanted | {RUNNING} if INTERRUPTED in wanted else wanted
    jobs = [judged(job) for job in JobTable(workspace.database).listed(read or None, limit)]
    return sorted(
        (job for job in jobs if not wanted or job.state in wanted),
        key=lambda job: job.state not in ACTIVE,
    )


def count_active(workspace: Workspace) -> int:
    """Count the jobs that wait or run."""
    return JobTable(workspace.database).count(ACTIVE)


def cancel_job(workspace: Workspace, job_id: int | str) -> JobView:
    """Cancel a waiting job at once, ask a running one to end; one that has ended stays as it is."""
    job = get_job(workspace, job_id)
    if not JobTable(workspace.database).cancel_waiting(job.id) and job.is_active:
        JobTable(workspace.database).request_cancel(job.id)
    return get_job(workspace, job.id)


def retry_job(workspace: Workspace, job_id: int | str) -> JobView:
    """Ask again for a job that failed, was cancelled or interrupted; an equal active one is shared.

    One that is active or done stays as it is. Raises UnknownJob and QueueUnavailable.
    """
    interrupt_abandoned(workspace.database)
    job = get_job(workspace, job_id)
    if job.state not in RETRIABLE:
        return job
    job = replace(job, queue=kind_of(job.kind).queue(dict(job.arguments)))
    try:
        again = JobTable(workspace.database).requeue(job)
    except IntegrityError:
        mark = JobTable(workspace.database).fingerprint_of(job.id)
        return JobTable(workspace.database).active_equal(mark) or retry_job(workspace, job.id)
    if again:
        try:
            _tell(workspace, job)
        except UserError:
            JobTable(workspace.database).restore(job)
            raise
    return get_job(workspace, job.id)


def _check_nothing_comes(workspace: Workspace, series: Mapping[str, Any]) -> None:
    """Refuse to delete what another job is about to store."""
    for job in list_jobs(workspace, ACTIVE, limit=_MOST_ACTIVE):
        asked = job.arguments
        symbol = asked.get("name_as", asked.get("symbol"))
        same = (symbol, asked.get("resolution")) == (series["symbol"], series["resolution"])
        if same and job.kind not in (DELETE, OPTIMISE):  # a study has read its bars already
            raise InvalidParams(
                f"{symbol} {series['resolution']} is being fetched (job {job.id}): cancel that "
                "first, then delete it."
            )


def _tell(workspace: Workspace, job: JobView) -> None:
    with job_queue(workspace.settings, job.queue) as queue:
        queue.put(job.id)


def _number(job_id: int | str) -> int:
    text = str(job_id).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else 0
