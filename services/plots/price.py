"""The price panel: line or candlesticks, the strategy's lines over them, trades and volume."""

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.transforms import ScaledTranslation

from services.backtest.result import BacktestResult
from services.backtest.trades import SHORT, fills_of
from services.indicators.lines import PRICE_PANE, Line
from services.plots import look
from services.plots.numbers import axis_texts
from services.plots.panel import Key, Panel, wants_log
from services.plots.thin import thin_heights
from services.wording import grouped, percent_text, price_text

_LINE_MAY_LEAVE = 0.4  # of the prices' range, before a far-off line is cut at the edge


def draw_price(panel: Panel, result: BacktestResult) -> None:
    """Draw prices, the lines that belong to them, and a marker for every fill."""
    bars = result.bars
    lines = [line for line in result.lines if line.pane == PRICE_PANE]
    has_candles = len(bars) <= look.CANDLES_UP_TO
    low, high = _range(bars, lines, has_candles)
    log = wants_log(low, high)
    panel.scale(low, high, log=log)
    panel.grid()
    if has_candles:
        _candles(panel, bars)
    else:
        # A crowd of markers would bury the line: then it runs over them.
        over = len(result.trades) > look.CROWD
        panel.line(bars["close"].to_numpy(), look.PRICE, 0.9, zorder=5 if over else 2)
    keys = _trades(panel, result, has_candles)
    keys += [] if has_candles else [Key("Close", {"color": look.PRICE, "linewidth": 1.2})]
    keys += draw_lines(panel, lines)
    panel.header("Price (log scale)" if log else "Price", keys)


def draw_lines(panel: Panel, lines: list[Line]) -> list[Key]:
    """Draw a strategy's lines, each in a style of its own, and return their legend."""
    keys = []
    for i, line in enumerate(lines):
        colour, dash = look.LINE_STYLES[i % len(look.LINE_STYLES)]
        panel.line(line.values, colour, 1.0, linestyle=dash, zorder=2.5)
        keys.append(Key(line.label, {"color": colour, "linewidth": 1.3, "linestyle": dash}))
    return keys


def draw_volume(panel: Panel, volume: pd.Series) -> None:
    """Draw the volume as bars; of very many, the highest of each pixel."""
    x, heights = thin_heights(volume.to_numpy())
    top = heights.max()
    panel.axes.set_ylim(0, top * 1.08)
    if len(volume) <= look.CANDLES_UP_TO * 3:
        width = min(9.0, 0.62 * panel.span.points_a_bar)
        segments = [[(i, 0), (i, height)] for i, height in zip(x, heights, strict=True)]
        panel.axes.add_collection(
            LineCollection(segments, colors=look.VOLUME, linewidths=width, capstyle="butt"),
            autolim=False,
        )
    else:
        panel.axes.fill_between(x, heights, step="mid", color=look.VOLUME, linewidth=0.2)
    page, left = panel.span.page, panel.span.left - 0.06
    middle = panel.top + panel.height / 2
    page.text(left, middle - 0.06, "Vol. max", align="right", colour=look.FAINT_INK)
    page.text(
        left,
        middle + 0.06,
        axis_texts([float(f"{top:.3g}")])[0],
        align="right",
        colour=look.FAINT_INK,
    )


def has_volume(bars: pd.DataFrame) -> bool:
    """Tell whether any volume is known."""
    return bool((bars["volume"] > 0).any())


def _range(bars: pd.DataFrame, lines: list[Line], has_candles: bool) -> tuple[float, float]:
    """Span the prices, and the lines as far as they do not squash the prices."""
    low_name, high_name = ("low", "high") if has_candles else ("close", "close")
    low, high = float(bars[low_name].min()), float(bars[high_name].max())
    room = (high - low) * _LINE_MAY_LEAVE
    values = [line.values[np.isfinite(line.values)] for line in lines]
    lows = [float(v.min()) for v in values if len(v)]
    highs = [float(v.max()) for v in values if len(v)]
    return (
        min(low, max(min(lows, default=low), low - room, low * 0.5)),
        max(high, min(max(highs, default=high), high + room)),
    )


