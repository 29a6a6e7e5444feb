"""The list of saved runs; a click opens one."""

import dash
from dash import Dash, Input, Output, dcc, html, no_update

from components.feedback import empty_state
from components.runs import RUNS_TABLE, runs_table
from services.runs import latest_runs
from services.workspace import Workspace

MOST = 5_000
_OPEN = "runs-open"


def register(app: Dash, workspace: Workspace) -> None:
    """Register the page and the callback that opens the chosen run."""
    dash.register_page(
        __name__, path="/runs", title="Runs", layout=lambda **_query: layout(workspace)
    )

    @app.callback(Output(_OPEN, "href"), Input(RUNS_TABLE, "selectedRows"))
    def _open(rows):
        return f"/runs/{rows[0]['id']}" if rows else no_update


def layout(workspace: Workspace) -> html.Div:
    """Return the page; raises what the database raises."""
    runs = latest_runs(workspace.database, MOST)
    if not runs:
        start = dcc.Link("Run a backtest", href="/backtest", className="btn btn-primary")
        text = "Every backtest that you run is kept here, with its trades and its chart."
        content = empty_state("No runs are saved yet", text, start, "clock-history")
    else:
        content = html.Div([runs_table(runs), dcc.Location(id=_OPEN, refresh="callback-nav")])
    return html.Div([html.H1("Runs"), content], className="page")
