"""A saved run as its report shows it: with the first view of its chart and its time zone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from components.report import Shown
from components.report_state import ReportState
from services.charts import figure_for_query
from services.charts.market import run_source
from services.charts.source import ChartSource
from services.errors import InvalidParams
from services.runs import SavedRun
from services.workspace import Workspace


def find_run(workspace: Workspace, run_id: int | str) -> tuple[SavedRun, str]:
    """Return a saved run and its exchange's time zone; raise UnknownRun."""
    run = workspace.recent_runs.get(workspace.database, run_id)
    return run, run_source(workspace, run).timezone


def shown(workspace: Workspace, run: SavedRun) -> Shown:
    """Return a run with the whole of its chart."""
    source = run_source(workspace, run)
    return Shown(run, figure_for_query(source, {}), source.timezone)


def shown_as_asked(workspace: Workspace, run: SavedRun, state: ReportState) -> Shown:
    """Return a run as the address of its page asks for it; what it cannot mean is named."""
    source = run_source(workspace, run)
    query = dict(state.view)
    if state.trade:
        # With times in the address the trade is marked in them, else the view is around it.
        query["mark" if "from" in query or "to" in query else "trade"] = str(state.trade)
    figure, complaints = _first_figure(source, query)
    complaints = (*state.complaints, *complaints)
    return Shown(run, figure, source.timezone, replace(state, complaints=complaints))


def _first_figure(
    source: ChartSource, query: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the chart of a query; values that make no sense are left out and named."""
    kept, complaints = dict(query), []
    while True:
        try:
            return figure_for_query(source, kept), complaints
        except InvalidParams as error:
            complaints.append(str(error))
            wrong = ("from", "to") if error.field in ("from", "to") else (error.field,)
            # An error that names nothing of the query would come back for ever.
            left = {name: value for name, value in kept.items() if name not in wrong}
            kept = left if len(left) < len(kept) else {}
