"""The chart of a backtest: candles, trades, indicators, equity and drawdown on one time axis.

The x axis counts bars, so that nights and weekends leave no gaps. Colours are names of the page's
colour tokens ("--up"); the page puts in the values of the theme that is on.
"""

import math
from typing import Any

import numpy as np

import services.charts.panes as p
from services.backtest.lines import Line
from services.backtest.result import BacktestResult
from services.charts.markers import fills_in_view, trade_markers
from services.charts.ticks import axis_ticks, candle_labels
from services.charts.view import View, view_of
from services.metrics import drawdown_of

_LINE_COLOURS = ("--line-1", "--line-2", "--line-3", "--line-4")
_SIGNIFICANT = 8
Figure = dict[str, Any]


def chart_figure(
    result: BacktestResult, lo: float | None = None, hi: float | None = None
) -> Figure:
    """Build the chart for the bars between two positions (default: all).

    The answer has `data` and `layout` for Plotly, `labels` (the time of each candle in words),
    `step` (bars a candle) and `bars` (in the whole run).
    """
    view = view_of(result, lo, hi)
    names = list(dict.fromkeys(x.pane for x in result.lines if x.pane != p.PRICE))
    panes, height = p.stack_panes(names)
    ts = result.bars["ts"].dt.tz_localize(None).to_numpy()
    intraday = bool((ts != ts.astype("datetime64[D]")).any())
    curves = _curves(result, view)
    traces = [
        _candles(result, view),
        _volume(result, view, panes[p.VOLUME]),
        *(_line(line, n, view, panes[line.pane]) for n, line in enumerate(result.lines)),
        *(_curve(name, y, colour, view, panes[p.EQUITY]) for name, y, colour in curves),
        _drawdown(result, view, panes[p.DRAWDOWN]),
        *trade_markers(result, view),
    ]
    return {
        "data": traces,
        "layout": _layout(result, view, panes, height, axis_ticks(ts, view, intraday)),
        "labels": candle_labels(ts, view, intraday),
        "step": view.step,
        "bars": len(ts),
    }


def _candles(result: BacktestResult, view: View) -> Figure:
    bars = {name: result.bars[name].to_numpy() for name in ("open", "high", "low", "close")}
    return {
        "type": "candlestick",
        "name": "Price",
        "x": _numbers(view.x),
        "open": _numbers(view.first(bars["open"])),
        "high": _numbers(view.highest(bars["high"])),
        "low": _numbers(view.lowest(bars["low"])),
        "close": _numbers(view.last(bars["close"])),
        "increasing": {"line": {"color": "--up", "width": 1}, "fillcolor": "--up"},
        "decreasing": {"line": {"color": "--down", "width": 1}, "fillcolor": "--down"},
        "hoverinfo": "none",
    }


def _volume(result: BacktestResult, view: View, pane: p.Pane) -> Figure:
    volume = np.nan_to_num(result.bars["volume"].to_numpy())
    return _scatter(
        p.VOLUME,
        view,
        view.total(volume),
        pane,
        line={"shape": "hvh", "width": 0},
        fill="tozeroy",
        fillcolor="--volume",
    )


def _line(line: Line, number: int, view: View, pane: p.Pane) -> Figure:
    colour = _LINE_COLOURS[number % len(_LINE_COLOURS)]
    return _scatter(
        line.label, view, view.last(line.values), pane, line={"color": colour, "width": 1.4}
    )


def _curves(result: BacktestResult, view: View) -> list[tuple[str, np.ndarray, str]]:
    return [
        ("Buy & Hold", view.last(result.benchmark_equity.to_numpy()), "--benchmark"),
        ("Strategy equity", view.last(result.equity.to_numpy()), "--equity"),
    ]


def _curve(name: str, y: np.ndarray, colour: str, view: View, pane: p.Pane) -> Figure:
    return _scatter(name, view, y, pane, line={"color": colour, "width": 1.6})


def _drawdown(result: BacktestResult, view: View, pane: p.Pane) -> Figure:
    # The lowest of each bucket, so that no drawdown disappears between two candles.
    fall = drawdown_of(result.equity.to_numpy(), result.settings.cash)
    return _scatter(
        p.DRAWDOWN,
        view,
        view.lowest(fall),
        pane,
        line={"color": "--down", "width": 1},
        fill="tozeroy",
        fillcolor="--drawdown",
    )


