"""Finds jobs whose worker is gone, and jobs that wait without a message in their queue."""

import logging
from collections.abc import Collection

from db.session import Database
from services.errors import QueueUnavailable
from services.jobs.job import QUEUED, RUNNING, JobView
from services.jobs.queue import QUEUES, check_queue, job_queue
from services.jobs.store import JobTable, age
from services.processes import is_gone
from services.settings import Settings

log = logging.getLogger(__name__)

SILENT_SECONDS = 15  # without a heartbeat, of a worker that cannot be seen from here
STUCK_SECONDS = 90  # of one that lives: it may be waiting for the database to come back


def is_abandoned(job: JobView) -> bool:
    """Tell whether a running job has no worker any more."""
    if job.state != RUNNING:
        return False
    gone = is_gone(job.worker)
    if gone is None:
        return age(job.heartbeat) > SILENT_SECONDS
    return gone or age(job.heartbeat) > STUCK_SECONDS


def judged(job: JobView) -> JobView:
    """Return a job as it is in truth, also while no worker lives to write it down."""
    return job.interrupted() if is_abandoned(job) else job


def interrupt_abandoned(database: Database, living: Collection[int] = ()) -> int:
    """Mark running jobs whose worker is gone; return how many. `living` are known to run."""
    running = JobTable(database).in_state(RUNNING)
    abandoned = [job for job in running if job.id not in living and is_abandoned(job)]
    marked = [job for job in abandoned if JobTable(database).interrupt(job)]
    for job in marked:
        log.warning("Job %s (%s) was interrupted: its worker is gone", job.id, job.title)
    return len(marked)


def ask_again(database: Database, settings: Settings) -> int:
    """Put each waiting job that is in no queue into its own; return how many. A queue may be lost.

    Raises QueueUnavailable.
    """
    waiting = JobTable(database).in_state(QUEUED)
    return sum(_ask_again(settings, name, waiting) for name in QUEUES)


def _ask_again(settings: Settings, name: str, jobs: list[JobView]) -> int:
    numbers = [job.id for job in jobs if job.queue == name]
    if not numbers:
        return 0
    with job_queue(settings, name) as queue:
        known = queue.waiting()
        missing = [number for number in numbers if number not in known]
        for number in missing:
            queue.put(number)
    return len(missing)


def queue_trouble(settings: Settings) -> str:
    """Return the sentence that says why jobs cannot be asked for, empty when they can."""
    try:
        check_queue(settings)
    except QueueUnavailable as error:
        return str(error)
    return ""
