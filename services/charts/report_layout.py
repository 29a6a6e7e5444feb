"""What the report's small figures share: their look, their axes, and few enough points."""

from typing import Any

import numpy as np

from services.analysis.sampling import bar_times, local_times
from services.backtest.result import BacktestResult
from services.charts.numbers import numbers

Figure = dict[str, Any]
MOST_POINTS = 500
_MARGIN = {"l": 12, "r": 64, "t": 30, "b": 34, "pad": 0}


def figure(traces: list[Figure], **layout: Any) -> Figure:
    """Join traces and layout in the look of all small figures."""
    base = {
        "margin": dict(_MARGIN),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "--font", "size": 11, "color": "--muted"},
        "hoverlabel": {
            "bgcolor": "--surface",
            "bordercolor": "--border-strong",
            "font": {"family": "--font", "size": 12, "color": "--text"},
        },
        "legend": {
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1,
            "yanchor": "bottom",
            "traceorder": "normal",
            "font": {"size": 11},
        },
        "hovermode": "x unified",
        "dragmode": False,
        "showlegend": len(traces) > 1,
    }
    return {"data": traces, "layout": base | layout}


def empty(text: str) -> Figure:
    """Return a figure without a trace that says why."""
    note = {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "showarrow": False,
        "font": {"size": 13, "color": "--muted"},
    }
    hidden = {"visible": False, "fixedrange": True}
    return figure([], annotations=[note], xaxis=hidden, yaxis=dict(hidden))


def x_axis(**more: Any) -> Figure:
    """Return a horizontal axis."""
    return {
        "fixedrange": True,
        "automargin": False,
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "--grid",
        "tickangle": 0,
        **more,
    }


def time_axis(**more: Any) -> Figure:
    """Return an axis of dates, with as many marks as there is room for."""
    return x_axis(type="date", hoverformat="%Y-%m-%d", **more)


def y_axis(form: str, **more: Any) -> Figure:
    """Return a vertical axis on the right, its numbers in a d3 format."""
    return {
        "side": "right",
        "fixedrange": True,
        "automargin": False,
        "gridcolor": "--grid",
        "zeroline": False,
        "tickformat": form,
        "nticks": 5,
        "ticklabelstandoff": 5,
        **more,
    }


def title(text: str, top: float) -> Figure:
    """Return the name of a pane, written at its top left."""
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": top,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 11, "color": "--muted"},
    }


def line(name: str, x: list, y: np.ndarray, colour: str, hover: str, **more: Any) -> Figure:
    """Return a line; `hover` is how its value reads, as in "%{y:.1%}"."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": numbers(y),
        "line": {"color": colour, "width": 1.6},
        "hovertemplate": hover,
        **more,
    }


def bars(name: str, x: list, y: list, colour: str | list[str], hover: str, **more: Any) -> Figure:
    """Return columns; `hover` is how each reads."""
    return {
        "type": "bar",
        "name": name,
        "x": x,
        "y": y,
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertemplate": hover,
        **more,
    }


def level(y: float, axis: str = "y") -> Figure:
    """Return a horizontal line across a pane."""
    return {
        "type": "line",
        "xref": "paper",
        "yref": axis,
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": "--border-strong", "width": 1},
        "layer": "below",
    }


def upright(x: float, colour: str, dash: str = "dash") -> Figure:
    """Return a vertical line through the figure."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": colour, "width": 1.4, "dash": dash},
    }


def band(x0: Any, x1: Any, colour: str, opacity: float, y0: float = 0.0) -> Figure:
    """Return a shaded span of the x axis, from `y0` of the figure's height to its top."""
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": x0,
        "x1": x1,
        "y0": y0,
        "y1": 1,
        "fillcolor": colour,
        "opacity": opacity,
        "line": {"width": 0},
        "layer": "below",
    }


def beside(x: float, text: str, colour: str, y: float = 1.0, anchor: str = "left") -> Figure:
    """Return a few words at an upright line."""
    return {
        "text": text,
        "xref": "x",
        "yref": "paper",
        "x": x,
        "y": y,
        "xanchor": anchor,
        "yanchor": "top",
        "xshift": 4 if anchor == "left" else -4,
        "showarrow": False,
        "font": {"size": 11, "color": colour},
    }


def thin(values: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Return at most `most` positions whose line looks like that of all: extremes and ends."""
    n = len(values)
    if n <= most:
        return np.arange(n)
    size = -(-n // (most // 2 - 1))
    full = n - n % size
    blocks = values[:full].reshape(-1, size)
    kept = [np.where(np.isnan(blocks), np.inf, blocks).argmin(axis=1)]
    kept += [np.where(np.isnan(blocks), -np.inf, blocks).argmax(axis=1)]
    within = np.concatenate([rows + np.arange(len(blocks)) * size for rows in kept])
    rest = values[full:]
    ends = [0, n - 1]
    if len(rest) and not np.isnan(rest).all():
        ends += [full + int(np.nanargmin(rest)), full + int(np.nanargmax(rest))]
    return np.unique(np.concatenate((within, ends)))


def times_text(result: BacktestResult, timezone: str, positions: np.ndarray) -> list[str]:
    """Write the times of some bars for an axis of dates, on the exchange's clocks."""
    stamps = bar_times(result)
    return iso(local_times(stamps[positions], timezone, stamps))


def iso(stamps: np.ndarray) -> list[str]:
    """Write datetimes as ISO 8601, days without a time."""
    days = stamps.astype("datetime64[D]")
    if (stamps == days).all():
        return np.datetime_as_string(days).tolist()
    return np.datetime_as_string(stamps, unit="s").tolist()


def signed(values: list[float | None]) -> list[str]:
    """Return the colour of each value: gains and nothing up, losses down."""
    return ["--down" if value is not None and value < 0 else "--up" for value in values]
