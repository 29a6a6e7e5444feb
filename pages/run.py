"""One saved run, drawn from what was stored."""

from typing import Any
from urllib.parse import urlencode

import dash
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from components.feedback import show_toast
from components.report import FIRST_RUN, report
from components.report_changes import AGAIN, COMPARE, OPEN, changes_banner
from components.report_state import read_state
from pages.shown_run import shown_as_asked
from services.errors import UserError
from services.research import run_request
from services.runs import SavedRun
from services.workspace import Workspace
from strategies.registry import load_strategy

SAME = "Nothing that changes a number has changed: the new run is the same as this one."


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page and the callback that runs it again."""
    dash.register_page(
        __name__,
        path_template="/runs/<run_id>",
        title=lambda run_id="", **_query: _title(workspace, run_id),
        layout=lambda run_id="", **query: layout(workspace, _number_in_path(), **query),
    )

    @app.callback(
        Output(OPEN, "href"),
        Input(AGAIN, "n_clicks"),
        Input(COMPARE, "n_clicks"),
        State(FIRST_RUN, "data"),
        running=[
            (Output(AGAIN, "disabled"), True, False),
            (Output(COMPARE, "disabled"), True, False),
        ],
        prevent_initial_call=True,
    )
    def _run_again(_again: int | None, _compare: int | None, about: dict[str, Any]):
        if not dash.ctx.triggered[0]["value"]:
            raise PreventUpdate
        old = about["run"]
        new = _again_now(workspace, old).id
        if new == old:
            show_toast(SAME)
            return no_update
        return (
            f"/runs/compare?ids={old},{new}" if dash.ctx.triggered_id == COMPARE else f"/runs/{new}"
        )


def _number_in_path() -> str:
    """Return what the address asked for: to Dash a `run_id` in its query would count for more."""
    path = dash.ctx.inputs.get("_pages_location.pathname") or ""
    return path.strip("/").rpartition("/")[2]


def layout(workspace: Workspace, run_id: str, /, **raw: Any) -> html.Div:
    """Return the page; raises UnknownRun when there is none of that number."""
    run = workspace.recent_runs.get(workspace.database, run_id)
    query = {name: value[-1] if isinstance(value, list) else value for name, value in raw.items()}
    state = read_state(query, len(run.result.trades))
    shown = shown_as_asked(workspace, run, state)
    return html.Div(
        [_head(run), _complaints(shown.state.complaints), changes_banner(), report(shown)],
        className="page run-page",
    )


def _head(run: SavedRun) -> html.Div:
    address = "/backtest?" + urlencode(run.request.as_query())
    saved = f"Run {run.id}, saved" if run.name else "saved"
    return html.Div(
        [
            html.Div(
                [
                    html.H1(run.name or f"Run {run.id}"),
                    html.Span(f"{saved} {run.created_at:%Y-%m-%d %H:%M} UTC", className="muted"),
                ]
            ),
            dcc.Link(
                "Change and run again", href=address, className="btn btn-sm btn-outline-primary"
            ),
        ],
        className="page-head",
    )


def _again_now(workspace: Workspace, run_id: int) -> SavedRun:
    """Test a saved run's request on today's bars with today's strategy."""
    request = workspace.recent_runs.get(workspace.database, run_id).request
    return run_request(workspace, request, load_strategy(request.strategy, **request.params))


def _complaints(sentences: tuple[str, ...]) -> html.P | None:
    """Name in one quiet line what the address asks for and cannot have."""
    if not sentences:
        return None
    return html.P(" ".join(sentences[:3]), id="address-note", className="address-note muted")


def _title(workspace: Workspace, run_id: str) -> str:
    try:
        run = workspace.recent_runs.get(workspace.database, run_id)
    except UserError:
        return "No such run · Trading Research"
    return f"Run {run.id}: {run.title} · Trading Research"
