"""The runs that were marked as favourites, as a row of short cards."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from components.format import metric_text_of
from components.icons import icon


def favourite_list(runs: Sequence[Any]) -> html.Ul:
    """Return a link to each run: what it is called, its return, and what it is."""
    return html.Ul([html.Li(_card(run)) for run in runs], className="favourites")


def _card(run: Any) -> dcc.Link:
    gain = run.metrics.get("total_return")
    colour = "" if not gain else "up" if gain > 0 else "down"
    return dcc.Link(
        [
            html.Span([icon("star-fill"), run.name or run.title], className="favourite-name"),
            html.Span(metric_text_of("total_return", gain), className=f"favourite-gain {colour}"),
            html.Span(f"Run {run.id} · {run.title}", className="favourite-what"),
        ],
        href=f"/runs/{run.id}",
        className="favourite",
    )
