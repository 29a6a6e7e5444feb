"""A chart: bars, trades, indicators, curves and events on one time axis, as a Plotly figure.

The x axis counts bars, so that nights and weekends leave no gaps. Colours are names of the page's
colour tokens ("--up"); the page puts in the values of the theme that is on.
"""

import math
from typing import Any

import numpy as np

import services.charts.panes as p
from services.backtest.result import BacktestResult
from services.charts.flags import flag_trace, flags_of
from services.charts.markers import fills_in_view, trade_markers
from services.charts.options import ChartOptions
from services.charts.ranges import log_ticks, pane_range, price_can_be_log
from services.charts.source import ChartSource, source_of
from services.charts.ticks import axis_ticks, candle_labels, iso_time
from services.charts.traces import Drawn, draw_series
from services.charts.view import MARGIN, View, view_of
from services.charts.zones import Clock

Figure = dict[str, Any]
_AS_SHOWN = ChartOptions()
_MANY_LINES = 12
_A_LITTLE = 0.01  # of a bar: positions are the outcome of arithmetic
_SMALL_MARGIN = 0.15  # of the view: many lines would make the answer too large
_TITLES = {p.EQUITY: "Equity against Buy & Hold"}


def chart_figure(
    source: ChartSource | BacktestResult,
    lo: float | None = None,
    hi: float | None = None,
    options: ChartOptions = _AS_SHOWN,
    selected: int | None = None,
) -> Figure:
    """Build the chart for the bars between two positions (default: all).

    `selected` is the number of a trade that is marked. The answer has `data` and `layout` for
    Plotly; `labels`, the time of each candle in words, in the clock of `zone` (empty: dates);
    `step`, bars a candle; `bars` in the whole series; `view`, the times at its ends; `style` and
    `log` as drawn; `events`, the flags; `selected`, number, entry and exit (-1: open) of the
    marked trade or None.
    """
    if isinstance(source, BacktestResult):
        source = source_of(source)
    source = source.until(options.until)
    many = len(source.lines) > _MANY_LINES
    view = view_of(len(source), lo, hi, _SMALL_MARGIN if many else MARGIN)
    clock = source.clock(options.zone)
    panes, height = p.stack_panes([x.pane for x in (*source.lines, *source.curves)])
    drawn = list(draw_series(source, view, options.style, panes))
    log = options.log and price_can_be_log(drawn[0])
    ranges = {name: _range(source, view, name, drawn, log) for name in panes}
    flags = flags_of(source, view)
    marked = _selected(source, selected)
    traces = [item.trace for item in drawn]
    if source.trades is not None:
        traces += trade_markers(source.trades, view)
    if flags:
        traces.append(flag_trace(flags, ranges[p.PRICE], log))
    layout = _layout(view, panes, height, axis_ticks(source.ts, view, clock))
    layout |= {pane.layout_key: _y_axis(pane, ranges[pane.name], log) for pane in panes.values()}
    layout["shapes"] = [
        *(shape for pane in panes.values() for shape in _levels(source, pane)),
        *([_selection(marked, len(source))] if marked else []),
    ]
    return {
        "data": traces,
        "layout": layout,
        "labels": candle_labels(source.ts, view, clock),
        "step": view.step,
        "bars": len(source),
        "view": _ends(source, view, clock),
        "zone": clock.text,
        "style": options.style,
        "log": log,
        "events": flags,
        "selected": marked,
    }


def _range(
    source: ChartSource, view: View, pane: str, drawn: list[Drawn], log: bool
) -> list[float]:
    beyond = np.array(_thresholds(source, pane))
    if pane == p.PRICE and source.trades is not None:
        beyond = np.concatenate([beyond, fills_in_view(source.trades, view)])
    of_pane = [item for item in drawn if item.pane == pane]
    return pane_range(pane, of_pane, view, beyond, log and pane == p.PRICE)


def _ends(source: ChartSource, view: View, clock: Clock) -> dict[str, str]:
    """Return the times of the first and the last bar that are in view whole."""
    last = len(source) - 1
    edges = (math.ceil(view.lo - _A_LITTLE), math.floor(view.hi + _A_LITTLE))
    edges = (min(max(edge, 0), last) for edge in edges)
    return {
        name: iso_time(source.ts[edge], clock.dated)
        for name, edge in zip(("from", "to"), edges, strict=True)
    }


