"""The list of saved studies: search, how far each is, its best; a click opens one."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from components.format import metric_text_of
from components.icons import icon
from components.optimise_form import METHOD_LABELS
from components.tables import data_table
from services.studies import Study

GRID, SEARCH, COUNT = "studies-table", "studies-search", "studies-count"
MOST_LISTED = 200
_NOTE_SHOWN = 120
_STATES = {
    "waiting": "Waiting",
    "running": "Running",
    "done": "Done",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "interrupted": "Interrupted",
}


def studies_panel(studies: Sequence[Study], total: int) -> html.Section:
    """Return the list with the newest studies; its script searches, and follows those that run."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Studies", className="panel-title"),
                    html.Span(count_text(total), id=COUNT, className="muted", role="status"),
                    _search(),
                ],
                className="studies-head",
            ),
            data_table(
                GRID,
                _columns(),
                study_rows(studies),
                options={
                    "localeText": {"noRowsToShow": "No study has all of these words"},
                    "tooltipShowDelay": 400,
                    "tooltipShowMode": "standard",
                    "rowSelection": {
                        "mode": "singleRow",
                        "checkboxes": False,
                        "enableClickSelection": False,
                    },
                },
            ),
        ],
        className="panel studies-panel",
        **{"aria-label": "Saved studies"},
    )


def count_text(total: int) -> str:
    """Say how many studies there are, and when only some of them are listed."""
    counted = "1 study" if total == 1 else f"{total:,} studies"
    if total > MOST_LISTED:
        return f"The newest {MOST_LISTED} of {counted}: search to find others"
    return counted


def study_rows(
    studies: Sequence[Study], progress: dict[int, tuple[int, timedelta | None]] | None = None
) -> list[dict[str, Any]]:
    """Return a row a study; `progress` has, for those at work, what is done and the time left."""
    known = progress or {}
    return [_record(study, *known.get(study.id, (study.done, None))) for study in studies]


def _record(study: Study, done: int, rest: timedelta | None) -> dict[str, Any]:
    asked, objective = study.request.backtest, study.request.objective
    best = metric_text_of(objective.metric, study.best)
    share = done / study.combinations if study.combinations else 0.0
    return {
        "id": str(study.id),
        "name": study.name,
        "note": " ".join(study.notes[: 2 * _NOTE_SHOWN].split())[:_NOTE_SHOWN],
        "series": f"{asked.symbol} {asked.resolution}",
        "strategy": asked.strategy,
        "method": METHOD_LABELS[study.request.method],
        "combinations": study.combinations,
        "done": done,
        "share": min(share, 1.0),
        "rest": None if rest is None else round(rest.total_seconds()),
        "state": study.state,
        # A cell is drawn again when its value changes.
        "progress": f"{_STATES[study.state]} {math.floor(100 * share)} %",
        "actions": f"{study.state} {bool(study.notes)}",
        "state_text": _STATES[study.state],
        "is_active": study.is_active,
        "can_go_on": study.can_go_on,
        "objective": objective.spec.label,
        "best": study.best,
        "best_text": best,
        "created_at": f"{study.created_at:%Y-%m-%d}",
        "saved": f"Begun {study.created_at:%Y-%m-%d %H:%M} UTC",
    }


def _search() -> html.Div:
    return html.Div(
        [
            html.Label(
                "Search by name, symbol, strategy or notes",
                htmlFor=SEARCH,
                className="visually-hidden",
            ),
            icon("search", "runs-search-icon"),
            dbc.Input(
                id=SEARCH,
                type="search",
                placeholder="Search studies…",
                autocomplete="off",
                maxlength=200,
            ),
        ],
        className="runs-search studies-search",
        role="search",
    )


def _columns() -> list[dict[str, Any]]:
    right = {"type": "rightAligned"}
    return [
        {"field": "id", "headerName": "Study", "width": 66, "pinned": "left",
         "cellRenderer": "StudyLink"},
        {"field": "name", "headerName": "Name", "minWidth": 76, "flex": 2,
         "cellRenderer": "RunName", "tooltipField": "name"},
        {"field": "series", "headerName": "Series", "width": 86, "tooltipField": "series"},
        {"field": "strategy", "headerName": "Strategy", "width": 92, "tooltipField": "strategy"},
        {"field": "method", "headerName": "Method", "width": 124, "tooltipField": "method"},
        {"field": "combinations", "headerName": "Combinations", "width": 108, **right,
         "valueFormatter": {"function": "d3.format(',')(params.value)"}},
        {"field": "progress", "headerName": "State", "width": 118, "cellRenderer": "StudyState"},
        {"field": "best", "headerName": "Best", "width": 108, **right,
         "cellRenderer": "StudyBest", "tooltipField": "objective"},
        {"field": "created_at", "headerName": "Begun", "width": 104, "tooltipField": "saved"},
        {"field": "actions", "headerName": "", "width": 102, "pinned": "right", "sortable": False,
         "resizable": False, "cellRenderer": "StudyActions", "cellClass": "data-actions-cell"},
    ]  # fmt: skip
