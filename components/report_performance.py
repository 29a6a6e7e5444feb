"""The tab Performance: returns by month, and how they changed over time."""

from typing import Any

from dash.development.base_component import Component


def performance_tab(run: Any) -> list[Component]:
    """Return the content of the tab for a saved run."""
    return []