def _selected(source: ChartSource, number: int | None) -> dict[str, int] | None:
    if number is None or source.trades is None or number not in source.trades.index + 1:
        return None
    trade = source.trades.loc[number - 1]
    return {
        "number": number,
        "entry": int(trade["entry_bar"]),
        "exit": int(trade["exit_bar"]),
    }


def _selection(marked: dict[str, int], bars: int) -> Figure:
    return {
        "type": "rect",
        "name": "selected",
        "xref": "x",
        "yref": "paper",
        "x0": marked["entry"] - 0.5,
        "x1": (bars - 1 if marked["exit"] < 0 else marked["exit"]) + 0.5,
        "y0": 0,
        "y1": 1,
        "fillcolor": "--selection",
        "line": {"width": 1, "color": "--accent"},
        "layer": "below",
    }


def _layout(
    view: View, panes: dict[str, p.Pane], height: int, ticks: tuple[list[int], list[str]]
) -> Figure:
    lowest = list(panes.values())[-1]
    return {
        "height": height,
        "margin": {"l": p.LEFT, "r": p.RIGHT, "t": p.TOP, "b": p.BOTTOM, "pad": 0},
        "showlegend": False,
        "dragmode": "pan",
        "hovermode": "x",
        "hoverdistance": 50,
        "uirevision": "run",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "--font", "size": 11, "color": "--muted"},
        "xaxis": {
            "range": list(view.range),
            "anchor": lowest.axis,
            "tickmode": "array",
            "tickvals": ticks[0],
            "ticktext": ticks[1],
            "rangeslider": {"visible": False},
            "automargin": False,
            "showgrid": True,
            "gridcolor": "--grid",
            "zeroline": False,
            "showspikes": True,
            "spikemode": "across",
            "spikesnap": "cursor",
            "spikethickness": 1,
            "spikedash": "dot",
            "spikecolor": "--muted",
            "tickangle": 0,
            "ticks": "outside",
            "ticklen": 4,
            "tickcolor": "--grid",
        },
        "annotations": [_title(pane) for pane in panes.values() if pane.name != p.PRICE],
    }


def _y_axis(pane: p.Pane, y_range: list[float], log: bool) -> Figure:
    is_log = log and pane.name == p.PRICE
    ticks = log_ticks(*y_range) if is_log else []
    own = {
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [f"{value:,.12g}" for value in ticks],
    }
    return {
        "type": "log" if is_log else "linear",
        "domain": list(pane.domain),
        "range": y_range,
        "side": "right",
        "ticklabelstandoff": 5,
        "fixedrange": True,
        "automargin": False,
        "showgrid": True,
        "gridcolor": "--grid",
        "zeroline": False,
        "nticks": {p.PRICE: 8, p.VOLUME: 2, p.DRAWDOWN: 3}.get(pane.name, 4),
        "tickformat": {p.DRAWDOWN: ".0%", p.VOLUME: ".2~s", p.EQUITY: ",.3~s"}.get(pane.name, ""),
        **(own if ticks else {}),
    }


def _thresholds(source: ChartSource, pane: str) -> list[float]:
    levels = (level for line in source.lines if line.pane == pane for level in line.levels)
    return list(dict.fromkeys(levels))


def _levels(source: ChartSource, pane: p.Pane) -> list[Figure]:
    return [
        {
            "type": "line",
            "xref": "paper",
            "yref": pane.axis,
            "x0": 0,
            "x1": 1,
            "y0": level,
            "y1": level,
            "line": {"color": "--muted", "width": 1, "dash": "dot"},
            "layer": "below",
        }
        for level in _thresholds(source, pane.name)
    ]


def _title(pane: p.Pane) -> Figure:
    return {
        "text": _TITLES.get(pane.name, pane.name),
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": pane.domain[0] if pane.name == p.DRAWDOWN else pane.domain[1],
        "xanchor": "left",
        "yanchor": "bottom" if pane.name == p.DRAWDOWN else "top",
        "showarrow": False,
        "font": {"size": 11, "color": "--muted"},
    }
