"""Addresses that answer with a run's chart data, its PNG report and its trades."""

import io

from dash import Dash
from flask import jsonify, request, send_file

from services.charts import chart_figure
from services.plots import report_png
from services.runs import SavedRun
from services.workspace import Workspace


def add_run_routes(app: Dash, workspace: Workspace) -> None:
    """Add /api/runs/<id>/chart and /export/runs/<id>.png and .csv; 404 for an unknown run."""
    server = app.server

    def find(run_id: str) -> SavedRun:
        return workspace.recent_runs.get(workspace.database, run_id)

    @server.get("/api/runs/<run_id>/chart")
    def _chart(run_id: str):
        run = find(run_id)
        return jsonify(chart_figure(run.result, _position("lo"), _position("hi")))

    @server.get("/export/runs/<run_id>.png")
    def _png(run_id: str):
        run = find(run_id)
        asked = run.request
        kind = "simple" if request.args.get("kind") == "simple" else "full"
        image = report_png(
            run.result,
            asked.symbol,
            asked.resolution,
            kind,
            subtitle=run.bars_note,
            cautions=run.cautions,
        )
        name = f"{_file_stem(run)}_{kind}.png"
        return send_file(io.BytesIO(image), mimetype="image/png", download_name=name)

    @server.get("/export/runs/<run_id>.csv")
    def _csv(run_id: str):
        run = find(run_id)
        table = run.result.trades.drop(columns=["entry_bar", "exit_bar"])
        table.index += 1
        text = table.to_csv(index_label="trade", date_format="%Y-%m-%dT%H:%M:%SZ")
        name = f"{_file_stem(run)}_trades.csv"
        return send_file(io.BytesIO(text.encode()), mimetype="text/csv", download_name=name)


def _position(name: str) -> float | None:
    try:
        return float(request.args[name])
    except (KeyError, ValueError):
        return None


def _file_stem(run: SavedRun) -> str:
    asked = run.request
    text = f"{asked.symbol}_{asked.resolution}_{asked.strategy}_run{run.id}"
    return "".join(c if c.isalnum() or c in "_-." else "-" for c in text)
