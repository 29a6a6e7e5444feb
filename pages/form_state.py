"""What pages with a form of many fields share: reading the fields, following the address."""

from collections.abc import Sequence
from typing import Any

from dash import html, no_update

from components.backtest_form import query_text

_MOST_NAMED, _LONGEST = 5, 40
_YES = ("true", "yes", "on", "1")


def named(group: Sequence[dict]) -> dict[str, Any]:
    """Return the values of a group of fields (dash.ctx.inputs_list) by their names."""
    return {item["id"]["name"]: item.get("value") for item in group}


def unless_equal(item: dict, wanted: str | None) -> Any:
    """Return what a field should say, no_update where it says that already or nothing is wanted."""
    value = item.get("value")
    if isinstance(value, bool) and wanted is not None:
        wanted = wanted.strip().lower() in _YES
    if wanted is None or query_text(value) == query_text(wanted):
        return no_update
    return wanted


def unknown_note(names: Sequence[str]) -> html.P | None:
    """Say which names of an address mean nothing to the page; None where there are none."""
    if not names:
        return None
    return html.P(
        f"The address holds what this page does not know: {quoted(names)}.", className="caution"
    )


def quoted(texts: Sequence[str]) -> str:
    """List the first few texts of an address, each shortened."""
    return ", ".join(f'"{text[:_LONGEST]}"' for text in texts[:_MOST_NAMED])
