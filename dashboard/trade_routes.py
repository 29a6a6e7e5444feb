"""The address that answers with a run's trades, in columns."""

from dash import Dash
from flask import jsonify

from components.trades import trade_columns
from services.timespan import is_session_based
from services.workspace import Workspace


def add_trade_routes(app: Dash, workspace: Workspace) -> None:
    """Add /api/runs/<id>/trades; 404 for an unknown run."""

    @app.server.get("/api/runs/<run_id>/trades")
    def _trades(run_id: str):
        run = workspace.recent_runs.get(workspace.database, run_id)
        return jsonify(
            columns=trade_columns(run.result),
            is_daily=is_session_based(run.request.resolution),
        )
