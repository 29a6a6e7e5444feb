"""Addresses that are not pages."""

from dash import Dash
from flask import jsonify
from sqlalchemy import text

from services.errors import UserError
from services.workspace import Workspace


def add_routes(app: Dash, workspace: Workspace) -> None:
    """Add /healthz: 200 when a table of the database can be read, else 503 with a sentence."""

    @app.server.get("/healthz")
    def _healthz():
        try:
            with workspace.database.reading() as session:
                session.execute(text("select version_num from alembic_version"))
        except UserError as error:
            return jsonify(ok=False, error=str(error)), 503
        return jsonify(ok=True)
