"""The catalogue of stored series: the table, and the head of the one that is chosen."""

import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import dash_ag_grid as dag
import dash_bootstrap_components as dbc
from dash import dcc, html

from components.commands import command_button
from components.format import bar_time
from components.icons import icon
from components.stored import FIRST_STRATEGY
from components.tables import data_table
from services.adjustment import adjustment_text

GRID, FILTER, COUNT = "data-grid", "data-filter", "data-count"
SCHEDULE = "data-schedule"
SOURCES = {"ibkr": "Interactive Brokers", "csv": "File", "sample": "Sample"}
_SHORT = SOURCES | {"ibkr": "IBKR"}
SCHEDULES = {"off": "Updates: off", "daily": "Updates: daily after the close"}
_SEPARATOR = "|"  # no symbol holds it
_ROW_HEIGHT, _HIGHEST = 38, 424
_HEAD = 40


def row_id(symbol: str, resolution: str) -> str:
    """Return the name of a series' row."""
    return f"{symbol}{_SEPARATOR}{resolution}"


def series_of_row(id: str) -> tuple[str, str]:
    """Return the symbol and the resolution that a row stands for."""
    symbol, _, resolution = id.rpartition(_SEPARATOR)
    return symbol, resolution


def catalogue_rows(entries: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a row a series, in the order given."""
    return [_record(entry) for entry in entries]


def catalogue_grid(entries: Sequence[Any], chosen: str | None = None) -> dag.AgGrid:
    """Return the table; a click chooses a series, its last cell holds what is done most."""
    return data_table(
        GRID,
        _columns(),
        catalogue_rows(entries),
        height=grid_height(len(entries)),
        selectedRows={"ids": [chosen]} if chosen else [],
        scrollTo={"rowId": chosen, "rowPosition": "middle"} if chosen else None,
        options={
            "localeText": {
                "noRowsToShow": "No series is stored",
                "noMatchingRows": "No series matches the filter",
            },
            "tooltipShowDelay": 400,
            "tooltipShowMode": "whenTruncated",
        },
    )


def grid_height(rows: int) -> int:
    """Return the height for so many rows: all of them, or as many as leave room for the rest."""
    return min(_HEAD + _ROW_HEIGHT * max(rows, 2) + 4, _HIGHEST)


def catalogue_head(total: int) -> html.Div:
    """Return the filter above the table, and how many series there are."""
    return html.Div(
        [
            html.H2("Stored series", className="section-title"),
            html.Span(count_text(total), id=COUNT, className="muted", role="status"),
            html.Label("Filter the stored series", htmlFor=FILTER, className="visually-hidden"),
            dbc.Input(
                id=FILTER,
                type="search",
                placeholder="Filter by symbol, name, source…",
                autocomplete="off",
                className="data-filter",
            ),
        ],
        className="data-list-head",
    )


def count_text(total: int) -> str:
    """Return how many series there are."""
    return "1 series" if total == 1 else f"{total:,} series"


def series_head(entry: Any) -> html.Div:
    """Return name, span and origin of a series, and what can be done with it."""
    facts = [
        f"{bar_time(entry.first, entry.resolution)} to {bar_time(entry.last, entry.resolution)}",
        f"{entry.bars:,} bars",
        SOURCES.get(entry.source, entry.source or "Source unknown"),
        adjustment_text(entry.adjustment),
        _hours(entry),
        f"updated {entry.updated_at:%Y-%m-%d %H:%M} UTC" if entry.updated_at else None,
    ]
    return html.Div(
        [
            html.Div(
                [
                    html.H2(
                        [entry.symbol, html.Span(entry.resolution, className="series-resolution")],
                        className="series-name",
                    ),
                    html.Span(entry.name, className="series-title") if entry.name else None,
                ],
                className="series-names",
            ),
            html.P(" · ".join(fact for fact in facts if fact), className="series-facts"),
            html.Div(_actions(entry), className="series-actions"),
        ],
        className="series-head",
    )


def export_path(symbol: str, resolution: str, kind: str) -> str:
    """Return the address at which a series is given as a file; `kind` is csv or parquet."""
    return f"/export/bars/{quote(symbol, safe='')}/{resolution}.{kind}"


def backtest_path(symbol: str, resolution: str) -> str:
    """Return the address of a backtest of a series."""
    query = {"symbol": symbol, "resolution": resolution, "strategy": FIRST_STRATEGY}
    return f"/backtest?{urlencode(query)}"


def chart_path(symbol: str, resolution: str) -> str:
    """Return the address of the chart of a series."""
    return "/chart?" + urlencode({"symbol": symbol, "resolution": resolution})


def data_path(symbol: str, resolution: str) -> str:
    """Return the address of a series on the page of data."""
    return "/data?" + urlencode({"symbol": symbol, "resolution": resolution})


def _actions(entry: Any) -> list[Any]:
    key = entry.symbol, entry.resolution
    from_broker = entry.source == "ibkr"
    return [
        command_button("update", "Update", "arrow-repeat", series=row_id(*key))
        if from_broker
        else None,
        dcc.Link(
            [icon("graph-up"), " Chart"],
            href=chart_path(*key),
            className="btn btn-sm btn-outline-primary",
        ),
        dcc.Link(
            [icon("play-fill"), " Backtest"],
            href=backtest_path(*key),
            className="btn btn-sm btn-outline-primary",
        ),
        html.A(
            [icon("filetype-csv"), " CSV"],
            href=export_path(*key, "csv"),
            download="",
            className="btn btn-sm btn-outline-secondary",
            **{"aria-label": "Export as CSV"},
        ),
        html.A(
            [icon("download"), " Parquet"],
            href=export_path(*key, "parquet"),
            download="",
            className="btn btn-sm btn-outline-secondary",
            **{"aria-label": "Export as Parquet"},
        ),
        _schedule(entry) if from_broker else None,
        command_button("delete", "Delete", "trash", look="btn-outline-danger", series=row_id(*key)),
    ]


def _schedule(entry: Any) -> html.Div:
    options = [{"value": mode, "label": text} for mode, text in SCHEDULES.items()]
    return html.Div(
        [
            html.Label("Updates by schedule", htmlFor=SCHEDULE, className="visually-hidden"),
            dbc.Select(id=SCHEDULE, options=options, value=entry.schedule or "off", size="sm"),
        ],
        className="series-schedule",
    )


def _hours(entry: Any) -> str | None:
    if entry.regular_hours is None:
        return None
    return "regular hours only" if entry.regular_hours else "with extended hours"


def _record(entry: Any) -> dict[str, Any]:
    key = entry.symbol, entry.resolution
    return {
        "id": row_id(*key),
        "symbol": entry.symbol,
        "name": entry.name or "",
        "resolution": entry.resolution,
        "first": f"{entry.first:%Y-%m-%d}",
        "last": f"{entry.last:%Y-%m-%d}",
        "lastBar": f"Last bar: {bar_time(entry.last, entry.resolution)} UTC",
        "bars": entry.bars,
        # Rounded down: 100 % is said of what is whole only.
        "coverage": None if entry.coverage is None else math.floor(entry.coverage * 1000) / 10,
        "updated": f"{entry.updated_at:%Y-%m-%d %H:%M}" if entry.updated_at else "",
        "source": _SHORT.get(entry.source, entry.source or ""),
        "adjustment": adjustment_text(entry.adjustment) if entry.adjustment else "unknown",
        "schedule": "daily" if entry.schedule == "daily" else "off",
        "fromBroker": entry.source == "ibkr",
        "backtest": backtest_path(*key),
    }


def _columns() -> list[dict[str, Any]]:
    coverage = "params.value == null ? 'n/a' : d3.format('.1f')(params.value) + ' %'"
    return [
        {"field": "symbol", "headerName": "Symbol", "width": 104, "pinned": "left",
         "cellClass": "data-symbol", "sort": "asc", "tooltipField": "symbol"},
        {"field": "name", "headerName": "Name", "minWidth": 130, "flex": 1,
         "tooltipField": "name"},
        {"field": "resolution", "headerName": "Res.", "width": 60},
        {"field": "first", "headerName": "From", "width": 112},
        {"field": "last", "headerName": "To", "width": 112, "tooltipField": "lastBar"},
        {"field": "bars", "headerName": "Bars", "width": 86, "type": "rightAligned",
         "valueFormatter": {"function": "d3.format(',.0f')(params.value)"}},
        {"field": "coverage", "headerName": "Coverage", "width": 94, "type": "rightAligned",
         "headerTooltip": "Share of the bars that the exchange's calendar asks for",
         "valueFormatter": {"function": coverage},
         "cellClassRules": {"data-gaps": "params.value != null && params.value < 99"}},
        {"field": "updated", "headerName": "Updated (UTC)", "width": 148},
        {"field": "source", "headerName": "Source", "width": 88},
        {"field": "adjustment", "headerName": "Adjustment", "width": 138,
         "tooltipField": "adjustment"},
        {"field": "schedule", "headerName": "Schedule", "width": 88},
        {"field": "id", "headerName": "", "width": 108, "pinned": "right", "sortable": False,
         "resizable": False, "cellRenderer": "DataActions", "cellClass": "data-actions-cell",
         "getQuickFilterText": {"function": "''"}},
    ]  # fmt: skip
