"""Work that outlives a request: asked for here, done by a worker, watched from anywhere."""

from services.jobs.desk import cancel_job, count_active, get_job, list_jobs, retry_job, submit
from services.jobs.job import ACTIVE, RETRIABLE, STATES, JobView

__all__ = [
    "ACTIVE",
    "RETRIABLE",
    "STATES",
    "JobView",
    "cancel_job",
    "count_active",
    "get_job",
    "list_jobs",
    "retry_job",
    "submit",
]
