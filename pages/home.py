"""Home: what is stored, the latest runs, one click to a backtest."""

import dash
from dash import Dash, html

from components.feedback import empty_state
from components.stored import stored_table
from services.market_data import catalogue
from services.workspace import Workspace

NO_BARS = [
    "Load the four sample symbols, or your own file, then load this page again:",
    html.Pre(
        "python -m scripts.ingest --source sample\n"
        "python -m scripts.ingest -s AAPL -r 1d --file prices.csv --source csv"
    ),
]


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page."""
    dash.register_page(
        __name__, path="/", title="Trading Research", layout=lambda **_query: layout(workspace)
    )


def layout(workspace: Workspace) -> html.Div:
    """Return the page; raises what the database raises."""
    return html.Div(
        [
            html.H1("Home"),
            _section("Stored bars", _stored(workspace)),
        ],
        className="page",
    )


def _stored(workspace: Workspace):
    entries = catalogue(workspace.database)
    if not entries:
        return empty_state("No bars are stored yet", NO_BARS, icon_name="database")
    return stored_table(entries)


def _section(title: str, content) -> html.Section:
    return html.Section([html.H2(title, className="section-title"), content])
