"""The list of saved runs: search, filter, name, tag, compare, delete; a click opens one."""

from typing import Any

import dash
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from components.icons import icon
from components.run_tools import EMPTY, NO_MATCH, no_match, no_runs, run_status, run_tools
from components.runs import BLOCK, run_rows, runs_table
from pages.list_query import filter_or_default
from pages.runs_query import filter_of, query_of
from services.runs import all_tags, find_runs
from services.runs.choices import run_choices
from services.workspace import Workspace

FIRST, LIST = "runs-first", "runs-list"
URL, OPEN, FOLLOWED = "runs-url", "runs-open", "runs-followed"


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page; its script fills the table and sends what the user changes."""
    dash.register_page(
        __name__,
        path="/runs",
        title="Runs",
        layout=lambda **query: layout(workspace, **query),
    )
    app.clientside_callback(
        ClientsideFunction("runs", "start"),
        Output(FIRST, "modified_timestamp"),
        Input(FIRST, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("runs", "follow"),
        Output(FOLLOWED, "data"),
        Input(URL, "search"),
    )


def layout(workspace: Workspace, /, **query: Any) -> html.Div:
    """Return the page with the first block of rows; raises what the database raises."""
    wanted, trouble = filter_or_default(filter_of, query)
    database = workspace.database
    page = find_runs(database, wanted, 0, BLOCK)
    choices = run_choices(database)
    tags = all_tags(database)
    first = {"rows": run_rows(page.rows), "total": page.total, "query": query_of(wanted)}
    tools = run_tools(
        text=wanted.text,
        symbol=wanted.symbol,
        strategy=wanted.strategy,
        favourite=wanted.favourite,
        symbols=choices.symbols,
        strategies=choices.strategies,
        tags=tags,
    )
    has_runs = bool(choices.symbols)
    return html.Div(
        [
            dcc.Location(id=URL, refresh=False),
            dcc.Store(id=FOLLOWED),
            dcc.Location(id=OPEN, refresh="callback-nav"),
            dcc.Store(id=FIRST, data=first),
            html.Div(html.H1("Runs"), className="page-head"),
            html.P([icon("exclamation-triangle"), html.Span(trouble)], className="caution")
            if trouble
            else None,
            html.Section(
                [
                    tools,
                    run_status(),
                    html.Div(no_match(), id=NO_MATCH, hidden=True),
                    html.Div(
                        runs_table(wanted.sort, wanted.descending),
                        className="runs-table-box",
                        hidden=page.total == 0,
                    ),
                ],
                id=LIST,
                className="runs-list",
                hidden=not has_runs,
                **{"aria-label": "Saved runs"},
            ),
            html.Div(no_runs(), id=EMPTY, hidden=has_runs),
        ],
        className="page runs-page",
    )
