"""Addresses that answer with the chart of a run, or of a stored series."""

from dash import Dash
from flask import jsonify, request

from services.charts import figure_for_query
from services.charts.market import market_source, run_source
from services.errors import InvalidParams
from services.workspace import Workspace

_DEFAULT_RESOLUTION = "1d"


def add_chart_routes(app: Dash, workspace: Workspace) -> None:
    """Add /api/runs/<id>/chart and /api/chart?symbol=&resolution=&ind=&compare=.

    Both take what services.charts.query reads. Bad values are a sentence and 400, what is not
    there one and 404.
    """
    server = app.server

    @server.get("/api/runs/<run_id>/chart")
    def _run_chart(run_id: str):
        run = workspace.recent_runs.get(workspace.database, run_id)
        return jsonify(figure_for_query(run_source(workspace, run), request.args))

    @server.get("/api/chart")
    def _market_chart():
        asked = request.args
        if not asked.get("symbol", "").strip():
            raise InvalidParams("Name a symbol, as in /api/chart?symbol=AAPL.", field="symbol")
        source = market_source(
            workspace,
            asked["symbol"],
            asked.get("resolution", "").strip() or _DEFAULT_RESOLUTION,
            asked.get("ind", ""),
            asked.get("compare"),
        )
        return jsonify(figure_for_query(source, asked))
