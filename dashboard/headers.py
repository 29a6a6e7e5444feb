"""Headers of every answer: the browser runs only scripts of this server, frames it nowhere, and
keeps what the page is made of.
"""

from dash import Dash
from flask import Response, request

VERSION_KEY = "m"  # in an asset's address; Dash's own word for when the file was changed
_A_DAY, _A_YEAR = 86_400, 31_536_000


def add_headers(app: Dash) -> None:
    """Send the headers with every answer."""

    @app.server.after_request
    def _add(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if response.status_code in (200, 304) and request.path.startswith(app.get_asset_url("")):
            response.headers["Cache-Control"] = _kept()
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", _policy(app))
        return response


def _kept() -> str:
    """Say how long an asset is kept: one whose address names its version never changes."""
    if request.args.get(VERSION_KEY):
        return f"public, max-age={_A_YEAR}, immutable"
    return f"public, max-age={_A_DAY}" if "/vendor/" in request.path else "no-cache"


def _policy(app: Dash) -> str:
    # Asked for each document, as Dash adds inline scripts of its own during the first request.
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(("'self'", *dict.fromkeys(app.csp_hashes()))),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
