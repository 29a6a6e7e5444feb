"""Lists of saved runs: the short table of Home, and the full one that a script fills in blocks."""

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
from dash import dcc, html

from components.format import bar_time, metric_text_of
from components.tables import number_column, signed_column
from services.wording import params_text

RUNS_TABLE = "runs-table"
BLOCK = 100  # rows that one request brings
_METRICS = ("total_return", "sharpe", "max_drawdown", "trades")
_NOTE_SHOWN = 120
_DESCENDING = ["desc", "asc"]
# Keys that would begin to overwrite a name at once; F2 and the pencil do that on purpose.
_NO_ACCIDENTS = (
    "!params.editing && (params.event.key.length === 1 || "
    "['Enter', 'Backspace', 'Delete'].includes(params.event.key))"
)


def latest_runs_table(runs: Sequence[Any]) -> html.Div:
    """Return the newest saved runs, each with a link to it."""
    heads = (
        ("Run", ""),
        ("Parameters", "wide-only"),
        ("Span", "wide-only"),
        ("Return", "num"),
        ("Sharpe", "num"),
        ("Max drawdown", "num wide-only"),
    )
    head = html.Tr([html.Th(name, scope="col", className=kind) for name, kind in heads])
    body = html.Tbody([_latest_row(run) for run in runs])
    table = html.Table([html.Thead(head), body], className="table", id="latest-runs")
    return html.Div(table, className="panel table-panel")


def runs_table(sort: str, descending: bool) -> dag.AgGrid:
    """Return the table without rows, with the mark of its order; assets/runs fills it."""
    columns = _columns()
    for column in columns:
        if column["field"] == sort:
            column["sort"] = "desc" if descending else "asc"
    return dag.AgGrid(
        id=RUNS_TABLE,
        columnDefs=columns,
        rowModelType="infinite",
        getRowId="params.data.id",
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressMovable": True,
            "sortingOrder": ["asc", "desc"],
            "cellDataType": False,
        },
        dashGridOptions={
            "animateRows": False,
            "cacheBlockSize": BLOCK,
            "infiniteInitialRowCount": 1,
            "rowBuffer": 4,
            "maxBlocksInCache": 20,
            "multiSortKey": "ctrl",
            "suppressMultiSort": True,
            "stopEditingWhenCellsLoseFocus": True,
            "suppressClickEdit": True,
            "tooltipShowDelay": 400,
            "tooltipShowMode": "standard",
            "rowSelection": {
                "mode": "multiRow",
                "checkboxes": True,
                "headerCheckbox": False,
                "enableClickSelection": False,
            },
            "selectionColumnDef": {"width": 42, "pinned": "left", "sortable": False},
            "localeText": {"noRowsToShow": "Nothing to list"},
        },
        style={"height": None},
        className="data-table runs-grid",
    )


def run_rows(runs: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a row a run, in the order given, as plain values."""
    return [_record(run) for run in runs]


def span_text(run: Any) -> str:
    """Return the first and the last bar's time of a run."""
    first, last = (bar_time(moment, run.resolution) for moment in (run.start, run.end))
    return f"{first} to {last}"


def _latest_row(run: Any) -> html.Tr:
    gain = run.metrics.get("total_return")
    colour = "" if not gain else "up" if gain > 0 else "down"
    title = f"{run.symbol} {run.resolution} {run.strategy}"
    return html.Tr(
        [
            html.Th(dcc.Link(run.name or title, href=f"/runs/{run.id}"), scope="row"),
            html.Td(params_text(run.params) or "none", className="wide-only muted"),
            html.Td(span_text(run), className="wide-only muted"),
            html.Td(metric_text_of("total_return", gain), className=f"num {colour}"),
            html.Td(metric_text_of("sharpe", run.metrics.get("sharpe")), className="num"),
            html.Td(
                metric_text_of("max_drawdown", run.metrics.get("max_drawdown")),
                className="num wide-only",
            ),
        ]
    )


def _record(run: Any) -> dict[str, Any]:
    return {
        "id": str(run.id),
        "created_at": f"{run.created_at:%Y-%m-%d}",
        "saved": f"Saved {run.created_at:%Y-%m-%d %H:%M} UTC",
        "symbol": run.symbol,
        "resolution": run.resolution,
        "strategy": run.strategy,
        "params": params_text(run.params),
        "start": span_text(run),
        "name": run.name,
        "note": " ".join(run.notes[: 2 * _NOTE_SHOWN].split())[:_NOTE_SHOWN],
        "tags": list(run.tags),
        "favourite": run.favourite,
        "look_ahead": run.look_ahead.status,
        "look_ahead_text": run.look_ahead.text,
        **{name: run.metrics.get(name) for name in _METRICS},
    }


def _columns() -> list[dict[str, Any]]:
    """Return the columns; each field is also the name by which the server sorts."""
    return [
        {"field": "favourite", "headerName": "★", "headerTooltip": "Favourites", "width": 40,
         "pinned": "left", "resizable": False, "cellRenderer": "RunStar", "cellClass": "run-icon",
         "headerClass": "run-icon-head", "sortingOrder": _DESCENDING},
        {"field": "id", "headerName": "Run", "width": 70, "pinned": "left",
         "cellRenderer": "RunLink", "sortingOrder": _DESCENDING},
        {"field": "name", "headerName": "Name", "minWidth": 114, "flex": 2, "editable": True,
         "cellRenderer": "RunName", "tooltipField": "name",
         "suppressKeyboardEvent": {"function": _NO_ACCIDENTS},
         "cellEditorParams": {"maxLength": 200}},
        {"field": "symbol", "headerName": "Symbol", "width": 80, "tooltipField": "symbol"},
        {"field": "resolution", "headerName": "Res.", "width": 54},
        {"field": "strategy", "headerName": "Strategy", "width": 100, "tooltipField": "strategy"},
        {"field": "params", "headerName": "Parameters", "minWidth": 132, "flex": 2,
         "tooltipField": "params"},
        {"field": "tags", "headerName": "Tags", "minWidth": 92, "flex": 2,
         "cellRenderer": "RunTags", "cellClass": "run-tags-cell"},
        signed_column("total_return", "Return", "percent", width=98, sortingOrder=_DESCENDING),
        number_column("sharpe", "Sharpe", "ratio", width=84, sortingOrder=_DESCENDING),
        number_column("max_drawdown", "Drawdown", "percent", width=100, sortingOrder=_DESCENDING,
                      headerTooltip="Max drawdown"),
        number_column("trades", "Trades", "count", width=74, sortingOrder=_DESCENDING),
        {"field": "look_ahead", "headerName": "Check", "width": 60, "cellRenderer": "RunCheck",
         "cellClass": "run-icon", "headerClass": "run-icon-head",
         "headerTooltip": "Whether signals use bars that came later"},
        {"field": "start", "headerName": "Span", "width": 212, "tooltipField": "start",
         "hide": True},
        {"field": "created_at", "headerName": "Saved", "width": 106, "tooltipField": "saved",
         "sortingOrder": _DESCENDING},
        {"field": "actions", "headerName": "", "width": 76, "pinned": "right", "sortable": False,
         "resizable": False, "cellRenderer": "RunActions", "cellClass": "data-actions-cell"},
    ]  # fmt: skip
