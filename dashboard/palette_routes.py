"""The address at which the command palette looks for symbols and runs."""

from dataclasses import asdict

from dash import Dash
from flask import jsonify, request

from services.palette import find_places
from services.workspace import Workspace


def add_palette_routes(app: Dash, workspace: Workspace) -> None:
    """Add GET /api/palette?q=: {"symbols": […], "runs": […]}, each with title and addresses."""

    @app.server.get("/api/palette")
    def _palette():
        answer = jsonify(asdict(find_places(workspace.database, request.args.get("q", ""))))
        answer.headers["Cache-Control"] = "no-store"
        return answer
