"""Backtest: the form, and the report of the run that the address asks for."""

from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

import dash
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from components.backtest_form import (
    AMOUNT,
    FIELD,
    FORM_ERROR,
    PARAM,
    PARAMS_BOX,
    RUN_BUTTON,
    backtest_form,
    field_id,
    field_values,
    param_fields,
    query_of,
)
from components.feedback import empty_state, skeleton
from components.report import (
    HIDDEN_REPORT,
    REPORT,
    REPORT_OUTPUTS,
    register_report,
    report,
    report_values,
)
from pages import shown_run
from pages.form_state import named, unknown_note, unless_equal
from services.backtest import BacktestRequest
from services.backtest.request import PARAM_PREFIX, QUERY_NAMES
from services.errors import InvalidParams, UserError
from services.market_data import catalogue
from services.parameters import parameter_specs
from services.research import run_request
from services.runs import SavedRun
from services.workspace import Workspace
from strategies.registry import STRATEGIES, load_strategy

URL, SHOWN, ASKED, WANTED = "bt-url", "bt-shown", "bt-asked", "bt-wanted"
PLACEHOLDER, RESULT = "bt-placeholder", "bt-result"
_IDLE, _BUSY = "workbench-result", "workbench-result is-busy"
_FIRST = next(iter(STRATEGIES))
# What a run changes, on the report and in the form. Two callbacks do: the button's, and that of an
# address that came by a link, Back or Forward.
_ANSWER = (
    *REPORT_OUTPUTS,
    Output(SHOWN, "data"),
    Output(PLACEHOLDER, "hidden"),
    Output({"type": f"{FIELD}-error", "name": ALL}, "children"),
    Output({"type": f"{PARAM}-error", "name": ALL}, "children"),
    Output(FORM_ERROR, "children"),
    Output({"type": FIELD, "name": ALL}, "value"),
    Output({"type": PARAM, "name": ALL}, "value"),
)
_ANSWER_OF_BUTTON = tuple(
    Output(one.component_id, one.component_property, allow_duplicate=True) for one in _ANSWER
)
_FORM = (
    State({"type": FIELD, "name": ALL}, "value"),
    State({"type": PARAM, "name": ALL}, "value"),
)
_RUNNING = [
    (Output(RUN_BUTTON, "disabled"), True, False),
    (Output(RESULT, "className"), _BUSY, _IDLE),
]


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page and its callbacks."""
    dash.register_page(
        __name__,
        path="/backtest",
        title=_title,
        layout=lambda **query: layout(workspace, **query),
    )
    register_report(app, partial(shown_run.find_run, workspace))
    _register_choices(app)
    _register_run_button(app, workspace)
    _register_result(app, workspace)


def _register_choices(app: Dash) -> None:
    """Let fields follow the choice that they belong to: parameters, and the commission's rate."""

    @app.callback(
        Output(PARAMS_BOX, "children"),
        Input(field_id("strategy"), "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _show_parameters(strategy: str, search: str):
        query = _query(search)
        return param_fields(_specs(strategy), query if query.get("strategy") == strategy else {})

    @app.callback(
        Output(field_id(AMOUNT), "value", allow_duplicate=True),
        Input(field_id("commission"), "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _show_rate(model: str, search: str):
        # A rate means something else in each model: 0.25 % must not become USD 0.25 a share.
        asked = field_values(_query(search))
        return asked[AMOUNT] if asked["commission"] == model else ""


def _register_run_button(app: Dash, workspace: Workspace) -> None:
    """Run what the form says and write it into the address, or the error beside its field."""

    @app.callback(
        Output(ASKED, "data"),
        *_ANSWER_OF_BUTTON,
        Input(RUN_BUTTON, "n_clicks"),
        *_FORM,
        running=_RUNNING,
        prevent_initial_call=True,
    )
    def _run(clicks: int, _fields: list, _params: list):
        if not clicks:
            raise PreventUpdate
        values, params = (named(group) for group in dash.ctx.states_list)
        try:
            asked = _search(query_of(values, params))
        except UserError as error:
            as_before = [no_update] * (len(REPORT_OUTPUTS) + 2)
            return no_update, *as_before, *_errors(error), *_follow({})
        return {"search": asked, "run": clicks}, *_answer(workspace, asked)

    # Whatever depends on what an address changes waits for the answer to that address: the chart
    # is painted first, then the address written.
    app.clientside_callback(
        ClientsideFunction("report", "asked"),
        Output(f"{ASKED}-done", "data"),
        Input(ASKED, "data"),
        State(REPORT, "hidden"),
        prevent_initial_call=True,
    )


def _register_result(app: Dash, workspace: Workspace) -> None:
    """Show what the address asks for, and let the form say the same."""
    # An address that the button has written is shown already: the server is not asked again.
    app.clientside_callback(
        ClientsideFunction("report", "wanted"),
        Output(WANTED, "data"),
        Input(URL, "search"),
        State(SHOWN, "data"),
    )

    @app.callback(
        *_ANSWER,
        Input(WANTED, "data"),
        *_FORM,
        State(URL, "search"),
        State(SHOWN, "data"),
        running=_RUNNING,
    )
    def _show_run(_wanted: str, _fields: list, _params: list, search: str, shown: str):
        # Called too when fields of another strategy appear.
        if shown == search:
            raise PreventUpdate
        return _answer(workspace, search)


def _answer(workspace: Workspace, search: str) -> tuple:
    """Return the values of _ANSWER for an address."""
    query = _query(search)
    follow = _follow(query)
    if not _runs_at_once(query):
        return *HIDDEN_REPORT, search, False, *_errors(None), *follow
    try:
        run = _backtest(workspace, query)
    except UserError as error:
        return *HIDDEN_REPORT, search, False, *_errors(error), *follow
    report_now = report_values(shown_run.shown(workspace, run))
    return *report_now, search, True, *_errors(None), *follow


def layout(workspace: Workspace, /, **raw: Any) -> html.Div:
    """Return the page for a query; a query that names a symbol and a strategy runs at once."""
    query = {name: value[-1] if isinstance(value, list) else value for name, value in raw.items()}
    symbols = list(dict.fromkeys(entry.symbol for entry in catalogue(workspace.database)))
    specs = _specs(query.get("strategy", _FIRST))
    form_query = {"symbol": symbols[0] if symbols else "", **query}
    return html.Div(
        [
            dcc.Location(id=URL, refresh=False),
            *(dcc.Store(id=name) for name in (SHOWN, ASKED, f"{ASKED}-done", WANTED)),
            html.H1("Backtest", className="visually-hidden"),
            html.Div(
                [
                    backtest_form(form_query, symbols, list(STRATEGIES), specs),
                    html.Div(
                        [
                            unknown_note(_unknown(query, specs)),
                            html.Div([_placeholder(symbols), _on_its_way()], id=PLACEHOLDER),
                            report(),
                        ],
                        id=RESULT,
                        className=_BUSY if _runs_at_once(query) else _IDLE,
                    ),
                ],
                className="workbench",
            ),
        ],
        className="page",
    )


def _backtest(workspace: Workspace, query: dict[str, str]) -> SavedRun:
    request = BacktestRequest.from_query(query)
    strategy = load_strategy(request.strategy, **request.params)
    return run_request(workspace, request, strategy)


def _search(query: dict[str, str]) -> str:
    """Return the canonical address of a query; raise InvalidParams for what it cannot mean."""
    request = BacktestRequest.from_query(query)
    load_strategy(request.strategy, **request.params)
    return "?" + urlencode(request.as_query())


def _query(search: str | None) -> dict[str, str]:
    return dict(parse_qsl((search or "").lstrip("?")))


def _follow(query: dict[str, str]) -> list[list]:
    """Put what the address says into the fields that say something else, as after Back."""
    fields, params = dash.ctx.states_list[:2]
    wanted = field_values(query) if _runs_at_once(query) else {}
    return [
        [unless_equal(item, wanted.get(item["id"]["name"])) for item in fields],
        [unless_equal(item, query.get(PARAM_PREFIX + item["id"]["name"])) for item in params],
    ]


def _runs_at_once(query: dict[str, str]) -> bool:
    return bool(query.get("symbol") and query.get("strategy"))


def _errors(error: UserError | None) -> tuple[list, list, str]:
    """Put an error beside the field that it names, or under the form."""
    outputs = [group for group in dash.ctx.outputs_list if isinstance(group, list)]
    name = getattr(error, "field", None) if isinstance(error, InvalidParams) else None
    slots = [
        [str(error) if error and item["id"]["name"] == name else "" for item in group]
        for group in outputs[:2]
    ]
    placed = any(any(group) for group in slots)
    return slots[0], slots[1], "" if placed or error is None else str(error)


def _specs(strategy: str) -> tuple:
    known = STRATEGIES.get(strategy)
    return parameter_specs(known.Params) if known else ()


def _unknown(query: dict[str, str], specs: tuple) -> list[str]:
    known = {*QUERY_NAMES, *(PARAM_PREFIX + spec.name for spec in specs)}
    return [name for name in query if name not in known and PARAM_PREFIX not in name]


def _placeholder(symbols: list[str]) -> html.Div:
    if not symbols:
        return empty_state(
            "No bars are stored yet",
            "A backtest needs bars: load the samples, a file, or history from the broker.",
            dcc.Link("Get data", href="/data", className="btn btn-primary"),
            icon_name="database",
        )
    return empty_state(
        "Nothing is tested yet",
        "Choose a symbol and a strategy, then press Run backtest.",
        icon_name="graph-up",
    )


def _on_its_way() -> html.Div:
    # Shown in place of the empty state while a first run is under way.
    return html.Div([skeleton(84), skeleton(620)], className="on-its-way", role="status")


def _title(**_path: str) -> str:
    return "Backtest · Trading Research"
