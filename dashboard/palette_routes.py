"""The address at which the command palette looks for symbols, runs and studies."""

from dataclasses import asdict

from dash import Dash
from flask import jsonify, request

from services.palette import find_places
from services.workspace import Workspace


def add_palette_routes(app: Dash, workspace: Workspace) -> None:
    """Add GET /api/palette?q=: symbols, runs and studies, each a list of titles with addresses."""

    @app.server.get("/api/palette")
    def _palette():
        answer = jsonify(asdict(find_places(workspace.database, request.args.get("q", ""))))
        answer.headers["Cache-Control"] = "no-store"
        return answer
