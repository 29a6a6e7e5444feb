"""Addresses that are not pages."""

from dash import Dash
from flask import abort, jsonify
from sqlalchemy import text

from services.errors import UserError
from services.workspace import Workspace


def add_routes(app: Dash, workspace: Workspace) -> None:
    """Add /healthz (200 when a table of the database can be read, else 503 with a sentence).

    What is not known below /api and /export is 404: Dash would answer it with its page.
    """

    @app.server.get("/healthz")
    def _healthz():
        try:
            with workspace.database.reading() as session:
                session.execute(text("select version_num from alembic_version"))
        except UserError as error:
            return jsonify(ok=False, error=str(error)), 503
        return jsonify(ok=True)

    @app.server.get("/api/<path:rest>")
    @app.server.get("/export/<path:rest>")
    def _nothing_there(rest: str):
        abort(404, f'There is nothing at "{rest[:80]}": see the list of runs at /runs.')
