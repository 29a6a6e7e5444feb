"""Addresses at which a study's results are read, a block of rows at a time, and downloaded."""

from dash import Dash
from flask import Response, jsonify, request

from components.optimise_table import BLOCK
from dashboard.asked import number_of
from pages.optimise_data import StudyReader
from services.studies import find_study, load_results
from services.workspace import Workspace

_MOST_ROWS = 1_000


def add_study_routes(app: Dash, workspace: Workspace) -> None:
    """Add GET /export/studies/<id>.csv and /api/studies/<id>/rows; 404 for an unknown study."""
    reader = StudyReader(workspace)

    @app.server.get("/api/studies/<study_id>/rows")
    def _rows(study_id: str):
        start = number_of("offset", 0)
        stop = start + min(number_of("limit", BLOCK), _MOST_ROWS)
        asked = request.args.get("sort", ""), request.args.get("order") != "asc"
        rows, total = reader.rows(study_id, *asked, start, stop)
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
