"""Events as flags at the bottom of the price pane: one a candle, with a count where several."""

import html
from typing import Any

import numpy as np

from services.charts.source import ChartSource
from services.charts.view import View
from services.events import OTHER, ChartEvent

MOST_FLAGS = 60  # in view
_LISTED = 6  # events that one flag's text names
_HEIGHT = 0.035  # of the pane, from its bottom

Flag = dict[str, Any]


def flags_of(source: ChartSource, view: View) -> list[Flag]:
    """Return the flags of what is loaded, from left to right.

    Each has `x`, `date`, `kind`, `letter`, `text` and `count`; events of one candle are one flag.
    More than MOST_FLAGS in view are joined with their neighbours.
    """
    first, last = int(view.starts[0]), int(view.ends[-1])
    near = [(bar, event) for bar, event in source.flags if first <= bar <= last]
    candles = np.searchsorted(view.starts, [bar for bar, _ in near], side="right") - 1
    groups = _grouped(candles)
    left, right = view.range
    x = view.x
    in_view = sum(left <= x[group] <= right for group in groups)
    if in_view > MOST_FLAGS:
        wide = int(np.ceil((right - left) / view.step / (MOST_FLAGS - 1)))
        groups = _grouped(candles, wide)
    return [
        _flag(float(x[candles[members[0]]]), [near[i][1] for i in members])
        for members in groups.values()
    ]


def flag_trace(flags: list[Flag], y_range: tuple[float, float], log: bool) -> dict[str, Any]:
    """Return the flags as one trace just above the bottom of the price pane."""
    low, high = y_range
    height = low + _HEIGHT * (high - low)
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "Events",
        "x": [flag["x"] for flag in flags],
        "y": [float(f"{10**height if log else height:.10g}")] * len(flags),
        "text": [flag["letter"] for flag in flags],
        "textfont": {"size": 9, "color": "--surface"},
        "hovertext": [_hover(flag) for flag in flags],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {"symbol": "square", "size": 13, "color": "--muted"},
        "cliponaxis": True,
    }


def _grouped(candles: np.ndarray, wide: int = 1) -> dict[int, list[int]]:
    """Return the members of each group of `wide` candles, by its first candle."""
    groups: dict[int, list[int]] = {}
    for member, candle in enumerate(candles.tolist()):
        groups.setdefault(candle // wide, []).append(member)
    return {int(candles[members[0]]): members for members in groups.values()}


def _flag(x: float, events: list[ChartEvent]) -> Flag:
    kinds = {event.kind for event in events}
    alone = len(events) == 1
    lines = [f"{event.date} {event.text}" for event in events[:_LISTED]]
    if len(events) > _LISTED:
        lines.append(f"and {len(events) - _LISTED} more, zoom in to see each")
    return {
        "x": x,
        "date": str(events[0].date),
        "kind": kinds.pop() if len(kinds) == 1 else OTHER,
        "letter": events[0].letter if alone else str(len(events)),
        "text": "\n".join(lines),
        "count": len(events),
    }


def _hover(flag: Flag) -> str:
    """Return a flag's text for Plotly, which takes some HTML for its own: none of another's."""
    return html.escape(flag["text"], quote=False).replace("\n", "<br>")
