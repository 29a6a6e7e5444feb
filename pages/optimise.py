"""Optimise: the form of a study, its count before the start, and the study the address names."""

from typing import Any

import dash
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from components.backtest_form import query_text
from components.optimise_form import (
    COUNT,
    DRAWN_BOX,
    FIELD,
    FORM_ERROR,
    FURTHER_BOX,
    GRID,
    GRID_BOX,
    HOLDOUT_BOX,
    SAMPLER,
    START,
    THIRD_BOX,
    USUAL_HOLDOUT,
    WINDOWS_BOX,
    form_values,
    grid_fields,
    hidden_parts,
    optimise_form,
    own_id,
    query_of_form,
)
from pages import optimise_shown, studies_query
from pages.form_state import named, unknown_note, unless_equal
from pages.optimise_count import Count, count_of
from pages.optimise_data import StudyReader
from pages.optimise_none import no_study
from pages.optimise_query import (
    GRID_PREFIX,
    STUDY,
    asks_alike,
    query_of,
    query_of_search,
    request_of,
    search_of,
    specs_of,
    unknown_names,
    written,
)
from pages.optimise_view import URL, is_view_name
from services.errors import InvalidParams, UserError
from services.market_data import catalogue
from services.studies.request import NO_OBJECTIVE
from services.studies.start import start_study
from services.workspace import Workspace
from strategies.registry import STRATEGIES

