"""The page for an address that leads nowhere."""

import dash
from dash import Dash, dcc, html

from components.feedback import empty_state
from components.icons import icon
from components.palette import opens_palette
from services.workspace import Workspace

_WAYS = (
    ("Go to Home", "/"),
    ("Data", "/data"),
    ("Chart", "/chart"),
    ("Backtest", "/backtest"),
    ("Runs", "/runs"),
)


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page; Dash finds it by the end of its module name."""
    dash.register_page("pages.not_found_404", path="/404", title="Not found", layout=layout)


def layout(**_query) -> html.Div:
    """Return a sentence, the ways to the pages, and the search."""
    first, *others = _WAYS
    ways = [
        dcc.Link(first[0], href=first[1], className="btn btn-primary"),
        html.Button(
            [icon("search"), " Search"],
            type="button",
            **opens_palette("btn btn-outline-primary"),
        ),
        *(
            dcc.Link(name, href=path, className="btn btn-outline-secondary")
            for name, path in others
        ),
    ]
    text = (
        "No page has this address. It may be mistyped, or what it showed is gone: search for the "
        "symbol, or for the number or name of the run."
    )
    state = empty_state("Page not found", text, ways, "compass")
    return html.Div([html.H1("Not found", className="visually-hidden"), state], className="page")
