"""Addresses at which a page asks what has become of a run's data and code, and for its check."""

from typing import Any

from dash import Dash
from flask import Response, jsonify

from dashboard.same_site import require_same_site
from services.look_ahead import LookAhead
from services.runs import SavedRun
from services.runs.changes import changes_since
from services.runs.checking import check_saved_run
from services.runs.fingerprint import code_hash
from services.workspace import Workspace
from strategies.registry import STRATEGIES


def add_run_api(app: Dash, workspace: Workspace) -> None:
    """Add GET /api/runs/<id>/changes and POST /api/runs/<id>/look-ahead; 404 for no such run."""
    server, database = app.server, workspace.database
    # Read while the files are still those that were loaded.
    for kind in STRATEGIES.values():
        code_hash(kind)

    def find(run_id: str) -> SavedRun:
        return workspace.recent_runs.get(database, run_id)

    @server.get("/api/runs/<run_id>/changes")
    def _changes(run_id: str):
        run = find(run_id)
        found = changes_since(database, run, STRATEGIES.get(run.request.strategy))
        return _fresh(text=found.text, bars=found.bars, code=found.code)

    @server.post("/api/runs/<run_id>/look-ahead")
    def _look_ahead(run_id: str):
        require_same_site()
        run = find(run_id)
        found = check_saved_run(database, run, STRATEGIES.get(run.request.strategy))
        return _fresh(**_told(found))


def _told(found: LookAhead) -> dict[str, Any]:
    return found.as_record() | {"text": found.text}


def _fresh(**values: Any) -> Response:
    answer = jsonify(values)
    answer.headers["Cache-Control"] = "no-store"
    return answer
