"""The tab Costs: what was paid, and what the result would be under other costs."""

from typing import Any

from dash.development.base_component import Component


def costs_tab(run: Any) -> list[Component]:
    """Return the content of the tab for a saved run."""
    return []
