"""Figures of an optimisation: parallel coordinates, and a walk-forward in time."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from services.charts import report_layout as look
from services.charts.report_layout import Figure
from services.metrics import METRIC_SPECS
from services.optimise.objective import Objective
from services.optimise.surface import choices_of, value_text
from services.optimise.walked import WalkForward, WalkForwardWindow
from services.wording import metric_text

MOST_LINES = 240
_BANDS = ("best tenth", "best half", "the rest")
_COLOURS = ("--accent", "--line-3", "--border-strong")
_TICKS = 6
_MOST_MARKS = 10  # along an axis of windows
_EMPTY_STEP = None
_AT = "%Y-%m-%dT%H:%M"


def parallel_figure(frame: pd.DataFrame, names: Sequence[str], objective: Objective) -> Figure:
    """Draw each combination as a line through its values; the better ones over the others.

    Of many combinations an even choice by their rank is drawn, the best one always.
    """
    scores = objective.scores(frame)
    ranked = np.argsort(-scores, kind="stable")[: int(np.isfinite(scores).sum())]
    if not len(ranked):
        return look.empty("No combination has a value of the objective.")
    kept = np.unique(np.linspace(0, len(ranked) - 1, MOST_LINES).astype(int))
    rows = frame.iloc[ranked[kept]]
    axes = [_places(rows[name], frame, name) for name in names]
    axes.append(_metric_places(rows[objective.metric], frame[objective.metric]))
    heights = np.column_stack([axis[0] for axis in axes])
    share = kept / max(len(ranked) - 1, 1)
    bands = np.where(share <= 0.1, 0, np.where(share <= 0.5, 1, 2))
    traces = [_lines(heights[bands == band], _BANDS[band], _COLOURS[band]) for band in (2, 1, 0)]
    titles = [*(name.replace("_", " ") for name in names), objective.spec.label]
    return look.figure(
        [trace for trace in traces if trace["x"]],
        margin={"l": 46, "r": 46, "t": 44, "b": 24, "pad": 0},
        hovermode=False,
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.02, "yanchor": "top"},
        xaxis={"visible": False, "fixedrange": True, "range": [-0.05, len(titles) - 0.95]},
        yaxis={"visible": False, "fixedrange": True, "range": [-0.03, 1.03]},
        shapes=[_upright(i) for i in range(len(titles))],
        annotations=[
            *(_above(i, title) for i, title in enumerate(titles)),
            *(_tick(i, *tick) for i, axis in enumerate(axes) for tick in axis[1]),
        ],
    )


def _lines(heights: np.ndarray, name: str, colour: str) -> Figure:
    x: list[Any] = []
    y: list[Any] = []
    for line in heights.round(4).tolist():
        x += [*range(len(line)), _EMPTY_STEP]
        y += [*line, _EMPTY_STEP]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": colour, "width": 1.6 if name == _BANDS[0] else 1},
        "opacity": 0.85 if name == _BANDS[0] else 0.5,
        "hoverinfo": "skip",
    }


def _places(
    column: pd.Series, frame: pd.DataFrame, name: str
) -> tuple[np.ndarray, list[tuple[float, str]]]:
    """Return the height of each value on its axis, and the axis's marks."""
    values = choices_of(frame, name)
    top = max(len(values) - 1, 1)
    height = {value: place / top for place, value in enumerate(values)}
    marks = np.unique(np.linspace(0, len(values) - 1, min(_TICKS, len(values))).astype(int))
    ticks = [(place / top, value_text(values[place])) for place in marks]
    return column.map(height).to_numpy(np.float64), ticks


def _metric_places(
    column: pd.Series, every: pd.Series
) -> tuple[np.ndarray, list[tuple[float, str]]]:
    kind = METRIC_SPECS[str(column.name)].kind
    low, high = float(every.min()), float(every.max())
    width = high - low or 1.0
    ticks = [(share, metric_text(kind, low + share * width)) for share in (0, 0.25, 0.5, 0.75, 1)]
    return ((column - low) / width).to_numpy(np.float64), ticks


def _upright(i: int) -> Figure:
    line = look.upright(i, "--border-strong", "solid")
    return {**line, "line": {"color": "--border-strong", "width": 1}, "layer": "below"}


def _above(i: int, text: str) -> Figure:
    return {
        "text": f"<b>{text}</b>",
        "x": i,
        "y": 1.0,
        "xref": "x",
        "yref": "paper",
        "yshift": 16,
        "showarrow": False,
        "font": {"size": 12, "color": "--text"},
    }


def _tick(i: int, height: float, text: str) -> Figure:
    return {
        "text": text,
        "x": i,
        "y": height,
        "xref": "x",
        "yref": "y",
        "xanchor": "left",
        "xshift": 4,
        "showarrow": False,
        "bgcolor": "--surface",
        "borderpad": 1,
        "font": {"size": 10, "color": "--muted"},
    }


