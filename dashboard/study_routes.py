"""Addresses at which studies are listed, renamed, stopped, deleted, and their results read."""

from datetime import timedelta

from dash import Dash
from flask import Response, jsonify, request

from components import optimise_studies, optimise_table
from components.optimise_studies import count_text, study_rows
from dashboard.asked import asked_change, asked_ids, number_of
from dashboard.same_site import require_same_site
from pages.optimise_data import StudyReader
from pages.studies_query import filter_of
from services.errors import UnknownJob
from services.jobs import cancel_job, get_job
from services.studies import (
    Study,
    change_study,
    delete_studies,
    find_studies,
    find_study,
    load_results,
    restore_studies,
)
from services.studies.start import go_on
from services.workspace import Workspace

_MOST_ROWS, _MOST_LISTED = 1_000, 200
_FIELDS = {"name": str, "notes": str}


def add_study_routes(app: Dash, workspace: Workspace) -> None:
    """Add /api/studies and what is done to one, and GET /export/studies/<id>.csv.

    Below /api/studies: <id>/rows and <id>/remarks (read, change), <id>/cancel, <id>/go-on,
    delete and restore. 404 for an unknown study.
    """
    _add_list(app, workspace)
    _add_orders(app, workspace)
    _add_results(app, workspace)


def _add_list(app: Dash, workspace: Workspace) -> None:
    server, database = app.server, workspace.database

    @server.get("/api/studies")
    def _studies():
        wanted = filter_of(request.args)
        limit = min(number_of("limit", optimise_studies.BLOCK), _MOST_LISTED)
        page = find_studies(database, wanted, number_of("offset", 0), limit)
        rows = study_rows(page.rows, _progress(workspace, page.rows))
        answer = jsonify(rows=rows, total=page.total, text=count_text(wanted, page.total))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @server.get("/api/studies/<study_id>/remarks")
    def _study_remarks(study_id: str):
        study = find_study(database, study_id)
        return jsonify(name=study.name, notes=study.notes)

    @server.post("/api/studies/<study_id>/remarks")
    def _change_study(study_id: str):
        study = change_study(database, study_id, **asked_change(_FIELDS))
        return jsonify(row=study_rows([study])[0])

    @server.post("/api/studies/delete")
    def _delete_studies():
        return jsonify(count=delete_studies(database, asked_ids()))

    @server.post("/api/studies/restore")
    def _restore_studies():
        return jsonify(count=restore_studies(database, asked_ids()))


def _add_orders(app: Dash, workspace: Workspace) -> None:
    @app.server.post("/api/studies/<study_id>/cancel")
    def _cancel_study(study_id: str):
        require_same_site()
        study = find_study(workspace.database, study_id)
        if study.is_active and study.job_id is not None:
            cancel_job(workspace, study.job_id)
        return jsonify(state=find_study(workspace.database, study_id).state)

    @app.server.post("/api/studies/<study_id>/go-on")
    def _go_on_with_study(study_id: str):
        require_same_site()
        return jsonify(state=go_on(workspace, find_study(workspace.database, study_id)).state)


def _add_results(app: Dash, workspace: Workspace) -> None:
    reader = StudyReader(workspace)

    @app.server.get("/api/studies/<study_id>/rows")
    def _study_rows(study_id: str):
        start = number_of("offset", 0)
        stop = start + min(number_of("limit", optimise_table.BLOCK), _MOST_ROWS)
        order = request.args.get("sort", ""), request.args.get("order") != "asc"
        front = request.args.get("front", "").split(",")
        only = request.args.get("only") == "front"
        rows, total = reader.rows(study_id, *order, start, stop, front, only)
        return jsonify(rows=rows, total=total)

    @app.server.get("/export/studies/<study_id>.csv")
    def _study_csv(study_id: str):
        study = find_study(workspace.database, study_id)
        text = load_results(workspace.database, study.id).to_csv(index=False)
        asked = study.request.backtest
        name = f"study_{study.id}_{asked.symbol}_{asked.resolution}_{asked.strategy}.csv"
        answer = Response(text, mimetype="text/csv")
        answer.headers.set("Content-Disposition", "attachment", filename=name)
        return answer


def _progress(
    workspace: Workspace, studies: list[Study]
) -> dict[int, tuple[int, timedelta | None]]:
    """Return what is done of the studies at work, within their chunks, too."""
    found = {}
    for study in studies:
        if not study.is_active or study.job_id is None:
            continue
        try:
            job = get_job(workspace, study.job_id)
        except UnknownJob:
            continue
        found[study.id] = max(job.done, study.done), job.rest()
    return found
