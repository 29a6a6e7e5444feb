"""The table of a run's trades; choosing a row zooms the chart to that trade."""

from typing import Any

import dash_ag_grid as dag
import pandas as pd

from components.chart import TRADES_GRID
from services.backtest.result import BacktestResult
from services.backtest.trades import OPEN

_SIGNED = {"up": "params.value > 0", "down": "params.value < 0"}


def trades_grid(result: BacktestResult | None = None) -> dag.AgGrid:
    """Return the table; its row ids are the trades' numbers, from 1."""
    return dag.AgGrid(
        id=TRADES_GRID,
        rowData=trade_rows(result) if result else [],
        columnDefs=_columns(),
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressMovable": True,
            "cellDataType": False,
            "flex": 1,
            "minWidth": 84,
        },
        getRowId="params.data.id",
        dashGridOptions={
            "rowSelection": {
                "mode": "singleRow",
                "checkboxes": False,
                "enableClickSelection": True,
            },
            "animateRows": False,
            "rowHeight": 32,
            "headerHeight": 34,
            "localeText": {"noRowsToShow": "No trades: the rule never said buy in this span."},
        },
        className="trades-grid",
        style={"height": 360},
    )


def trade_rows(result: BacktestResult) -> list[dict[str, Any]]:
    """Return a row a trade, in the order of entry."""
    form = _time_form(result.bars["ts"])
    return [
        {
            "id": str(number),
            "number": number,
            "entry": f"{trade.entry_time:{form}}",
            "entry_price": trade.entry_price,
            "exit": "open" if trade.exit_reason == OPEN else f"{trade.exit_time:{form}}",
            "exit_price": None if trade.exit_reason == OPEN else trade.exit_price,
            "quantity": trade.quantity,
            "profit": trade.profit,
            "return": trade.fraction,
            "mae": trade.mae,
            "mfe": trade.mfe,
            "costs": trade.costs,
            "bars": trade.bars,
        }
        for number, trade in enumerate(
            result.trades.rename(columns={"return": "fraction"}).itertuples(index=False), start=1
        )
    ]


def _time_form(ts: pd.Series) -> str:
    is_daily = (ts == ts.dt.normalize()).all()
    return "%Y-%m-%d" if is_daily else "%Y-%m-%d %H:%M"


def _columns() -> list[dict[str, Any]]:
    number = "d3.format(',.0f')(params.value)"
    price = (
        "params.value == null ? '' : d3.format(params.value < 1 ? ',.6f' : ',.2f')(params.value)"
    )
    percent = "d3.format('+.2%')(params.value)"
    return [
        {"field": "number", "headerName": "#", "minWidth": 48, "maxWidth": 64},
        {"field": "entry", "headerName": "Entry", "minWidth": 104},
        _numeric("entry_price", "Entry price", price),
        {"field": "exit", "headerName": "Exit", "minWidth": 118},
        _numeric("exit_price", "Exit price", price),
        _numeric("quantity", "Shares", "d3.format(',.6~r')(params.value)"),
        _numeric("profit", "Net profit", "d3.format('+,.2f')(params.value)", _SIGNED, width=100),
        _numeric("return", "Return", percent, _SIGNED),
        _numeric(
            "mae", "MAE", percent, tip="Worst mark within the trade, of its entry value", width=78
        ),
        _numeric(
            "mfe", "MFE", percent, tip="Best mark within the trade, of its entry value", width=78
        ),
        _numeric("costs", "Costs", "d3.format(',.2f')(params.value)", width=70),
        _numeric("bars", "Bars", number, tip="Bars from entry to exit", width=56),
    ]


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
    }
    if classes:
        column["cellClassRules"] = classes
    if tip:
        column["headerTooltip"] = tip
    return column
