"""The table of a run's trades; choosing a row zooms the chart to that trade."""

from typing import Any

import dash_ag_grid as dag
import numpy as np
import pandas as pd

from components.chart import TRADES_GRID
from services.backtest.result import BacktestResult
from services.backtest.trades import signed_quantity
from services.wording import exit_names

_SIGNED = {"up": "params.value > 0", "down": "params.value < 0"}
_NOTHING = "No trades: nothing was opened in this span."
_SIGNIFICANT = 8
_NUMBERS = {
    "entry_price": "entry_price",
    "exit_price": "exit_price",
    "quantity": "quantity",
    "profit": "profit",
    "return": "return",
    "mae": "mae",
    "mfe": "mfe",
    "costs": "costs",
    "bars": "bars",
}


def trades_grid(count: int) -> dag.AgGrid:
    """Return the table, empty: assets/report/trades.js loads its rows, so that none is too many.

    Row ids are the trades' numbers, from 1. It is as high as `count` rows, up to a dozen.
    """
    return dag.AgGrid(
        id=TRADES_GRID,
        rowData=[],
        columnDefs=_columns(),
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressMovable": True,
            "cellDataType": False,
            "flex": 1,
            "minWidth": 84,
            "suppressHeaderFilterButton": True,
            "suppressHeaderMenuButton": True,
            "suppressFloatingFilterButton": True,
        },
        getRowId="params.data.id",
        dashGridOptions={
            "rowSelection": {
                "mode": "singleRow",
                "checkboxes": False,
                "enableClickSelection": True,
            },
            "isExternalFilterPresent": {"function": "tradeKindIsChosen()"},
            "doesExternalFilterPass": {"function": "tradeIsOfKind(params)"},
            "loading": True,
            "animateRows": False,
            "rowHeight": 32,
            "headerHeight": 34,
            "localeText": {"noRowsToShow": _NOTHING},
        },
        className="trades-grid",
        style={"height": min(420, 140 + 32 * count)},
    )


def trade_columns(result: BacktestResult, timezone: str = "UTC") -> dict[str, list[Any]]:
    """Return the trades in columns, in the order of entry.

    Times are what the clocks of a time zone show, as seconds since 1970; the exit of a trade
    still open is None. Numbers have eight significant digits.
    """
    trades = result.trades.assign(quantity=signed_quantity(result.trades))
    columns = {field: _short_numbers(trades[name]) for field, name in _NUMBERS.items()}
    times = {name: _seconds(trades[f"{name}_time"], timezone) for name in ("entry", "exit")}
    return times | columns | {"reason": exit_names(trades["exit_reason"])}


def _seconds(times: pd.Series, timezone: str) -> list[int | None]:
    shown = times.dt.tz_convert(timezone).dt.tz_localize(None)
    seconds = shown.to_numpy().astype("datetime64[s]").astype(np.int64).astype(object)
    seconds[times.isna().to_numpy()] = None
    return seconds.tolist()


def _short_numbers(column: pd.Series) -> list[float | None]:
    values = column.to_numpy(np.float64)
    size = np.floor(np.log10(np.abs(values), where=values != 0, out=np.zeros(len(values))))
    scale = 10.0 ** np.clip(_SIGNIFICANT - 1 - np.nan_to_num(size), 0, 15)
    short = (np.round(values * scale) / scale).astype(object)
    short[~np.isfinite(values)] = None
    return short.tolist()


def _columns() -> list[dict[str, Any]]:
    number = "d3.format(',.0f')(params.value)"
    price = (
        "params.value == null ? '' : d3.format(params.value < 1 ? ',.6f' : ',.2f')(params.value)"
    )
    percent = "d3.format('+.2%')(params.value)"
    return [
        _numeric("number", "#", "params.value", width=56) | {"maxWidth": 76},
        _text("entry", "Entry", 112),
        _numeric("entry_price", "Entry price", price),
        _text("exit", "Exit", 124),
        _numeric("exit_price", "Exit price", price),
        _text("reason", "Exit reason", 104),
        _numeric(
            "quantity", "Shares", "d3.format(',.6~r')(params.value)", tip="Below zero: sold short"
        ),
        _numeric("profit", "Net profit", "d3.format('+,.2f')(params.value)", _SIGNED, width=104),
        _numeric("return", "Return", percent, _SIGNED),
        _numeric(
            "mae", "MAE", percent, tip="Worst mark within the trade, of its entry value", width=82
        ),
        _numeric(
            "mfe", "MFE", percent, tip="Best mark within the trade, of its entry value", width=82
        ),
        _numeric("costs", "Costs", "d3.format(',.2f')(params.value)", width=76),
        _numeric("bars", "Bars", number, tip="Bars from entry to exit", width=66),
    ]


def _text(field: str, name: str, width: int) -> dict[str, Any]:
    return {
        "field": field,
        "headerName": name,
        "minWidth": width,
        "filter": "agTextColumnFilter",
        "filterParams": {"defaultOption": "contains", "debounceMs": 200},
    }


def _numeric(
    field: str,
    name: str,
    form: str,
    classes: dict[str, str] | None = None,
    tip: str = "",
    width: int = 84,
) -> dict[str, Any]:
    column = {
        "field": field,
        "headerName": name,
        "type": "rightAligned",
        "minWidth": width,
        "valueFormatter": {"function": form},
        "filter": "agTextColumnFilter",
        "filterParams": {
            "defaultOption": "contains",
            "debounceMs": 200,
            "textMatcher": {"function": "tradeMatches(params)"},
        },
    }
    if classes:
        column["cellClassRules"] = classes
    if tip:
        column["headerTooltip"] = tip
    return column
