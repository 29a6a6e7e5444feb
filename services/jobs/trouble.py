"""Says in a sentence why jobs do not get on."""

from collections.abc import Iterable

from services.jobs.job import QUEUED, JobView, utc_now
from services.jobs.leases import has_living_worker
from services.jobs.recovery import queue_trouble
from services.workspace import Workspace

NO_WORKER = "No worker is running: start one with python -m dashboard.worker."
_PATIENCE_SECONDS = 3  # a worker that is being started gets so long


def trouble_with(workspace: Workspace, jobs: Iterable[JobView]) -> str:
    """Return why the jobs cannot be done now, empty when they can."""
    if trouble := queue_trouble(workspace.settings):
        return trouble
    now = utc_now()
    waiting = [job for job in jobs if job.state == QUEUED and job.created_at is not None]
    waits = any((now - job.created_at).total_seconds() > _PATIENCE_SECONDS for job in waiting)
    return NO_WORKER if waits and not has_living_worker(workspace.database) else ""
