"""The list of rows that are kept apart: what a source gave that is no bar, with the reason."""

import math
from typing import Any

import pandas as pd
from dash import html

from components.commands import command_button
from components.format import bar_time

LISTED = 50
_HEADS = (
    ("Time", ""),
    ("Open", "num wide-only"),
    ("High", "num wide-only"),
    ("Low", "num wide-only"),
    ("Close", "num wide-only"),
    ("Volume", "num wide-only"),
    ("Reason", ""),
    ("", ""),
)


def quarantine_block(rows: pd.DataFrame, resolution: str) -> html.Div | None:
    """Return the open rows of the quarantine, None when there is none."""
    if rows.empty:
        return None
    head = html.Tr([html.Th(name, scope="col", className=kind) for name, kind in _HEADS])
    body = [_row(row, resolution) for row in rows.head(LISTED).itertuples(index=False)]
    more = len(rows) - LISTED
    return html.Div(
        [
            html.Div(
                [
                    html.H3(f"Quarantine ({len(rows):,})", className="panel-title"),
                    command_button("quarantine-accept-all", "Accept all", "check2-all"),
                ],
                className="quality-head",
            ),
            html.P(
                "Rows that a source gave and that are no bars. They are not in the series; accept "
                "what you have looked at.",
                className="muted quality-note",
            ),
            html.Div(
                html.Table([html.Thead(head), html.Tbody(body)], className="table"),
                className="quarantine-table",
            ),
            html.P(f"{more:,} more are not shown.", className="muted") if more > 0 else None,
        ],
        className="quality-block",
    )


def _row(row: Any, resolution: str) -> html.Tr:
    numbers = (row.open, row.high, row.low, row.close, row.volume)
    time = "not readable" if pd.isna(row.ts) else bar_time(row.ts, resolution)
    return html.Tr(
        [
            html.Th(time, scope="row"),
            *(html.Td(_number(value), className="num wide-only") for value in numbers),
            html.Td(row.reason, className="wide"),
            html.Td(
                command_button("quarantine-accept", "Accept", "check2", row=row.id),
                className="row-action",
            ),
        ]
    )


def _number(value: float) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:,.10g}" if abs(value) < 1e15 else f"{value:.3g}"
