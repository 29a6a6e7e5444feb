"""Addresses at which the list of runs reads its rows and sends what the user changes."""

from typing import Any

from dash import Dash
from flask import abort, jsonify, request

from components.runs import BLOCK, run_rows
from dashboard.same_site import require_same_site
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
        page = find_runs(database, wanted, _number("offset", 0), _limit())
        return jsonify(rows=run_rows(page.rows), total=page.total)

    @server.get("/api/runs/<run_id>/remarks")
    def _remarks(run_id: str):
        with database.reading() as session:
            said = remarks_of(session, run_id)
        return jsonify({name: said[name] for name in _FIELDS} | {"known": all_tags(database)})

    @server.post("/api/runs/<run_id>/remarks")
    def _change(run_id: str):
        return _changed(change_run(database, run_id, **_asked_change()))

    @server.post("/api/runs/delete")
    def _delete():
        return jsonify(count=delete_runs(database, _asked_ids()))

    @server.post("/api/runs/restore")
    def _restore():
        return jsonify(count=restore_runs(database, _asked_ids()))

    def _changed(run: RunSummary):
        return jsonify(row=run_rows([run])[0], known=all_tags(database))


def _limit() -> int:
    return min(_number("limit", BLOCK), _MOST_ROWS)


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _asked_change() -> dict[str, Any]:
    asked = _asked()
    wrong = [name for name, value in asked.items() if not isinstance(value, _FIELDS.get(name, ()))]
    if wrong or not asked:
        abort(400, "Send name, notes, tags or favourite of a run, each of its own type.")
    return asked


def _asked_ids() -> list[int | str]:
    ids = _asked().get("ids")
    if not isinstance(ids, list) or not all(isinstance(one, int | str) for one in ids):
        abort(400, 'Send the numbers of the runs as {"ids": [1, 2]}.')
    return ids


def _asked() -> dict[str, Any]:
    require_same_site()
    asked = request.get_json()
    if not isinstance(asked, dict):
        abort(400, "Send an object in JSON.")
    return asked
