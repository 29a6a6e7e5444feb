"""Tables that sort and scroll, drawn by AG Grid; the style sheets give it the program's look."""

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag

_FORMATS = {"percent": ",.2f", "ratio": ",.2f", "money": ",.2f", "count": ",.0f"}


def data_table(
    id: str,
    columns: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]] | None,
    *,
    height: str | int | None = None,
    options: dict[str, Any] | None = None,
    **grid: Any,
) -> dag.AgGrid:
    """Return a grid; every row has a unique `id`. Without `height` it is as high as its rows.

    Without `rows` a script fills it. `options` are AG Grid's own; a click selects a row.
    """
    defaults = {
        "animateRows": False,
        "suppressCellFocus": False,
        "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
        "localeText": {"noRowsToShow": "Nothing to list"},
    }
    if height is None:
        defaults["domLayout"] = "autoHeight"
    return dag.AgGrid(
        id=id,
        columnDefs=list(columns),
        **({} if rows is None else {"rowData": list(rows)}),
        getRowId="params.data.id",
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions=defaults | (options or {}),
        style={"height": height},
        className="data-table",
        **grid,
    )


def number_column(field: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return a right-aligned column; `kind` is percent, ratio, money or count."""
    return {
        "field": field,
        "headerName": title,
        "type": "rightAligned",
        "valueFormatter": {"function": _formatter(_FORMATS[kind], kind)},
        **more,
    }


def signed_column(field: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return a number column that shows gains and losses with their sign and in colour."""
    column = number_column(field, title, kind, **more)
    column["valueFormatter"] = {"function": _formatter(f"+{_FORMATS[kind]}", kind)}
    column["cellClassRules"] = {"up": "params.value > 0", "down": "params.value < 0"}
    return column


def _formatter(format_: str, kind: str) -> str:
    scale, unit = ("100 * ", " + ' %'") if kind == "percent" else ("", "")
    text = f"d3.format('{format_}')({scale}params.value){unit}"
    return f"params.value == null ? 'n/a' : {text}"
