"""Addresses at which the job tray reads the jobs, cancels them and asks for them again."""

from typing import Any

from dash import Dash
from flask import jsonify

from dashboard.same_site import require_same_site
from services.jobs import ACTIVE, STATES, JobView, cancel_job, count_active, list_jobs, retry_job
from services.jobs.trouble import trouble_with
from services.workspace import Workspace

ACTIVE_SHOWN, ENDED_SHOWN = 12, 12
_ENDED = frozenset(STATES) - ACTIVE


def add_job_routes(app: Dash, workspace: Workspace) -> None:
    """Add GET /api/jobs, POST /api/jobs/<id>/cancel and /retry; 404 for an unknown job."""
    server = app.server

    @server.get("/api/jobs")
    def _jobs():
        active = list_jobs(workspace, ACTIVE, ACTIVE_SHOWN)
        ended = list_jobs(workspace, _ENDED, ENDED_SHOWN)
        answer = jsonify(
            jobs=[_record(job) for job in (*active, *ended)],
            active=len(active) if len(active) < ACTIVE_SHOWN else count_active(workspace),
            trouble=trouble_with(workspace, active),
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @server.post("/api/jobs/<job_id>/cancel")
    def _cancel(job_id: str):
        require_same_site()
        return jsonify(_record(cancel_job(workspace, job_id)))

    @server.post("/api/jobs/<job_id>/retry")
    def _retry(job_id: str):
        require_same_site()
        return jsonify(_record(retry_job(workspace, job_id)))


def _record(job: JobView) -> dict[str, Any]:
    return {
        "id": job.id,
        "title": job.title,
        "state": job.state,
        "attempt": job.attempt,
        "progress": job.progress,
        "message": job.message,
        "elapsed": _seconds(job.elapsed()),
        "rest": _seconds(job.rest()),
        "cancelling": job.is_active and job.cancel_requested,
        "can_retry": job.can_retry,
        "ended": job.finished_at.isoformat() if job.finished_at else None,
    }


def _seconds(span) -> float | None:
    return None if span is None else round(span.total_seconds(), 1)
