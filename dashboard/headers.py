"""Security headers: the browser runs only scripts of this server and frames it nowhere."""

from dash import Dash
from flask import Response


def add_headers(app: Dash) -> None:
    """Send the headers with every answer."""

    @app.server.after_request
    def _add(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", _policy(app))
        return response


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