def _scatter(name: str, view: View, y: np.ndarray, pane: p.Pane, **look: Any) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": _numbers(view.x),
        "y": _numbers(y),
        "yaxis": pane.axis,
        "hoverinfo": "none",
        **look,
    }


def _layout(
    result: BacktestResult,
    view: View,
    panes: dict[str, p.Pane],
    height: int,
    ticks: tuple[list[int], list[str]],
) -> Figure:
    axes = {pane.layout_key: _y_axis(result, view, pane) for pane in panes.values()}
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
            "anchor": panes[p.DRAWDOWN].axis,
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
        **axes,
        "annotations": [_title(pane) for pane in panes.values() if pane.name != p.PRICE],
        "shapes": [shape for pane in panes.values() for shape in _levels(result, pane)],
    }


def _y_axis(result: BacktestResult, view: View, pane: p.Pane) -> Figure:
    return {
        "domain": list(pane.domain),
        "range": _y_range(result, view, pane.name),
        "side": "right",
        "ticklabelstandoff": 5,
        "fixedrange": True,
        "automargin": False,
        "showgrid": True,
        "gridcolor": "--grid",
        "zeroline": False,
        "nticks": {p.PRICE: 8, p.VOLUME: 2, p.DRAWDOWN: 3}.get(pane.name, 4),
        "tickformat": {p.DRAWDOWN: ".0%", p.VOLUME: ".2~s", p.EQUITY: ",.3~s"}.get(pane.name, ""),
    }


def _y_range(result: BacktestResult, view: View, pane: str) -> list[float]:
    """Return the range of what is in view, with a little air; a flat one is opened up."""
    shown = view.visible
    lines = [line for line in result.lines if line.pane == pane]
    beyond = np.array(_thresholds(result, pane))
    if pane == p.PRICE:
        low = view.lowest(result.bars["low"].to_numpy())
        high = view.highest(result.bars["high"].to_numpy())
        series = [low, high, *(view.last(line.values) for line in lines)]
        beyond = fills_in_view(result, view)
    elif pane == p.VOLUME:
        series = [np.zeros(len(shown)), view.total(np.nan_to_num(result.bars["volume"].to_numpy()))]
    elif pane == p.EQUITY:
        series = [y for _, y, _ in _curves(result, view)]
    elif pane == p.DRAWDOWN:
        fall = drawdown_of(result.equity.to_numpy(), result.settings.cash)
        series = [np.zeros(len(shown)), view.lowest(fall)]
    else:
        series = [view.last(line.values) for line in lines]
    values = np.concatenate([*(s[shown] for s in series), beyond])
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return [0.0, 1.0]
    return _with_air(float(values.min()), float(values.max()), pane)


def _with_air(low: float, high: float, pane: str) -> list[float]:
    if pane == p.VOLUME:
        return [0.0, high * 1.05 or 1.0]
    if pane == p.DRAWDOWN:
        return [min(low * 1.1, -0.01), 0.0]
    air = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    return [low - air, high + air]


def _thresholds(result: BacktestResult, pane: str) -> list[float]:
    return [level for line in result.lines if line.pane == pane for level in line.levels]


def _levels(result: BacktestResult, pane: p.Pane) -> list[Figure]:
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
        for level in _thresholds(result, pane.name)
    ]


def _title(pane: p.Pane) -> Figure:
    return {
        "text": "Equity against Buy & Hold" if pane.name == p.EQUITY else pane.name,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": pane.domain[0] if pane.name == p.DRAWDOWN else pane.domain[1],
        "xanchor": "left",
        "yanchor": "bottom" if pane.name == p.DRAWDOWN else "top",
        "showarrow": False,
        "font": {"size": 11, "color": "--muted"},
    }


def _numbers(values: np.ndarray) -> list[float | None]:
    """Round to eight significant digits for the wire; NaN becomes None."""
    return [_rounded(value) for value in values.tolist()]


def _rounded(value: float) -> float | None:
    return float(f"{value:.{_SIGNIFICANT}g}") if math.isfinite(value) else None
