"""A small chart in a page: a figure that the page's script draws when it scrolls into view."""

import json
from typing import Any

from dash import html


def plot(
    figure: dict[str, Any],
    label: str,
    height: int = 260,
    id: str | dict[str, Any] | None = None,
) -> html.Div:
    """Return the place of a Plotly figure {data, layout}, whose colours may be tokens ("--up").

    `label` says what it shows to who cannot see it; `height` is in pixels.
    """
    layout = {"height": height, **figure.get("layout", {})}
    text = json.dumps({"data": figure["data"], "layout": layout}, separators=(",", ":"))
    return html.Div(
        className="plot",
        role="img",
        style={"height": layout["height"]},
        **({} if id is None else {"id": id}),
        **{"aria-label": label, "data-figure": text},
    )
