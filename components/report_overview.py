"""The tab Overview: equity, drawdown, and every metric."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components.cards import all_cards


def overview_tab(run: Any) -> list[Component]:
    """Return the content of the tab for a saved run."""
    return [
        html.Section(
            [html.H3("All metrics", className="section-title"), *all_cards(run.result)],
            className="all-cards",
        )
    ]
