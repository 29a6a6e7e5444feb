"""The command palette: one box that finds pages, symbols, runs, studies and actions.

Its script opens it, lists what fits and goes there; what is stored comes from /api/palette.
"""

import json
from collections.abc import Sequence

from dash import html

from components.icons import icon

PALETTE, OPEN = "palette", "palette-open"
_LIST, _INPUT = "palette-list", "palette-input"
# What an action does is the click on a button that the frame has anyway.
_ACTIONS = (
    ("Switch between light and dark", "theme mode night", "circle-half", "theme-toggle"),
    ("Switch the colours of gains and losses", "colour blind safe palette", "palette2",
     "palette-toggle"),
    ("Show the jobs", "jobs tray progress imports", "list-task", "job-tray-toggle"),
    ("Show the keys", "keyboard shortcuts help", "keyboard", "help-open"),
)  # fmt: skip


def palette_button() -> html.Button:
    """Return the button of the header that opens the palette."""
    return html.Button(
        [
            icon("search"),
            html.Span("Search…", className="search-text"),
            html.Span(" pages, symbols, runs, studies and actions", className="visually-hidden"),
            html.Kbd("Ctrl K", **{"aria-hidden": "true"}),
        ],
        id=OPEN,
        className="search-button",
        type="button",
        **{"aria-keyshortcuts": "Control+K Meta+K", "aria-haspopup": "dialog"},
    )


def opens_palette(look: str) -> dict[str, str]:
    """Return the attributes that make another button open the palette; `look` is its class."""
    return {"className": f"{look} opens-palette", "aria-haspopup": "dialog"}


def palette(pages: Sequence[tuple[str, str, str]]) -> html.Dialog:
    """Return the palette, closed; `pages` are (name, address, icon)."""
    return html.Dialog(
        [
            html.Div([icon("search"), _input()], className="palette-head"),
            html.Div(id=_LIST, className="palette-list", role="listbox", **{"aria-label": "Found"}),
            html.P(id="palette-none", className="palette-none", hidden=True),
            html.Div(_keys(), className="palette-keys", **{"aria-hidden": "true"}),
            html.Span(id="palette-said", className="visually-hidden", role="status"),
        ],
        id=PALETTE,
        className="palette",
        **{"aria-label": "Search", "data-entries": json.dumps(_entries(pages))},
    )


def _input() -> html.Div:
    # Dash's own inputs send every letter to the server; the script fills this place with one.
    return html.Div(
        id=_INPUT,
        className="palette-input",
        **{"data-placeholder": "Page, symbol, run, study or action"},
    )


def _keys() -> list:
    return [
        html.Span([html.Kbd("↑"), html.Kbd("↓"), " choose"]),
        html.Span([html.Kbd("Enter"), " go"]),
        html.Span([html.Kbd("Ctrl"), html.Kbd("Enter"), " backtest the symbol"]),
        html.Span([html.Kbd("Esc"), " close"]),
    ]


def _entries(pages: Sequence[tuple[str, str, str]]) -> list[dict[str, str]]:
    places = [
        {"title": name, "words": "", "icon": sign, "address": address}
        for name, address, sign in pages
    ]
    actions = [
        {"title": title, "words": words, "icon": sign, "press": button}
        for title, words, sign, button in _ACTIONS
    ]
    return places + actions
