"""The table of combinations: parameters, metrics, and what became of them out-of-sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from dash import html

from components.optimise_front import front_only_switch
from components.optimise_unseen import unseen_columns
from components.report_parts import panel
from components.tables import data_table, number_column, signed_column
from services.charts.numbers import numbers
from services.metrics import METRIC_SPECS
from services.optimise.objective import Objective
from services.optimise.surface import choices_of, value_text
from services.studies.holdout import Unseen
from services.wording import counted

TABLE, TABLE_BOX = "opt-table", "opt-table-box"
ON_FRONT = "front"  # the column that marks it
BLOCK = 100  # rows that one request brings
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
_HEIGHT = "var(--table-height)"  # of the style sheet: of its rows, and no more than some
UNSEEN = "unseen_"


@dataclass(frozen=True, eq=False)
class Tried:
    """The combinations of a study as a table shows them; `unseen` is None where no bars are.

    `further` names the metrics that were looked for as well as the objective.
    """

    frame: pd.DataFrame
    names: Sequence[str]
    objective: Objective
    unseen: Unseen | None = None
    further: Sequence[str] = ()

    @property
    def beside(self) -> tuple[str, ...]:
        """Name the metrics that are shown of the unseen bars, too."""
        usual = "sharpe", "total_return", "max_drawdown"
        wanted = (self.objective.metric, *self.further, *usual)
        return tuple(dict.fromkeys(wanted)) if self.unseen is not None else ()

    @cached_property
    def later(self) -> pd.DataFrame:
        """The metrics on the unseen bars beside the rows of `frame`, NaN where not tried."""
        if self.unseen is None:
            return pd.DataFrame(index=range(len(self.frame)))
        return unseen_columns(self.unseen, self.beside, len(self.frame)).add_prefix(UNSEEN)


def table_panel(tried: Tried, rows: str, export: str, *, only_front: bool = False) -> html.Section:
    """Return the panel of all combinations; its script reads the rows from the address `rows`.

    `export` is the address of all as a file; `only_front` tells that the rows are the front.
    """
    note = f"{counted(len(tried.frame), 'combination')}; a click on a row opens its backtest."
    if tried.unseen is not None:
        with_front = ", those on the front with them," if tried.further else ""
        count = len(tried.unseen.places)
        best = "best was" if count == 1 else f"best {count:,}{with_front} were"
        note += f" The {best} tried on the unseen bars, too."
    link = html.A(
        "All as CSV", href=export, download="", className="btn btn-sm btn-outline-secondary"
    )
    grid = data_table(
        TABLE,
        table_columns(tried),
        None,
        height=_HEIGHT,
        options={"cacheBlockSize": BLOCK, "rowBuffer": 4, "tooltipShowDelay": 300},
        rowModelType="infinite",
    )
    box = html.Div(
        grid,
        id=TABLE_BOX,
        className="opt-table-box",
        style={"--rows": len(tried.frame)},
        **{"data-rows": rows},
    )
    tools = html.Div([front_only_switch(only_front), link], className="opt-tools")
    return panel("Combinations", box, note=note, tools=tools)


def table_columns(tried: Tried) -> list[dict[str, Any]]:
    """Return the columns: parameters first, the objective next, sorted by it."""
    frame, objective = tried.frame, tried.objective
    columns = [_parameter(name, frame[name]) for name in tried.names]
    for name in _metrics(tried):
        columns.append(_metric(name))
        if name in tried.beside:
            columns.append(_unseen_metric(name))
    columns[len(tried.names)]["sort"] = "desc" if objective.direction == "high" else "asc"
    looked_for = (1 + len(tried.further)) * (2 if tried.unseen is not None else 1)
    columns.insert(len(tried.names) + looked_for, _front_column())
    if "error" in frame:
        columns.append({"field": "error", "headerName": "Error", "minWidth": 220})
    return columns


def table_rows(tried: Tried, places: np.ndarray) -> list[dict[str, Any]]:
    """Return a row for each of some places in the frame; its `id` is the place."""
    part = tried.frame.iloc[places]
    columns: dict[str, list[Any]] = {"id": [str(place) for place in places]}
    columns |= {name: [_plain(value) for value in part[name]] for name in tried.names}
    columns |= {name: numbers(_floats(part[name])) for name in _metrics(tried)}
    later = tried.later.iloc[places]
    columns |= {name: numbers(later[name].to_numpy()) for name in later}
    if "error" in part:
        columns["error"] = ["" if pd.isna(value) else str(value) for value in part["error"]]
    keys = list(columns)
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _front_column() -> dict[str, Any]:
    return {
        "field": ON_FRONT,
        "headerName": "Front",
        "width": 84,
        "headerTooltip": "Whether it is on the front of the metrics that are chosen above: none "
        "is better in one of them and as good in the others.",
    }


def places_by(tried: Tried, column: str = "", descending: bool = True) -> np.ndarray:
    """Return the places of all rows in the order of a column, what is undefined last.

    Without a known column by the objective, the best first; there what does not qualify is last.
    """
    frame, objective = tried.frame, tried.objective
    best_first = descending == (objective.direction == "high")
    if column in tried.later:
        values = tried.later[column].to_numpy()
    elif column in tried.names:
        order = {value: place for place, value in enumerate(choices_of(frame, column))}
        values = frame[column].map(order).to_numpy(np.float64)
    elif (
        column in frame
        and column in METRIC_SPECS
        and not (column == objective.metric and best_first)
    ):
        values = _floats(frame[column])
    else:
        values, descending = objective.scores(frame), True
    return np.argsort(-values if descending else values, kind="stable")


def _metrics(tried: Tried) -> list[str]:
    first = tried.objective.metric, *tried.further
    return [name for name in dict.fromkeys((*first, *SHOWN)) if name in tried.frame]


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(np.float64, na_value=np.nan)


def _parameter(name: str, column: pd.Series) -> dict[str, Any]:
    label = name.replace("_", " ").capitalize()
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return {
        "field": name,
        "headerName": label,
        "pinned": "left",
        "width": max(72, 44 + 7 * len(label)),
        **({"type": "rightAligned"} if is_number else {}),
    }


def _metric(name: str) -> dict[str, Any]:
    spec = METRIC_SPECS[name]
    kind = "ratio" if spec.kind == "days" else spec.kind
    make = signed_column if name in _SIGNED else number_column
    width = max(_WIDTH, 40 + 7 * len(spec.label))
    return make(name, spec.label, kind, width=width, headerTooltip=spec.definition)


def _unseen_metric(name: str) -> dict[str, Any]:
    column = _metric(name)
    label, definition = column["headerName"], column["headerTooltip"]
    return column | {
        "field": f"{UNSEEN}{name}",
        "headerName": f"{label}, unseen",
        "headerTooltip": f"On the bars that the search did not see. {definition}",
        "width": column["width"] + 56,
    }


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int | float | str) else value_text(value)
