"""One saved run, drawn from what was stored."""

from urllib.parse import urlencode

import dash
from dash import Dash, dcc, html

from components.report import report
from services.errors import UserError
from services.workspace import Workspace


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page."""
    dash.register_page(
        __name__,
        path_template="/runs/<run_id>",
        title=lambda run_id="", **_query: _title(workspace, run_id),
        layout=lambda run_id="", **_query: layout(workspace, run_id),
    )


def layout(workspace: Workspace, run_id: str) -> html.Div:
    """Return the page; raises UnknownRun when there is none of that number."""
    run = workspace.recent_runs.get(workspace.database, run_id)
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
            report(run),
        ],
        className="page",
    )


def _title(workspace: Workspace, run_id: str) -> str:
    try:
        run = workspace.recent_runs.get(workspace.database, run_id)
    except UserError:
        return "No such run · Trading Research"
    return f"Run {run.id}: {run.title} · Trading Research"
