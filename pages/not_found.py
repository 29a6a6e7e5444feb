"""The page for an address that leads nowhere."""

import dash
from dash import Dash, dcc, html

from components.feedback import empty_state
from services.workspace import Workspace


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page; Dash finds it by the end of its module name."""
    dash.register_page("pages.not_found_404", path="/404", title="Not found", layout=layout)


def layout(**_query) -> html.Div:
    """Return a sentence and the way home."""
    home = dcc.Link("Go to Home", href="/", className="btn btn-primary")
    text = "No page has this address. It may be mistyped, or what it showed is gone."
    return html.Div(empty_state("Page not found", text, home, "compass"), className="page")
