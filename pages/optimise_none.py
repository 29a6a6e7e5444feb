"""What stands on Optimise where no study is open: those that are saved, or the next step."""

from typing import Any
from urllib.parse import urlencode

from dash import dcc

from components.feedback import empty_state
from components.optimise_studies import studies_panel
from pages import studies_query
from pages.list_query import filter_or_default
from pages.optimise_query import STUDY
from services.studies import StudyFilter, find_studies
from services.workspace import Workspace


def no_study(workspace: Workspace, symbols: list[str], query: dict[str, str]) -> Any:
    """Return what stands where no study is open: all that are saved, or the next step."""
    if query.get(STUDY):
        return None
    wanted, trouble = filter_or_default(studies_query.filter_of, query)
    database = workspace.database
    total = find_studies(database, wanted, limit=0).total
    if total or find_studies(database, StudyFilter(), limit=0).total:
        return studies_panel(wanted, total, urlencode(studies_query.query_of(wanted)), trouble)
    if not symbols:
        return empty_state(
            "No bars are stored yet",
            "Parameters are tried on bars: load the samples, a file, or history from the broker.",
            dcc.Link("Get data", href="/data", className="btn btn-primary"),
            icon_name="database",
        )
    return empty_state(
        "Nothing is tried yet",
        "Say which values to try, as in 5:50:5 or 20,50,100. The count and the time stand above "
        "Start.",
        icon_name="grid-3x3-gap",
    )
