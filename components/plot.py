"""A small chart in a page: a figure that the page's script draws when it scrolls into view."""

import json
from typing import Any

from dash import html


def plot(
    figure: dict[str, Any],
    label: str,
    height: int = 260,
    id: str | dict[str, Any] | None = None,
    data_of: str | None = None,
) -> html.Div:
    """Return the place of a Plotly figure {data, layout}, whose colours may be tokens ("--up").

    `label` says what it shows to who cannot see it; `height` is in pixels; `data_of` is the id of
    another plot whose data it draws, so that they are sent once.
    """
    layout = {"height": height, **figure.get("layout", {})}
    data = {} if data_of else {"data": figure["data"]}
    text = json.dumps(data | {"layout": layout}, separators=(",", ":"))
    return html.Div(
        className="plot",
        role="img",
        style={"height": layout["height"]},
        **({} if id is None else {"id": id}),
        **({"data-data-of": data_of} if data_of else {}),
        **{"aria-label": label, "data-figure": text},
    )
