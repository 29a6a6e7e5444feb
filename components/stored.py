"""The table of stored series, with one click to a backtest of each."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from components.format import bar_time

FIRST_STRATEGY = "ma_cross"
_HEADS = (
    ("Symbol", ""),
    ("Name", "wide-only"),
    ("Resolution", ""),
    ("From", "wide-only"),
    ("To", "wide-only"),
    ("Bars", "num"),
    ("", ""),
)


def stored_table(entries: Sequence[Any]) -> html.Div:
    """Return one row a stored series: symbol, name, resolution, span, bars, a way to a backtest.

    `entries` are those of the catalogue of stored bars.
    """
    head = html.Tr([html.Th(name, scope="col", className=kind) for name, kind in _HEADS])
    body = html.Tbody([_row(entry) for entry in entries])
    table = html.Table([html.Thead(head), body], className="table", id="stored-bars")
    return html.Div(table, className="panel table-panel")


def _row(entry: Any) -> html.Tr:
    query = {"symbol": entry.symbol, "resolution": entry.resolution, "strategy": FIRST_STRATEGY}
    button = dcc.Link(
        "Backtest",
        href=f"/backtest?{urlencode(query)}",
        className="btn btn-sm btn-outline-primary",
    )
    return html.Tr(
        [
            html.Th(
                [entry.symbol, html.Div(entry.name, className="narrow-only muted")], scope="row"
            ),
            html.Td(entry.name, className="wide-only"),
            html.Td(entry.resolution),
            html.Td(bar_time(entry.first, entry.resolution), className="wide-only"),
            html.Td(bar_time(entry.last, entry.resolution), className="wide-only"),
            html.Td(f"{entry.bars:,}", className="num"),
            html.Td(button, className="row-action"),
        ]
    )
