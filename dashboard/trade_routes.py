"""The address that answers with a run's trades, in columns."""

from dash import Dash
from flask import jsonify

from components.trades import trade_columns
from pages.shown_run import find_run
from services.timespan import is_session_based
from services.workspace import Workspace


def add_trade_routes(app: Dash, workspace: Workspace) -> None:
    """Add /api/runs/<id>/trades; 404 for an unknown run.

    Times are those of the exchange's clocks, as seconds since 1970 that know of no zone.
    """

    @app.server.get("/api/runs/<run_id>/trades")
    def _trades(run_id: str):
        run, timezone = find_run(workspace, run_id)
        is_daily = is_session_based(run.request.resolution)
        columns = trade_columns(run.result, "UTC" if is_daily else timezone)
        return jsonify(columns=columns, is_daily=is_daily)
