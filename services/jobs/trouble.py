"""Says in a sentence why jobs do not get on."""

import threading
import time
from collections.abc import Iterable

from services.jobs.job import QUEUED, JobView, utc_now
from services.jobs.recovery import queue_trouble
from services.leases import has_living_worker
from services.settings import Settings
from services.workspace import Workspace

NO_WORKER = "No worker is running: start one with python -m dashboard.worker."
_PATIENCE_SECONDS = 3  # a worker that is being started gets so long
_FRESH_SECONDS = 2.0  # an answer about a queue is good for so long

_asking = threading.Lock()
_answers: dict[str, tuple[float, str]] = {}  # of the queues: when it was given, and what it was


def trouble_with(workspace: Workspace, jobs: Iterable[JobView]) -> str:
    """Return why the jobs cannot be done now, empty when they can."""
    if trouble := _trouble_with_queue(workspace.settings):
        return trouble
    now = utc_now()
    waiting = [job for job in jobs if job.state == QUEUED and job.created_at is not None]
    waits = any((now - job.created_at).total_seconds() > _PATIENCE_SECONDS for job in waiting)
    return NO_WORKER if waits and not has_living_worker(workspace.database) else ""


def _trouble_with_queue(settings: Settings) -> str:
    """Return the last answer unless it is old; of all who watch, one asks again.

    A Redis that says nothing takes seconds, in which the others' pages must not stand still.
    """
    url = settings.redis_url
    given_at, answer = _answers.get(url, (float("-inf"), ""))
    if time.monotonic() - given_at > _FRESH_SECONDS and _asking.acquire(blocking=False):
        try:
            answer = queue_trouble(settings)
            _answers[url] = time.monotonic(), answer
        finally:
            _asking.release()
    return answer
