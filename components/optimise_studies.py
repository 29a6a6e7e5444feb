"""The list of saved studies: search, how far each is, its best; a click opens one.

The script in assets/optimise reads the rows in blocks, in the order and with the words that the
address says.
"""

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
from services.studies import Study, StudyFilter

GRID, SEARCH, COUNT = "studies-table", "studies-search", "studies-count"
BLOCK = 100  # rows that one request brings
_NOTE_SHOWN = 120
_HEIGHT = "var(--studies-height)"  # of the style sheet: of its rows, and no more than the window
_COUNTED = "params.value == null ? '' : d3.format(',')(params.value)"
_STATES = {
    "waiting": "Waiting",
    "running": "Running",
    "done": "Done",
    "cancelled": "Cancelled",
    "failed": "Failed",
    "interrupted": "Interrupted",
}


def studies_panel(wanted: StudyFilter, total: int, query: str, trouble: str = "") -> html.Section:
    """Return the list without rows, with the words and the mark of the order that are wanted.

    `query` asks for them, as assets/optimise reads it.
    """
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Studies", className="panel-title"),
                    html.Span(
                        count_text(wanted, total), id=COUNT, className="muted", role="status"
                    ),
                    _search(wanted.text),
                ],
                className="studies-head",
            ),
            html.P(trouble, className="caution") if trouble else None,
            html.Div(
                _table(wanted, total),
                className="studies-box",
                hidden=not total,
                style={"--rows": total},
                **{"data-query": query},
            ),
        ],
        className="panel studies-panel",
        **{"aria-label": "Saved studies"},
    )


def count_text(wanted: StudyFilter, total: int) -> str:
    """Say how many studies there are, or how many were found."""
    counted = "1 study" if total == 1 else f"{total:,} studies"
    if not wanted.text:
        return counted
    return f"{counted} found" if total else "No study has all of these words"


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


def _table(wanted: StudyFilter, total: int) -> Any:
    columns = study_columns()
    for column in columns:
        if column.get("colId", column["field"]) == wanted.sort:
            column["sort"] = "desc" if wanted.descending else "asc"
    options = {
        "cacheBlockSize": BLOCK,
        "infiniteInitialRowCount": max(min(total, BLOCK), 1),
        "rowBuffer": 4,
        "maxBlocksInCache": 10,
        "suppressMultiSort": True,
        "tooltipShowDelay": 400,
        "tooltipShowMode": "standard",
        "rowSelection": {
            "mode": "singleRow",
            "checkboxes": False,
            "enableClickSelection": False,
        },
    }
    return data_table(GRID, columns, None, height=_HEIGHT, options=options, rowModelType="infinite")


def _search(text: str) -> html.Div:
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
                value=text,
                placeholder="Search studies…",
                autocomplete="off",
                maxlength=200,
            ),
        ],
        className="runs-search studies-search",
        role="search",
    )


def study_columns() -> list[dict[str, Any]]:
    """Return the columns; each `colId`, or else field, is also the name by which one sorts."""
    up, down = {"sortingOrder": ["asc", "desc"]}, {"sortingOrder": ["desc", "asc"]}
    number = {"type": "rightAligned", **down}
    return [
        {"field": "id", "headerName": "Study", "width": 84, "pinned": "left",
         "cellRenderer": "StudyLink", **down},
        {"field": "name", "headerName": "Name", "minWidth": 70, "flex": 2,
         "cellRenderer": "RunName", "tooltipField": "name", **up},
        {"field": "series", "colId": "symbol", "headerName": "Series", "width": 76,
         "tooltipField": "series", **up},
        {"field": "strategy", "headerName": "Strategy", "width": 88, "tooltipField": "strategy",
         **up},
        {"field": "method", "headerName": "Method", "width": 120, "tooltipField": "method", **up},
        {"field": "combinations", "headerName": "Trials", "width": 70, **number,
         "headerTooltip": "How many combinations; of a walk-forward those of all windows.",
         "valueFormatter": {"function": _COUNTED}},
        {"field": "progress", "colId": "state", "headerName": "State", "width": 120,
         "cellRenderer": "StudyState", **up},
        {"field": "best", "headerName": "Best", "width": 116, **number,
         "cellRenderer": "StudyBest", "tooltipField": "objective"},
        {"field": "created_at", "headerName": "Begun", "width": 106, "tooltipField": "saved",
         **down},
        {"field": "actions", "headerName": "", "width": 96, "pinned": "right", "sortable": False,
         "resizable": False, "cellRenderer": "StudyActions", "cellClass": "data-actions-cell"},
    ]  # fmt: skip
