"""The tab Trades: the table with its filters, and how the trades are spread."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components.icons import icon
from components.trades import trades_grid
from services.timespan import is_session_based

TRADES_TITLE = "trades-title"
HOW_TO_FILTER = "A field under every heading: type 2008, >0, <-5 or 1..10"
KINDS = {"all": "All", "winners": "Winners", "losers": "Losers"}


def trades_tab(run: Any) -> list[Component]:
    """Return the content of the tab for a saved run."""
    return [
        html.Section(
            [
                html.Div(
                    [
                        html.H3(trades_title(run), id=TRADES_TITLE, className="panel-title"),
                        html.Div([_filters(), _switch()], className="panel-tools"),
                    ],
                    className="panel-head",
                ),
                trades_grid(),
            ],
            className="panel",
        ),
    ]


def trades_title(run: Any) -> str:
    """Return how many trades there are, and in which zone their times are written."""
    result = run.result
    closed = int((result.trades["exit_bar"] >= 0).sum())
    still_open = len(result.trades) - closed
    noun = "trade" if closed == 1 else "trades"
    zone = "" if is_session_based(run.request.resolution) else " · times in UTC"
    return f"{closed:,} closed {noun}" + (", one still open" if still_open else "") + zone


def _filters() -> html.Button:
    """Return the button that shows a field under every heading of the table."""
    return html.Button(
        [icon("funnel"), " Filter"],
        id="trade-filters",
        type="button",
        className="btn btn-sm btn-outline-secondary",
        title=HOW_TO_FILTER,
        **{"aria-pressed": "false"},
    )


def _switch() -> html.Div:
    """Return the switch between all trades, winners and losers."""
    buttons = [
        html.Button(
            label,
            type="button",
            className="segment",
            **{"data-kind": kind, "aria-pressed": "true" if kind == "all" else "false"},
        )
        for kind, label in KINDS.items()
    ]
    return html.Div(
        buttons,
        id="trade-kinds",
        className="segments",
        role="group",
        **{"aria-label": "Which trades to list"},
    )
