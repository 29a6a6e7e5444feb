"""Addresses at which the list of runs reads its rows and sends what the user changes."""

from dash import Dash
from flask import jsonify, request

from components.runs import BLOCK, run_rows
from dashboard.asked import asked_change, asked_ids, number_of
from pages.runs_query import filter_of
from services.runs import RunSummary, all_tags, change_run, delete_runs, find_runs, restore_runs
from services.runs.remarks import remarks_of
from services.workspace import Workspace

_MOST_ROWS = 200
_FIELDS = {"name": str, "notes": str, "tags": list, "favourite": bool}


def add_run_list_routes(app: Dash, workspace: Workspace) -> None:
    """Add /api/runs (rows), /api/runs/<id>/remarks (read, change), /api/runs/delete, /restore."""
    server, database = app.server, workspace.database

    @server.get("/api/runs")
    def _runs():
        wanted = filter_of({name: request.args.getlist(name) for name in request.args})
        limit = min(number_of("limit", BLOCK), _MOST_ROWS)
        page = find_runs(database, wanted, number_of("offset", 0), limit)
        return jsonify(rows=run_rows(page.rows), total=page.total)

    @server.get("/api/runs/<run_id>/remarks")
    def _remarks(run_id: str):
        with database.reading() as session:
            said = remarks_of(session, run_id)
        return jsonify({name: said[name] for name in _FIELDS} | {"known": all_tags(database)})

    @server.post("/api/runs/<run_id>/remarks")
    def _change(run_id: str):
        return _changed(change_run(database, run_id, **asked_change(_FIELDS)))

    @server.post("/api/runs/delete")
    def _delete():
        return jsonify(count=delete_runs(database, asked_ids()))

    @server.post("/api/runs/restore")
    def _restore():
        return jsonify(count=restore_runs(database, asked_ids()))

    def _changed(run: RunSummary):
        return jsonify(row=run_rows([run])[0], known=all_tags(database))
