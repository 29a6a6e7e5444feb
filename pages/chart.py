"""Chart: any stored series with indicators and a second symbol; the address is its state."""

from dataclasses import replace
from typing import Any

import dash
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from components.chart import CHART_SPEC, chart_panel, chart_spec
from components.chart_head import FORM_OF, chart_head
from components.commands import COMMAND, command_store
from components.feedback import empty_state, error_state
from components.icons import icon
from components.indicator_form import (
    ABOUT,
    APPLY,
    BODY,
    PARAM,
    PROBLEM,
    indicator_dialog,
    indicator_form,
)
from pages.chart_query import ChartQuery, first_figure, query_values, read_query, state_of
from services.adjustment import bars_text
from services.charts.market import market_source
from services.errors import InvalidParams, UserError
from services.indicators.catalogue import (
    CHART_INDICATORS,
    ChosenIndicator,
    indicators_text,
    parse_indicators,
)
from services.market_data import catalogue
from services.parameters import build_parameters
from services.workspace import Workspace

URL, HEAD, NOTES, PANEL, STATE, TITLE, GO, SHOWN = (
    f"ch-{name}" for name in ("url", "head", "notes", "panel", "state", "title", "go", "shown")
)
_IDLE, _BUSY = "chart-page-panel", "chart-page-panel is-busy"
_OUTPUTS = (
    Output(HEAD, "children"),
    Output(NOTES, "children"),
    Output(PANEL, "hidden"),
    Output(CHART_SPEC, "data"),
    Output(STATE, "children"),
    Output(TITLE, "data"),
)


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page and its callbacks; the chart's own come with the backtest page."""
    dash.register_page(
        __name__,
        path="/chart",
        title="Chart · Trading Research",
        layout=lambda **query: layout(workspace, **query),
    )
    _register_view(app, workspace)
    _register_indicators(app)
    for source, function in ((TITLE, "title"), (GO, "go"), (BODY, "opened")):
        property = "children" if source == BODY else "data"
        app.clientside_callback(
            ClientsideFunction("chartPage", function),
            Output(f"{source}-done", "data"),
            Input(source, property),
        )


def _register_view(app: Dash, workspace: Workspace) -> None:
    @app.callback(
        *_OUTPUTS,
        Output(SHOWN, "data"),
        Input(URL, "search"),
        State(SHOWN, "data"),
        running=[(Output(PANEL, "className"), _BUSY, _IDLE)],
        prevent_initial_call=True,
    )
    def _show(search: str, shown: dict):
        values = query_values(search)
        # The address tells of itself when the page appears, and that is shown already.
        if values == shown:
            raise PreventUpdate
        return *shown_values(workspace, values), values


