"""One saved run, drawn from what was stored."""

from typing import Any
from urllib.parse import urlencode

import dash
from dash import Dash, dcc, html

from components.report import report
from components.report_state import read_state
from services.errors import UserError
from services.workspace import Workspace


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page."""
    dash.register_page(
        __name__,
        path_template="/runs/<run_id>",
        title=lambda run_id="", **_query: _title(workspace, run_id),
        layout=lambda run_id="", **query: layout(workspace, run_id, **query),
    )


def layout(workspace: Workspace, run_id: str, **raw: Any) -> html.Div:
    """Return the page; raises UnknownRun when there is none of that number."""
    run = workspace.recent_runs.get(workspace.database, run_id)
    query = {name: value[-1] if isinstance(value, list) else value for name, value in raw.items()}
    state = read_state(query, len(run.result.trades))
    address = "/backtest?" + urlencode(run.request.as_query())
    return html.Div(
        [
            html.Div(
                [
                    html.Div(
                        [
                            html.H1(f"Run {run.id}"),
                            html.Span(
                                f"saved {run.created_at:%Y-%m-%d %H:%M} UTC", className="muted"
                            ),
                        ]
                    ),
                    dcc.Link(
                        "Change and run again",
                        href=address,
                        className="btn btn-sm btn-outline-primary",
                    ),
                ],
                className="page-head",
            ),
            _complaints(state.complaints),
            report(run, state),
        ],
        className="page",
    )


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
