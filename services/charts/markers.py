"""Buy and sell markers: every fill at its own bar and price, counted where they would overlap."""

from typing import Any

import numpy as np
import pandas as pd

from services.backtest.trades import fills_of
from services.charts.view import View

MOST_MARKERS = 600
STANDOFF = 10  # pixels between a marker and the fill it points at


def trade_markers(trades: pd.DataFrame, view: View) -> list[dict[str, Any]]:
    """Return the traces "Buy" and "Sell"; a short is sold at its entry and bought at its exit.

    While a run has at most MOST_MARKERS trades, each fill is a marker of its own whatever is in
    view. Beyond that only fills near the view are sent; when even these are too many, those of
    one candle become one marker that says how many they are. `customdata` is the trade's number,
    None for a marker that stands for several.
    """
    crowded = len(trades) > MOST_MARKERS
    return [
        _markers("Buy", 0, "--buy", fills_of(trades, "buy"), view, crowded),
        _markers("Sell", 180, "--sell", fills_of(trades, "sell"), view, crowded),
    ]


def fills_in_view(trades: pd.DataFrame, view: View) -> np.ndarray:
    """Return the prices of the fills in view: slippage takes some beyond their bar."""
    bars = trades[["entry_bar", "exit_bar"]].to_numpy()
    prices = trades[["entry_price", "exit_price"]].to_numpy(np.float64)
    left, right = view.range
    return prices[(bars >= max(left, 0)) & (bars <= right)]


def _markers(
    name: str,
    angle: int,
    colour: str,
    fills: pd.DataFrame,
    view: View,
    crowded: bool,
) -> dict[str, Any]:
    if crowded:
        fills = fills[fills["bar"].between(view.starts[0], view.ends[-1])]
    bars, prices = (fills[column].to_numpy() for column in ("bar", "price"))
    numbers = fills["number"].tolist()
    if len(bars) > MOST_MARKERS:
        bars, prices, numbers, texts = _counted(name, bars, prices, numbers, view)
    else:
        texts = [
            f"{name} {price:,.6g} × {quantity:,.6g}<br>trade {number}"
            for number, price, quantity in zip(numbers, prices, fills["quantity"], strict=True)
        ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": bars.tolist(),
        "y": [float(f"{price:.10g}") for price in prices],
        "customdata": numbers,
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            # Beside the candle, pointing at the price of the fill.
            "symbol": "triangle-up",
            "angle": angle,
            "standoff": STANDOFF,
            "size": 12,
            "color": colour,
            "line": {"color": "--surface", "width": 1.2},
        },
    }


def _counted(
    name: str, bars: np.ndarray, prices: np.ndarray, numbers: list[int], view: View
) -> tuple[np.ndarray, np.ndarray, list[int | None], list[str]]:
    """Join the fills of each candle; a marker that stands for several has no trade's number."""
    candle = np.searchsorted(view.starts, bars, side="right") - 1
    _, first, count = np.unique(candle, return_index=True, return_counts=True)
    mean_price = np.add.reduceat(prices, first) / count
    texts = [f"{n} × {name.lower()}, zoom in to see each" for n in count.tolist()]
    alone = [numbers[i] if n == 1 else None for i, n in zip(first, count, strict=True)]
    return view.x[candle[first]], mean_price, alone, texts