def _register_indicators(app: Dash) -> None:
    """Show the form of an indicator, and write what it says into the address."""

    @app.callback(
        Output(BODY, "children"),
        Output(ABOUT, "data"),
        Output(PROBLEM, "children", allow_duplicate=True),
        Input(COMMAND, "data"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _form(command: dict, search: str):
        spec = CHART_INDICATORS.get((command or {}).get("name", ""))
        if spec is None or command.get("do") != FORM_OF:
            raise PreventUpdate
        chosen = read_query(search).chosen
        at = int(command["place"]) if str(command.get("place", "")).isdigit() else len(chosen)
        given = chosen[at].params.model_dump() if at < len(chosen) else {}
        return indicator_form(spec, given), {"name": spec.name, "at": at}, ""

    @app.callback(
        Output({"type": f"{PARAM}-error", "name": ALL}, "children"),
        Output(PROBLEM, "children"),
        Output(GO, "data"),
        Input(APPLY, "n_clicks"),
        State({"type": PARAM, "name": ALL}, "value"),
        State(ABOUT, "data"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def _apply(clicks: int, _values: list, about: dict, search: str):
        if not clicks or not about:
            raise PreventUpdate
        values = {item["id"]["name"]: item.get("value") for item in dash.ctx.states_list[0]}
        names = [item["id"]["name"] for item in dash.ctx.outputs_list[0]]
        try:
            text = _changed(about, values, read_query(search).chosen)
        except InvalidParams as error:
            slots = [str(error) if error.field == name else "" for name in names]
            return slots, "" if any(slots) else str(error), no_update
        return [""] * len(names), "", {"ind": text, "at": clicks}


def _changed(about: dict, values: dict[str, Any], chosen: tuple[ChosenIndicator, ...]) -> str:
    """Return the indicators of an address with one added, or another in its place."""
    spec = CHART_INDICATORS[about["name"]]
    one = ChosenIndicator(spec, build_parameters(spec.Params, values, spec.label))
    at = about["at"]
    text = indicators_text([*chosen[:at], one, *chosen[at + 1 :]])
    return indicators_text(parse_indicators(text))


def layout(workspace: Workspace, /, **raw: Any) -> html.Div:
    """Return the page for a query; without a symbol it shows the first that is stored."""
    head, notes, hidden, spec, state, title = shown_values(workspace, raw)
    return html.Div(
        [
            dcc.Location(id=URL, refresh=False),
            command_store(),
            html.H1("Chart", className="visually-hidden"),
            html.Div(head, id=HEAD, className="chart-page-head"),
            html.Div(notes, id=NOTES),
            html.Div(chart_panel(spec), id=PANEL, hidden=hidden, className=_IDLE),
            html.Div(state, id=STATE),
            indicator_dialog(),
            dcc.Store(id=SHOWN, data=query_values(raw)),
            dcc.Store(id=TITLE, data=title),
            dcc.Store(id=GO),
            *(dcc.Store(id=f"{store}-done") for store in (TITLE, GO, BODY)),
        ],
        className="page chart-page",
    )


def shown_values(workspace: Workspace, raw: Any) -> tuple[Any, ...]:
    """Return the values of the outputs for an address: a chart, or what stands in its place."""
    entries = catalogue(workspace.database)
    if not entries:
        return None, None, True, None, _nothing_stored(), "Chart · Trading Research"
    query = read_query(raw, entries[0].symbol)
    head = chart_head(entries, query.symbol, query.resolution, query.chosen, query.compare)
    title = f"{query.symbol[:40]} {query.resolution[:10]} · Chart · Trading Research"
    try:
        spec, notes = _chart(workspace, query, _bars_note(entries, query))
    except UserError as error:
        return head, None, True, None, _failed(error, query, entries), title
    return head, [_note(text) for text in (*query.notes, *notes)], False, spec, None, title


def _bars_note(entries: list, query: ChartQuery) -> str:
    """Say where the bars came from and what they are adjusted for, as a run's chart does."""
    key = (query.symbol, query.resolution)
    found = (entry for entry in entries if (entry.symbol, entry.resolution) == key)
    return next((bars_text(entry.source, entry.adjustment) for entry in found), "")


def _chart(workspace: Workspace, query: ChartQuery, bars: str) -> tuple[dict[str, Any], list[str]]:
    """Return the spec of a chart; a second symbol that cannot be shown is left out and noted."""
    series = (workspace, query.symbol, query.resolution, query.chosen)
    source, notes = market_source(*series), []
    if query.compare:
        try:
            source = market_source(*series, query.compare)
        except UserError as error:
            query, notes = replace(query, compare=""), [str(error)]
    figure, view, faults = first_figure(source, query.view)
    spec = chart_spec(
        query.data_url,
        figure,
        name=f"{query.symbol} {query.resolution}",
        note=bars,
        state=state_of(view, figure["log"]),
    )
    return spec, notes + faults


def _failed(error: UserError, query: ChartQuery, entries: list) -> html.Div:
    stored = [entry for entry in entries if entry.symbol == query.symbol] or entries
    way = dcc.Link(
        f"Show {stored[0].symbol} {stored[0].resolution}",
        href=f"/chart?symbol={stored[0].symbol}&resolution={stored[0].resolution}",
        className="btn btn-primary",
    )
    get = dcc.Link("See what is stored", href="/data", className="btn btn-outline-secondary")
    return error_state("This chart cannot be shown", str(error), [way, get])


def _nothing_stored() -> html.Div:
    get = dcc.Link("Get data", href="/data", className="btn btn-primary")
    text = "A chart needs bars: load the samples, a file, or history from the broker."
    return empty_state("No bars are stored yet", text, get, icon_name="graph-up")


def _note(text: str) -> html.P:
    return html.P([icon("exclamation-triangle"), html.Span(text)], className="caution")
