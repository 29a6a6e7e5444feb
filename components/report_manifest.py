"""The tab Manifest: everything that is needed to make the run again."""

from typing import Any

from dash.development.base_component import Component


def manifest_tab(run: Any) -> list[Component]:
    """Return the content of the tab for a saved run."""
    return []
