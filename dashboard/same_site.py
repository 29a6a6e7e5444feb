"""Keeps other sites' pages from sending orders in a user's name."""

from urllib.parse import urlsplit

from flask import abort, request


def require_same_site() -> None:
    """Refuse a request that another site's page sent, or a plain form could have sent: 403.

    JSON can only come from a script, and a browser lets a script of another site send it only
    after asking us, which we never grant; browsers also name where a request comes from.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    is_ours = origin is None or urlsplit(origin).netloc == request.host
    if site != "same-origin" or not is_ours or not request.is_json:
        abort(403, "This order did not come from the dashboard's own page.")