def _candles(panel: Panel, bars: pd.DataFrame) -> None:
    """Draw white bodies for rising and dark ones for falling bars: markers keep the colours."""
    open_, high, low, close = (bars[c].to_numpy() for c in ("open", "high", "low", "close"))
    x = np.arange(len(bars))
    wicks = np.stack([np.column_stack([x, low]), np.column_stack([x, high])], axis=1)
    half = min(0.34, 5.0 / panel.span.points_a_bar)
    bottom, top = np.minimum(open_, close), np.maximum(open_, close)
    bodies = np.stack(
        [
            np.column_stack([x + dx, y])
            for dx, y in ((-half, bottom), (-half, top), (half, top), (half, bottom))
        ],
        axis=1,
    )
    ink = look.PRICE
    panel.axes.add_collection(
        LineCollection(wicks, colors=ink, linewidths=0.8, zorder=2), autolim=False
    )
    faces = np.where(close >= open_, "#FFFFFF", ink)
    panel.axes.add_collection(
        PolyCollection(bodies, facecolors=faces, edgecolors=ink, linewidths=0.7, zorder=2.1),
        autolim=False,
    )


def _trades(panel: Panel, result: BacktestResult, has_candles: bool) -> list[Key]:
    is_closed = result.trades["exit_bar"].to_numpy() >= 0
    bought, sold = (fills_of(result.trades, side) for side in ("buy", "sell"))
    buys, sells = bought["bar"].to_numpy(), sold["bar"].to_numpy()
    buy_at, sell_at = bought["price"].to_numpy(), sold["price"].to_numpy()
    if has_candles:
        buy_at = result.bars["low"].to_numpy()[buys]
        sell_at = result.bars["high"].to_numpy()[sells]
    size = look.marker_size(len(buys) + len(sells))
    buy = _marker("^", look.BUY, size)
    sell = _marker("v", look.SELL, size)
    _put(panel, buys, buy_at, buy, -0.65 * size, "buy")
    _put(panel, sells, sell_at, sell, 0.65 * size, "sell")
    keys = [
        Key(f"Buy ({grouped(len(buys), 0)})", buy),
        Key(f"Sell ({grouped(len(sells), 0)})", sell),
    ]
    return keys if is_closed.all() else keys + [_open_trade(panel, result, ~is_closed)]


def _open_trade(panel: Panel, result: BacktestResult, is_open: np.ndarray) -> Key:
    """Mark the position that is still held at the last close, and say what it is worth."""
    last = len(result.bars) - 1
    style = _marker("D", look.OPEN, 6.5)
    _put(panel, [last], [result.bars["close"].iloc[-1]], style, 0.0, "open")
    trade = result.trades.loc[is_open].iloc[-1]
    entered, gain = price_text(trade["entry_price"]), percent_text(trade["return"])
    side = "short " if trade["side"] == SHORT else ""
    return Key(f"Still open: {side}from {entered}, {gain}", style)


def _marker(shape: str, colour: str, size: float) -> dict:
    return {
        "linestyle": "none",
        "marker": shape,
        "markersize": size,
        "markerfacecolor": colour,
        "markeredgecolor": look.INK,
        "markeredgewidth": 0.15 if size < 3 else 0.3 if size < 4 else 0.6,
    }


def _put(panel: Panel, bars, prices, style: dict, lift: float, name: str) -> None:
    """Place markers with their tips at the prices: `lift` is in points."""
    lifted = ScaledTranslation(0, lift / 72, panel.span.page.figure.dpi_scale_trans)
    panel.axes.plot(
        bars, prices, transform=panel.axes.transData + lifted, zorder=4, gid=name, **style
    )
