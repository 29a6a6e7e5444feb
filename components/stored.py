"""The table of stored series, with one click to a backtest of each."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

FIRST_STRATEGY = "ma_cross"


def stored_table(entries: Sequence[Any]) -> html.Div:
    """Return one row a stored series: symbol, name, resolution, span, bars, a way to a backtest.

    `entries` are those of the catalogue of stored bars.
    """
    heads = ("Symbol", "Name", "Resolution", "From", "To", "Bars", "")
    numeric = {"Bars"}
    head = html.Tr(
        [html.Th(name, scope="col", className="num" if name in numeric else "") for name in heads]
    )
    table = html.Table(
        [html.Thead(head), html.Tbody([_row(e) for e in entries])], className="table"
    )
    return html.Div(table, className="panel table-panel")


def _row(entry: Any) -> html.Tr:
    address = "/backtest?" + urlencode(
        {"symbol": entry.symbol, "resolution": entry.resolution, "strategy": FIRST_STRATEGY}
    )
    return html.Tr(
        [
            html.Th(entry.symbol, scope="row"),
            html.Td(entry.name or ""),
            html.Td(entry.resolution),
            html.Td(f"{entry.first:%Y-%m-%d}"),
            html.Td(f"{entry.last:%Y-%m-%d}"),
            html.Td(f"{entry.bars:,}", className="num"),
            html.Td(
                dcc.Link("Backtest", href=address, className="btn btn-sm btn-outline-primary"),
                className="row-action",
            ),
        ]
    )
