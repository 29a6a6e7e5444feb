"""The table of combinations: parameters, metrics, and what became of them out-of-sample."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import numpy as np
import pandas as pd
from dash import html

from components.report_parts import panel
from components.tables import data_table, number_column, signed_column
from services.charts.numbers import numbers
from services.metrics import METRIC_SPECS
from services.optimise.objective import Objective
from services.optimise.surface import value_text

TABLE, OPEN_ROW = "opt-table", "opt-row"
MOST_ROWS = 5_000
SHOWN = (
    "sharpe",
    "total_return",
    "cagr",
    "max_drawdown",
    "sortino",
    "calmar",
    "volatility",
    "trades",
    "win_rate",
    "profit_factor",
    "exposure",
    "costs",
)
_SIGNED = ("total_return", "cagr", "alpha")
_WIDTH = 104


def table_panel(
    frame: pd.DataFrame, names: Sequence[str], objective: Objective, export: str = ""
) -> html.Section:
    """Return the panel of the best combinations; `export` is the address of all as a file."""
    count = min(len(frame), MOST_ROWS)
    note = f"{len(frame):,} combinations; a click on a row opens its backtest."
    if count < len(frame):
        note = f"The best {count:,} of {len(frame):,} by {objective.spec.label}; the file has all."
    link = html.A(
        "All as CSV", href=export, download="", className="btn btn-sm btn-outline-secondary"
    )
    return panel(
        "Combinations", _grid(frame, names, objective), note=note, tools=link if export else None
    )


def _grid(frame: pd.DataFrame, names: Sequence[str], objective: Objective) -> dag.AgGrid:
    return data_table(
        TABLE,
        table_columns(frame, names, objective),
        table_rows(frame, names, objective),
        height=440,
        options={"suppressColumnVirtualisation": False, "tooltipShowDelay": 300},
        columnSize=None,
    )


def table_columns(
    frame: pd.DataFrame, names: Sequence[str], objective: Objective
) -> list[dict[str, Any]]:
    """Return the columns: parameters first, the objective next, sorted by it."""
    columns = [_parameter(name, frame[name]) for name in names]
    metrics = [objective.metric, *(name for name in SHOWN if name != objective.metric)]
    for name in metrics:
        if name in frame:
            columns.append(_metric(name))
    columns[len(names)]["sort"] = "desc" if objective.direction == "high" else "asc"
    if "error" in frame:
        columns.append({"field": "error", "headerName": "Error", "minWidth": 220})
    return columns


def table_rows(
    frame: pd.DataFrame, names: Sequence[str], objective: Objective
) -> list[dict[str, Any]]:
    """Return a row a combination, the best MOST_ROWS of them; `id` is the row of the frame."""
    scores = objective.scores(frame)
    order = np.argsort(np.where(np.isnan(scores), -np.inf, scores)[::-1], kind="stable")[::-1]
    places = np.sort((len(frame) - 1 - order)[:MOST_ROWS])
    part = frame.iloc[places]
    columns: dict[str, list[Any]] = {"id": [str(place) for place in places]}
    for name in names:
        columns[name] = [_plain(value) for value in part[name]]
    for name in {objective.metric, *SHOWN} & set(frame.columns):
        columns[name] = numbers(part[name].to_numpy(np.float64, na_value=np.nan))
    if "error" in frame:
        columns["error"] = ["" if pd.isna(value) else str(value) for value in part["error"]]
    keys = list(columns)
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def row_params(frame: pd.DataFrame, names: Sequence[str], row: Mapping[str, Any]) -> dict:
    """Return the parameters of a row of the table."""
    place = int(row["id"])
    return {name: _plain(frame[name].iloc[place]) for name in names}


def _parameter(name: str, column: pd.Series) -> dict[str, Any]:
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return {
        "field": name,
        "headerName": name.replace("_", " ").capitalize(),
        "pinned": "left",
        "width": 92,
        **({"type": "rightAligned"} if is_number else {}),
    }


def _metric(name: str) -> dict[str, Any]:
    spec = METRIC_SPECS[name]
    kind = "ratio" if spec.kind == "days" else spec.kind
    make = signed_column if name in _SIGNED else number_column
    return make(name, spec.label, kind, width=_WIDTH, headerTooltip=spec.definition)


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int | float | str) else value_text(value)
