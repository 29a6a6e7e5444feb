"""The short list of stored series, each with one click to its chart and to a backtest."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from components.format import bar_time

FIRST_STRATEGY = "ma_cross"
_HEADS = (
    ("Symbol", ""),
    ("Resolution", ""),
    ("Span", "wide-only"),
    ("Bars", "num"),
    (html.Span("Open", className="visually-hidden"), ""),
)


def stored_table(entries: Sequence[Any]) -> html.Div:
    """Return one row a stored series: symbol and name, resolution, span, bars, two ways on.

    `entries` are those of the catalogue of stored bars.
    """
    head = html.Tr([html.Th(name, scope="col", className=kind) for name, kind in _HEADS])
    body = html.Tbody([_row(entry) for entry in entries])
    table = html.Table([html.Thead(head), body], className="table", id="stored-bars")
    return html.Div(table, className="panel table-panel")


def _row(entry: Any) -> html.Tr:
    first, last = (bar_time(moment, entry.resolution) for moment in (entry.first, entry.last))
    return html.Tr(
        [
            html.Th(
                [f"{entry.symbol} ", html.Span(entry.name, className="stored-name")],
                scope="row",
            ),
            html.Td(entry.resolution),
            html.Td(f"{first} to {last}", className="wide-only muted"),
            html.Td(f"{entry.bars:,}", className="num"),
            html.Td(html.Div(_links(entry), className="row-links"), className="row-action"),
        ]
    )


def _links(entry: Any) -> list[dcc.Link]:
    series = {"symbol": entry.symbol, "resolution": entry.resolution}
    test = {**series, "strategy": FIRST_STRATEGY}
    name = html.Span(f" of {entry.symbol} {entry.resolution}", className="visually-hidden")
    look = "btn btn-sm btn-outline-primary"
    return [
        dcc.Link(["Chart", name], href=f"/chart?{urlencode(series)}", className=look),
        dcc.Link(["Backtest", name], href=f"/backtest?{urlencode(test)}", className=look),
    ]