RESULT, FOLLOWED = "opt-result", "opt-followed"
_FIRST = next(iter(STRATEGIES))
_SAMPLES = 1000
_FORM = (
    Input({"type": FIELD, "name": ALL}, "value"),
    Input({"type": GRID, "name": ALL}, "value"),
)
_FORM_STATE = tuple(State(one.component_id, one.component_property) for one in _FORM)


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page and its callbacks."""
    reader = StudyReader(workspace)
    dash.register_page(
        __name__,
        path="/optimise",
        title="Optimise · Trading Research",
        layout=lambda **query: layout(workspace, reader, **query),
    )
    app.clientside_callback(
        ClientsideFunction("studies", "follow"),
        Output(FOLLOWED, "data"),
        Input(URL, "search"),
    )
    _register_choices(app)
    _register_count(app, workspace)
    _register_start(app, workspace)
    _register_follow(app, workspace, reader)
    optimise_shown.register(app, workspace, reader)


def _register_choices(app: Dash) -> None:
    """Let fields follow the choice that they belong to."""

    @app.callback(
        Output(GRID_BOX, "children"),
        Input(own_id("strategy"), "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _show_grid(strategy: str, search: str):
        query = query_of_search(search)
        return grid_fields(_specs(strategy), query if query.get("strategy") == strategy else {})

    @app.callback(
        Output(DRAWN_BOX, "hidden"),
        Output(WINDOWS_BOX, "hidden"),
        Output(HOLDOUT_BOX, "hidden"),
        Output(FURTHER_BOX, "hidden"),
        Input(own_id("method"), "value"),
    )
    def _show_parts(method: str):
        return hidden_parts(method)

    @app.callback(Output(THIRD_BOX, "hidden"), Input(own_id("second"), "value"))
    def _show_third(second: str | None):
        return second in (None, "", NO_OBJECTIVE)

    @app.callback(
        Output(own_id("method"), "value", allow_duplicate=True),
        Output(own_id("samples"), "value", allow_duplicate=True),
        Input(SAMPLER, "n_clicks"),
        prevent_initial_call=True,
    )
    def _sample(clicks: int | None):
        if not clicks:
            raise PreventUpdate
        return "random", str(_SAMPLES)


def _register_count(app: Dash, workspace: Workspace) -> None:
    """Say at each change what would be tried; the address follows while no study is open."""

    @app.callback(
        Output(COUNT, "children"),
        Output(SAMPLER, "style"),
        Output(START, "disabled"),
        Output({"type": f"{FIELD}-error", "name": ALL}, "children"),
        Output({"type": f"{GRID}-error", "name": ALL}, "children"),
        Output(FORM_ERROR, "children"),
        Output(URL, "search", allow_duplicate=True),
        *_FORM,
        State(URL, "search"),
        prevent_initial_call="initial_duplicate",
    )
    def _count(_fields: list, _grid: list, search: str):
        values, grid = (named(group) for group in dash.ctx.inputs_list)
        query = query_of_form(values, grid)
        found = count_of(workspace, query)
        asked = query_of_search(search)
        listed = {name: asked.pop(name) for name in studies_query.NAMES if name in asked}
        meant = asked if asked.get("symbol") else _fresh(_symbols(workspace)) | asked
        wanted = no_update
        if found.can_start and STUDY not in asked and not asks_alike(meant, query):
            wanted = search_of(written(query) | listed)
        sampler = {} if found.too_many else {"display": "none"}
        # Before anything is filled in, nobody has done anything wrong.
        is_fresh = dash.ctx.triggered_id is None and not values.get("symbol")
        told = _errors(Count() if is_fresh else found)
        return found.text, sampler, not found.can_start, *told, wanted


def _register_start(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        Output(URL, "search", allow_duplicate=True),
        Output(FORM_ERROR, "children", allow_duplicate=True),
        Input(START, "n_clicks"),
        *_FORM_STATE,
        running=[(Output(START, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def _start(clicks: int | None, _fields: list, _grid: list):
        if not clicks:
            raise PreventUpdate
        values, grid = (named(group) for group in dash.ctx.states_list)
        try:
            study = start_study(workspace, request_of(query_of_form(values, grid)))
        except UserError as error:
            return no_update, str(error)
        return search_of({STUDY: study.id}), ""


def _register_follow(app: Dash, workspace: Workspace, reader: StudyReader) -> None:
    """Let the form say what the address asks for, as after Back."""

    @app.callback(
        Output({"type": FIELD, "name": ALL}, "value"),
        Output({"type": GRID, "name": ALL}, "value"),
        Input(URL, "search"),
        *_FORM_STATE,
        prevent_initial_call=True,
    )
    def _follow(search: str, _fields: list, _grid: list):
        asked = query_of_search(search)
        query = _meant(reader, asked)
        if not query.get("symbol"):
            if asked.get(STUDY):
                raise PreventUpdate
            query = _fresh(_symbols(workspace)) | query
        fields, grid = dash.ctx.states_list
        wanted = form_values(query)
        return (
            [unless_equal(item, wanted.get(item["id"]["name"])) for item in fields],
            [unless_equal(item, query.get(GRID_PREFIX + item["id"]["name"], "")) for item in grid],
        )


def layout(workspace: Workspace, reader: StudyReader, /, **raw: Any) -> html.Div:
    """Return the page for a query: the study that it names, or the form that it fills."""
    query = {name: value[-1] if isinstance(value, list) else value for name, value in raw.items()}
    symbols = _symbols(workspace)
    meant = _meant(reader, query)
    form_query = meant if meant.get("symbol") else _fresh(symbols) | meant
    specs = _specs(form_query.get("strategy", _FIRST))
    return html.Div(
        [
            dcc.Location(id=URL, refresh=False),
            dcc.Store(id=FOLLOWED),
            dcc.Location(id=optimise_shown.GO, refresh="callback-nav"),
            html.H1("Optimise", className="visually-hidden"),
            html.Div(
                [
                    optimise_form(form_query, symbols, list(STRATEGIES), specs),
                    html.Div(
                        [
                            unknown_note(_unknown(query)),
                            *optimise_shown.shown_boxes(
                                no_study(workspace, symbols, query), query.get(STUDY)
                            ),
                        ],
                        id=RESULT,
                        className="workbench-result report",
                    ),
                ],
                className="workbench",
            ),
        ],
        className="page optimise-page",
    )


def _symbols(workspace: Workspace) -> list[str]:
    return list(dict.fromkeys(entry.symbol for entry in catalogue(workspace.database)))


def _unknown(query: dict[str, str]) -> list[str]:
    is_study = bool(query.get(STUDY))
    return [name for name in unknown_names(query) if not (is_study and is_view_name(name))]


def _fresh(symbols: list[str]) -> dict[str, str]:
    """Return what a form says at first: to keep some bars unseen is the easy way."""
    symbol = symbols[0] if symbols else ""
    return {"symbol": symbol, "strategy": _FIRST, "holdout": USUAL_HOLDOUT}


def _meant(reader: StudyReader, query: dict[str, str]) -> dict[str, str]:
    """Return what an address asks for: of a study, what the study was asked."""
    if not query.get(STUDY):
        return query
    try:
        request = reader.read(query[STUDY]).study.request
    except UserError:
        return {}
    # An empty field stands for the values of the declaration: what a study left at its default
    # is said.
    left = {
        GRID_PREFIX + spec.name: query_text(spec.default)
        for spec in _specs(request.backtest.strategy)
        if spec.search and spec.name not in request.space
    }
    return left | query_of(request)


def _specs(strategy: str) -> tuple:
    try:
        return specs_of(strategy)
    except InvalidParams:
        return ()


def _errors(found: Count) -> tuple[list, list, str]:
    """Put a trouble beside the field that it names, or under the form."""
    groups = [group for group in dash.ctx.outputs_list if isinstance(group, list)]
    slots = [
        [found.error if item["id"]["name"] == found.field else "" for item in group]
        for group in groups
    ]
    placed = any(any(group) for group in slots)
    return slots[0], slots[1], "" if placed else found.error
