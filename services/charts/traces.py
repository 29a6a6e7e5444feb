"""The traces of a chart, each with the values that the range of its pane must hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.charts.numbers import numbers, positions
from services.charts.options import HEIKIN_ASHI, LINE, OHLC
from services.charts.panes import PRICE, VOLUME, Pane
from services.charts.source import ChartSource, Curve
from services.charts.view import View
from services.indicators.drawn import DrawnLine
from services.indicators.lines import Line

Trace = dict[str, Any]
_LINE_COLOURS = ("--line-1", "--line-2", "--line-3", "--line-4")
_PRICE_NAMES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Drawn:
    """A trace and, for each candle of the view, how far it reaches; NaN: nowhere."""

    trace: Trace
    pane: str
    low: np.ndarray
    high: np.ndarray


def draw_series(
    source: ChartSource, view: View, style: str, panes: dict[str, Pane]
) -> Iterator[Drawn]:
    """Draw price, volume, lines, the compared symbol and curves, in this order."""
    yield _price(source, view, style)
    yield _volume(source, view, panes[VOLUME])
    yield from _lines(source.lines, view, panes)
    if source.compared is not None:
        yield _compared(source, view)
    for curve in source.curves:
        yield _curve(curve, view, panes[curve.pane])


def _price(source: ChartSource, view: View, style: str) -> Drawn:
    open_, high, low, close = source.heikin_ashi if style == HEIKIN_ASHI else source.prices
    candles = view.first(open_), view.highest(high), view.lowest(low), view.last(close)
    values = {name: numbers(part) for name, part in zip(_PRICE_NAMES, candles, strict=True)}
    # A line has them too, for the legend: Plotly draws what it knows and leaves the rest.
    trace = {"name": "Price", "x": positions(view.x), **values, "hoverinfo": "none"}
    if style == LINE:
        look = {"type": "scatter", "mode": "lines", "y": values["close"]}
        look["line"] = {"color": "--accent", "width": 1.6}
        return Drawn({**look, **trace}, PRICE, candles[3], candles[3])
    kind = "ohlc" if style == OHLC else "candlestick"
    look = {"type": kind}
    for name, colour in (("increasing", "--up"), ("decreasing", "--down")):
        look[name] = {"line": {"color": colour, "width": 1}}
        if kind == "candlestick":
            look[name]["fillcolor"] = colour
    return Drawn({**look, **trace}, PRICE, candles[2], candles[1])


def _volume(source: ChartSource, view: View, pane: Pane) -> Drawn:
    total = view.total(source.traded)
    trace = _scatter(VOLUME, total, pane, {"shape": "hvh", "width": 0}, "--volume")
    trace["x"] = positions(view.x)
    return Drawn(trace, VOLUME, np.zeros(len(total)), total)


def _lines(lines: tuple[Line, ...], view: View, panes: dict[str, Pane]) -> Iterator[Drawn]:
    colours = _colours(lines)
    for line, colour in zip(lines, colours, strict=True):
        y = view.last(line.values)
        filled = isinstance(line, DrawnLine) and line.filled
        look = {"color": "--muted" if filled else colour, "width": 1 if filled else 1.4}
        trace = _scatter(line.label, y, panes[line.pane], look, "--volume" if filled else "")
        yield Drawn(_placed(trace, view), line.pane, *_around_zero(y, filled))


def _colours(lines: tuple[Line, ...]) -> list[str]:
    """Give the lines of each pane colours in turn; those of one group share theirs."""
    given: dict[str, dict[str, int]] = {}
    colours = []
    for number, line in enumerate(lines):
        of_pane = given.setdefault(line.pane, {})
        name = (isinstance(line, DrawnLine) and line.group) or f"line {number}"
        turn = of_pane.setdefault(name, len(of_pane))
        colours.append(_LINE_COLOURS[turn % len(_LINE_COLOURS)])
    return colours


def _compared(source: ChartSource, view: View) -> Drawn:
    """Draw the second symbol as if it had cost what the first did at the left edge."""
    values, name = source.compared.values, source.compared.symbol
    shown = slice(max(0, int(np.ceil(view.lo))), max(0, int(view.hi)) + 1)
    known = np.flatnonzero(np.isfinite(values[shown]) & (values[shown] > 0))
    factor = np.nan
    if len(known):
        edge = shown.start + int(known[0])
        factor = source.close[edge] / values[edge]
    y = view.last(values) * factor
    trace = _scatter(f"{name} (rebased)", y, None, {"color": "--benchmark", "width": 1.6}, "")
    return Drawn(_placed(trace, view), PRICE, y, y)


def _curve(curve: Curve, view: View, pane: Pane) -> Drawn:
    y = view.lowest(curve.values) if curve.lowest else view.last(curve.values)
    look = {"color": curve.colour, "width": 1 if curve.fill else 1.6}
    trace = _scatter(curve.name, y, pane, look, curve.fill)
    return Drawn(_placed(trace, view), curve.pane, *_around_zero(y, bool(curve.fill)))


def _scatter(name: str, y: np.ndarray, pane: Pane | None, line: dict[str, Any], fill: str) -> Trace:
    trace = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "y": numbers(y),
        "yaxis": pane.axis if pane else "y",
        "hoverinfo": "none",
        "line": line,
    }
    if fill:
        trace |= {"fill": "tozeroy", "fillcolor": fill}
    return trace


def _placed(trace: Trace, view: View) -> Trace:
    """Place the points by their distance: a list of positions a line would be half its size."""
    return {**trace, "x0": float(view.x[0]), "dx": view.step}


def _around_zero(y: np.ndarray, filled: bool) -> tuple[np.ndarray, np.ndarray]:
    return (np.fmin(y, 0.0), np.fmax(y, 0.0)) if filled else (y, y)
