"""Addresses that give a series as a file, and that take a file of bars."""

import io
from urllib.parse import unquote

from dash import Dash
from flask import jsonify, request, send_file

from dashboard.errors import sentence_of
from services.errors import InvalidFile, UserError
from services.ingest.uploads import LARGEST, save_upload, sweep_uploads
from services.instruments import normalise_symbol
from services.series import export_series
from services.workspace import Workspace

_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_NAME = "X-File-Name"
_TOO_LARGE = 413


def add_data_routes(app: Dash, workspace: Workspace) -> None:
    """Add GET /export/bars/<symbol>/<resolution>.csv|parquet and POST /api/uploads."""
    server = app.server

    # A symbol may hold a slash, and servers decode %2F before the address is matched.
    @server.get("/export/bars/<path:symbol>/<resolution>.<any(csv, parquet):kind>")
    def _export(symbol: str, resolution: str, kind: str):
        content = export_series(workspace.database, symbol, resolution, kind)
        stem = "".join(c if c.isalnum() or c in "_-" else "-" for c in normalise_symbol(symbol))
        return send_file(
            io.BytesIO(content),
            mimetype=_TYPES[kind],
            as_attachment=True,
            download_name=f"{stem}_{resolution}.{kind}",
        )

    # The body is the file itself: a stream goes to disk as it comes. The header of our own keeps
    # other sites out, as a browser lets them send such a request only if we allow it.
    @server.post("/api/uploads")
    def _upload():
        if _NAME not in request.headers:
            return jsonify(error="Send the file's name in the header X-File-Name."), 400
        if (request.content_length or 0) > LARGEST:
            return jsonify(error=_too_large()), _TOO_LARGE
        try:
            sweep_uploads(workspace.settings)
            name = unquote(request.headers[_NAME])
            upload = save_upload(workspace.settings, name, request.stream)
        except UserError as error:
            code = 400 if isinstance(error, InvalidFile) else 503
            return jsonify(error=sentence_of(error)), code
        return jsonify(key=upload.key, name=upload.name, size=upload.size)


def _too_large() -> str:
    return f"The file is larger than {LARGEST >> 20} MB: pack it with gzip, or split it."
