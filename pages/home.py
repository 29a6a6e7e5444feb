"""Home: what is stored, the latest runs, one click to a backtest."""

from typing import Any

import dash
from dash import Dash, dcc, html

from components.feedback import empty_state
from components.icons import icon
from components.runs import latest_runs_table
from components.stored import stored_table
from services.market_data import catalogue
from services.runs import latest_runs
from services.workspace import Workspace

LATEST = 8


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page."""
    dash.register_page(
        __name__, path="/", title="Trading Research", layout=lambda **_query: layout(workspace)
    )


def layout(workspace: Workspace) -> html.Div:
    """Return the page; raises what the database raises."""
    entries = catalogue(workspace.database)
    runs = latest_runs(workspace.database, LATEST)
    new = dcc.Link(
        [icon("play-fill"), " New backtest"], href="/backtest", className="btn btn-primary"
    )
    every = dcc.Link("All runs", href="/runs") if runs else None
    return html.Div(
        [
            html.Div([html.H1("Home"), new if entries else None], className="page-head"),
            _section("Stored bars", stored_table(entries) if entries else _nothing_stored()),
            _section("Latest runs", latest_runs_table(runs) if runs else _no_runs(), every),
        ],
        className="page",
    )


def _nothing_stored() -> html.Div:
    text = [
        "Fetch them from Interactive Brokers, drop a file, or load the four sample symbols on the "
        "page Data; or on the command line:",
        html.Pre(
            "python -m scripts.ingest --source sample\n"
            "python -m scripts.ingest -s AAPL -r 1d --file prices.csv"
        ),
    ]
    add = dcc.Link(
        [icon("database-add"), " Add data"], href="/data?add=1", className="btn btn-primary"
    )
    return empty_state("No bars are stored yet", text, add, "database")


def _no_runs() -> html.Div:
    text = "Press Backtest beside a symbol: every run is kept and listed here."
    return empty_state("No runs are saved yet", text, icon_name="clock-history")


def _section(title: str, content: Any, more: Any = None) -> html.Section:
    head = html.Div([html.H2(title, className="section-title"), more], className="section-head")
    return html.Section([head, content])
