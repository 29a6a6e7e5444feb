"""Addresses that answer with a run's reports, its trades and all its data, to be kept."""

import io

from dash import Dash
from flask import Response, request, send_file

from services.charts.market import exchange_zone
from services.plots import report_png
from services.reports import json_parts, report_html, report_pdf
from services.runs import SavedRun
from services.workspace import Workspace


def add_run_routes(app: Dash, workspace: Workspace) -> None:
    """Add /export/runs/<id>.png, .html, .pdf, .csv and .json; 404 for an unknown run."""
    server = app.server

    def find(run_id: str) -> SavedRun:
        return workspace.recent_runs.get(workspace.database, run_id)

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
        return _file(image, "image/png", name)

    @server.get("/export/runs/<run_id>.html")
    def _html(run_id: str):
        run = find(run_id)
        text = report_html(run, exchange_zone(workspace, run.request.symbol))
        # Never shown in the program's own name: its scripts are the page's, not the server's.
        return _file(text, "text/html", f"{_file_stem(run)}.html", keep=True)

    @server.get("/export/runs/<run_id>.pdf")
    def _pdf(run_id: str):
        run = find(run_id)
        pages = report_pdf(run, exchange_zone(workspace, run.request.symbol))
        return _file(pages, "application/pdf", f"{_file_stem(run)}.pdf")

    @server.get("/export/runs/<run_id>.json")
    def _json(run_id: str):
        run = find(run_id)
        answer = Response(json_parts(run), mimetype="application/json")
        answer.headers.set("Content-Disposition", "attachment", filename=f"{_file_stem(run)}.json")
        return answer

    @server.get("/export/runs/<run_id>.csv")
    def _csv(run_id: str):
        run = find(run_id)
        table = run.result.trades.drop(columns=["entry_bar", "exit_bar"])
        table.index += 1
        text = table.to_csv(index_label="trade", date_format="%Y-%m-%dT%H:%M:%SZ")
        name = f"{_file_stem(run)}_trades.csv"
        return _file(text, "text/csv", name)


def _file(content: bytes | str, kind: str, name: str, *, keep: bool = False) -> Response:
    """Answer with a file of that name; `keep` says that a browser must save and not show it."""
    data = content.encode() if isinstance(content, str) else content
    return send_file(io.BytesIO(data), kind, as_attachment=keep, download_name=name)


def _file_stem(run: SavedRun) -> str:
    asked = run.request
    text = f"{asked.symbol}_{asked.resolution}_{asked.strategy}_run{run.id}"
    return "".join(c if c.isalnum() or c in "_-." else "-" for c in text)