def windows_figure(walk: WalkForward) -> Figure:
    """Draw the windows in time, a line each: the bars to choose on, and those to test on.

    The gap between the two is the embargo. Tests in which the rule failed have a colour of their
    own.
    """
    windows = walk.windows
    marked = _marked([w.number for w in windows])
    tested = [w for w in windows if not w.is_failed]
    failed = [w for w in windows if w.is_failed]
    spans = (
        ("Train", "--benchmark", windows, [(w.train_start, w.train_end) for w in windows]),
        ("Test", "--accent", tested, [(w.test_start, w.test_end) for w in tested]),
        ("Test failed", "--danger", failed, [(w.test_start, w.test_end) for w in failed]),
    )
    width = max(4, min(16, 220 // len(windows)))
    traces = [
        _bars(name, colour, ends, of_them, width) for name, colour, of_them, ends in spans if ends
    ]
    return look.figure(
        traces,
        hovermode="closest",
        xaxis=look.time_axis(),
        yaxis={
            **look.y_axis("", autorange="reversed", tickvals=marked),
            "ticktext": [f"window {number}" for number in marked],
        },
        margin={"l": 12, "r": 84, "t": 30, "b": 34, "pad": 0},
    )


def _bars(
    name: str, colour: str, ends: list, windows: Sequence[WalkForwardWindow], width: int
) -> Figure:
    x: list[Any] = []
    y: list[Any] = []
    for (start, end), window in zip(ends, windows, strict=True):
        x += [f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}", _EMPTY_STEP]
        y += [window.number, window.number, _EMPTY_STEP]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": colour, "width": width},
        "hovertemplate": f"{name} %{{x}}<extra></extra>",
    }


def before_after_figure(walk: WalkForward) -> Figure:
    """Draw the objective of each window where it was chosen and where it was tried."""
    spec = walk.objective.spec
    form = ".0%" if spec.kind == "percent" else ".2~f"
    numbers = [w.number for w in walk.windows]
    before = [w.before for w in walk.windows]
    after = [w.after for w in walk.windows]
    joined = {
        "type": "scatter",
        "mode": "lines",
        "x": [part for number in numbers for part in (number, number, _EMPTY_STEP)],
        "y": [part for pair in zip(before, after, strict=True) for part in (*pair, _EMPTY_STEP)],
        "line": {"color": "--border-strong", "width": 2},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return look.figure(
        [
            joined,
            _points("In-sample", numbers, before, "--benchmark", "circle-open", form),
            _points("Out-of-sample", numbers, after, "--accent", "circle", form),
        ],
        xaxis=look.x_axis(tickvals=_marked(numbers)),
        yaxis=look.y_axis(form),
        shapes=[look.level(0.0)],
        annotations=[look.title(f"{spec.label} by window", 1.0)],
    )


def _marked(numbers: list[int]) -> list[int]:
    """Return the numbers of the windows that an axis names: the first, and every so many more."""
    return numbers[:: -(-len(numbers) // _MOST_MARKS)]


def _points(name: str, x: list, y: list, colour: str, symbol: str, form: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": x,
        "y": y,
        "marker": {"color": colour, "size": 9, "symbol": symbol, "line": {"width": 2}},
        "hovertemplate": f"%{{y:{form}}}",
    }


def stitched_figure(
    ts: pd.Series,
    equity: np.ndarray,
    held: np.ndarray,
    edges: Sequence[pd.Timestamp] = (),
    failed: Sequence[tuple[pd.Timestamp, pd.Timestamp]] = (),
) -> Figure:
    """Draw the equity of all tests as one curve, against Buy & Hold; `edges` begin windows.

    Spans in which the rule `failed` are shaded: there the curve stays in cash.
    """
    curves = (("Out-of-sample", equity, "--equity"), ("Buy & Hold", held, "--benchmark"))
    traces = []
    for name, values, colour in curves:
        kept = look.thin(values)
        stamps = ts.iloc[kept].dt.tz_localize(None).to_numpy()
        traces.append(look.line(name, look.iso(stamps), values[kept], colour, "%{y:,.0f}"))
    starts = [f"{edge:{_AT}}" for edge in edges[1:]]
    return look.figure(
        traces,
        xaxis=look.time_axis(),
        yaxis=look.y_axis(",.3~s"),
        annotations=[look.title("Equity", 1.0)],
        shapes=[
            *(look.upright(start, "--grid", "dot") for start in starts),
            *(look.band(f"{a:{_AT}}", f"{b:{_AT}}", "--danger", 0.15) for a, b in failed),
        ],
    )


def steps_of(windows: Sequence[WalkForwardWindow]) -> int:
    """Count how often the chosen parameters changed from one window to the next."""
    return sum(a.params != b.params for a, b in pairwise(windows))
