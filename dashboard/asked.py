"""What a script of a page asks for: numbers in the address, orders as JSON from our own pages."""

from collections.abc import Mapping
from typing import Any

from flask import abort, request

from dashboard.same_site import require_same_site


def number_of(name: str, default: int) -> int:
    """Return a whole number of the address; `default` where there is none."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def asked_change(fields: Mapping[str, type]) -> dict[str, Any]:
    """Return the fields that an order changes; 400 for another name, another type, or nothing."""
    asked = _asked()
    wrong = [name for name, value in asked.items() if not isinstance(value, fields.get(name, ()))]
    if wrong or not asked:
        *some, last = fields
        abort(400, f"Send {', '.join(some)} or {last}, each of its own type.")
    return asked


def asked_ids() -> list[int | str]:
    """Return the numbers that an order names; 400 where it names none."""
    ids = _asked().get("ids")
    if not isinstance(ids, list) or not all(isinstance(one, int | str) for one in ids):
        abort(400, 'Send the numbers as {"ids": [1, 2]}.')
    return ids


def _asked() -> dict[str, Any]:
    require_same_site()
    asked = request.get_json()
    if not isinstance(asked, dict):
        abort(400, "Send an object in JSON.")
    return asked
