"""Data: what is stored, how good it is, and how more of it comes in."""

from typing import Any

import dash
import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update, set_props
from dash.exceptions import PreventUpdate

from components.commands import COMMAND, command_button, command_store
from components.data_catalogue import (
    COUNT,
    FILTER,
    GRID,
    catalogue_grid,
    catalogue_head,
    catalogue_rows,
    count_text,
    grid_height,
    row_id,
    series_of_row,
)
from components.feedback import empty_state, skeleton
from components.icons import icon
from components.ingest_form import ingest_form
from components.upload import UPLOADED, drop_zone
from components.upload_preview import PREVIEW
from pages import data_fetch, data_series, data_upload
from pages.data_parts import (
    ADD,
    ASK,
    ASK_BODY,
    ASK_TITLE,
    ASK_YES,
    CHANGED,
    DETAIL,
    HEAD,
    JOBS,
    KEY,
    POLL,
    POLL_MS,
    QUALITY,
    SEEN,
    URL,
    WATCH,
    Act,
    Command,
    query_of,
)
from services.ingest import SAMPLES
from services.ingest.uploads import LARGEST
from services.market_data import catalogue
from services.workspace import Workspace

COMMANDS: dict[str, Act] = {**data_fetch.COMMANDS, **data_series.COMMANDS}
ADD_BUTTON, EMPTY, LIST = "data-add-button", "data-empty", "data-list"


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page and its callbacks."""
    dash.register_page(
        __name__,
        path="/data",
        title="Data",
        layout=lambda **query: layout(workspace, **query),
    )
    _register_catalogue(app, workspace)
    _register_page_actions(app, workspace)
    data_series.register(app, workspace)
    data_fetch.register(app, workspace)
    data_upload.register(app, workspace)


def layout(workspace: Workspace, /, **query: Any) -> html.Div:
    """Return the page for a query; it reads the catalogue and no bar."""
    entries = catalogue(workspace.database)
    known = {row_id(entry.symbol, entry.resolution) for entry in entries}
    chosen = row_id(*query_of(query))
    adding = "add" in query or not entries
    return html.Div(
        [
            dcc.Location(id=URL, refresh=False),
            command_store(),
            *(dcc.Store(id=name) for name in (CHANGED, KEY, SEEN, UPLOADED)),
            dcc.Store(id=WATCH, data={"active": [], "ended": []}),
            dcc.Interval(id=POLL, interval=POLL_MS),
            _head(),
            html.Div(
                [ingest_form(list(SAMPLES)), html.Div([drop_zone(LARGEST)])],
                id=ADD,
                className="data-add",
                hidden=not adding,
            ),
            html.Div(id=PREVIEW),
            html.Div(id=JOBS, className="job-lines"),
            html.Div(_nothing_stored(), id=EMPTY, hidden=bool(entries)),
            html.Section(
                [
                    catalogue_head(len(entries)),
                    catalogue_grid(entries, chosen if chosen in known else None),
                ],
                id=LIST,
                hidden=not entries,
                **{"aria-label": "Stored series"},
            ),
            _detail(),
            _ask(),
        ],
        className="page data-page",
    )


def _register_catalogue(app: Dash, workspace: Workspace) -> None:
    """Keep the table as the database is; its script writes a chosen row into the address."""

    @app.callback(
        Output(GRID, "rowData"),
        Output(COUNT, "children"),
        Output(GRID, "style"),
        Output(LIST, "hidden"),
        Output(EMPTY, "hidden"),
        Output(GRID, "selectedRows"),
        Input(CHANGED, "data"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _read_again(_changed, search: str):
        entries = catalogue(workspace.database)
        style = {"height": grid_height(len(entries))}
        rows = catalogue_rows(entries)
        chosen = {"ids": [row_id(*query_of(search))]}
        return rows, count_text(len(entries)), style, not entries, bool(entries), chosen

    app.clientside_callback(
        ClientsideFunction("data", "narrow"),
        Output(FILTER, "placeholder"),
        Input(GRID, "id"),
    )
    app.clientside_callback(
        ClientsideFunction("data", "title"),
        Output(KEY, "modified_timestamp"),
        Input(KEY, "data"),
    )
    app.clientside_callback(
        ClientsideFunction("data", "filter"),
        Output(GRID, "dashGridOptions"),
        Input(FILTER, "value"),
        State(GRID, "dashGridOptions"),
        prevent_initial_call=True,
    )


def _register_page_actions(app: Dash, workspace: Workspace) -> None:
    """Open the panel that adds data; ask for what concerns no single series."""
    app.clientside_callback(
        ClientsideFunction("data", "toggle"),
        Output(ADD, "hidden"),
        Output(ADD_BUTTON, "aria-expanded"),
        Input(ADD_BUTTON, "n_clicks"),
        State(ADD, "hidden"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(WATCH, "data", allow_duplicate=True),
        Input(COMMAND, "data"),
        State(KEY, "data"),
        State(WATCH, "data"),
        prevent_initial_call=True,
    )
    def _act(said: dict, shown: list | None, watch: dict):
        act = COMMANDS.get(said["do"])
        if act is None:
            raise PreventUpdate
        set_props(ASK, {"is_open": False})
        series = series_of_row(said["series"]) if said.get("series") else tuple(shown or ())
        now = act(workspace, Command(said, series, watch))
        return no_update if now is None else now


def _head() -> html.Div:
    return html.Div(
        [
            html.H1("Data"),
            html.Div(
                [
                    command_button(
                        "update-all",
                        "Update all",
                        "arrow-repeat",
                        size="",
                        title="Bring every series from Interactive Brokers up to now",
                    ),
                    html.Button(
                        [icon("plus-lg"), " Add data"],
                        id=ADD_BUTTON,
                        type="button",
                        className="btn btn-primary",
                        **{"aria-controls": ADD},
                    ),
                ],
                className="page-actions",
            ),
        ],
        className="page-head",
    )


def _nothing_stored() -> html.Div:
    return empty_state(
        "No bars are stored yet",
        "Fetch a symbol from Interactive Brokers, drop a file of your own above, or begin with the "
        "four shares that ship with the program.",
        command_button("samples", "Load the samples", "database-down", look="btn-primary", size=""),
        "database",
    )


def _detail() -> html.Section:
    return html.Section(
        [
            html.Div(id=HEAD),
            html.Div([skeleton(120), skeleton(220)], id=QUALITY, className="quality"),
        ],
        id=DETAIL,
        className="panel series-detail",
        hidden=True,
        **{"aria-label": "The chosen series"},
    )


def _ask() -> dbc.Modal:
    return dbc.Modal(
        [
            dbc.ModalHeader(dbc.ModalTitle(id=ASK_TITLE), close_button=True),
            dbc.ModalBody(id=ASK_BODY),
            dbc.ModalFooter(
                [
                    command_button("keep", "Keep", size=""),
                    html.Span(id=ASK_YES),
                ]
            ),
        ],
        id=ASK,
        is_open=False,
        centered=True,
    )
