"""The price chart of a report: the program's own figure, with the run's series beside it.

The page has no server to ask after a zoom: it gets the whole series and makes the candles itself.
"""

import math
from typing import Any

import numpy as np

from services.backtest.result import BacktestResult
from services.backtest.trades import fills_of
from services.charts import chart_figure
from services.metrics import drawdown_of
from services.reports.data import numbers

MOST_BARS = 20_000
_SIGNIFICANT = 8
_VALUES = ("x", "x0", "dx", "y", "open", "high", "low", "close", "text", "customdata")
_BEFORE_LINES = 2  # traces: price and volume


def chart_data(result: BacktestResult) -> dict[str, Any]:
    """Return the figure without its values, and every trace's values for the whole run.

    Each trace has a rule by which the values of several bars become one: "candles", "last",
    "low", "sum", "marks", or None for a trace that stays as it is. Of more than MOST_BARS bars
    `step` at a time are joined before.
    """
    n = len(result.bars)
    step = math.ceil(n / MOST_BARS)
    starts = np.arange(0, n, step)
    figure = chart_figure(result)
    traces, sources = [], []
    for place, trace in enumerate(figure["data"]):
        source = _source(result, trace, place, starts)
        sources.append(source)
        hidden = _VALUES if source["rule"] else ()
        traces.append({name: value for name, value in trace.items() if name not in hidden})
    seconds = _seconds(result)
    return {
        "traces": traces,
        "layout": figure["layout"],
        "sources": sources,
        "time": seconds[starts].tolist(),
        "ends": seconds[np.minimum(starts + step, n) - 1].tolist() if step > 1 else None,
        "step": step,
        "bars": n,
        "intraday": bool((seconds % 86_400).any()),
        "trades": _spans(result, step, len(starts)),
    }


def _source(
    result: BacktestResult, trace: dict[str, Any], place: int, starts: np.ndarray
) -> dict[str, Any]:
    """Find the series behind a trace: by its place for the strategy's lines, else by its name."""
    ends = np.append(starts[1:], len(result.bars)) - 1
    name, line = trace.get("name"), place - _BEFORE_LINES
    if trace["type"] == "candlestick":
        return _candles(result, starts, ends)
    if 0 <= line < len(result.lines) and result.lines[line].label == name:
        return {"rule": "last", "y": _rounded(result.lines[line].values[ends])}
    if name in ("Buy", "Sell"):
        return _marks(result, name, int(starts[1]) if len(starts) > 1 else 1)
    return _curve(result, name, starts, ends)


def _candles(result: BacktestResult, starts: np.ndarray, ends: np.ndarray) -> dict[str, Any]:
    bars = result.bars
    return {
        "rule": "candles",
        "open": _rounded(bars["open"].to_numpy()[starts]),
        "high": _rounded(np.maximum.reduceat(bars["high"].to_numpy(), starts)),
        "low": _rounded(np.minimum.reduceat(bars["low"].to_numpy(), starts)),
        "close": _rounded(bars["close"].to_numpy()[ends]),
    }


def _curve(
    result: BacktestResult, name: str | None, starts: np.ndarray, ends: np.ndarray
) -> dict[str, Any]:
    if name == "Volume":
        volume = np.nan_to_num(result.bars["volume"].to_numpy())
        return {"rule": "sum", "y": _rounded(np.add.reduceat(volume, starts))}
    if name == "Drawdown":
        fall = drawdown_of(result.equity.to_numpy(), result.settings.cash)
        return {"rule": "low", "y": _rounded(np.minimum.reduceat(fall, starts))}
    curves = {"Strategy equity": result.equity, "Buy & Hold": result.benchmark_equity}
    if name in curves:
        return {"rule": "last", "y": _rounded(curves[name].to_numpy()[ends])}
    return {"rule": None}


def _marks(result: BacktestResult, name: str, step: int) -> dict[str, Any]:
    fills = fills_of(result.trades, name.lower())
    return {
        "rule": "marks",
        "bar": (fills["bar"].to_numpy() // step).tolist(),
        "price": _rounded(fills["price"].to_numpy()),
        "shares": _rounded(fills["quantity"].to_numpy()),
        "number": fills["number"].tolist(),
    }


def _spans(result: BacktestResult, step: int, candles: int) -> list[list[int]]:
    """Return the first and last candle of every trade."""
    exits = np.where(result.trades["exit_bar"] < 0, len(result.bars) - 1, result.trades["exit_bar"])
    both = np.column_stack([result.trades["entry_bar"].to_numpy(), exits]) // step
    return np.minimum(both, candles - 1).astype(int).tolist()


def _seconds(result: BacktestResult) -> np.ndarray:
    stamps = result.bars["ts"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return stamps.astype("datetime64[s]").astype(np.int64)


def _rounded(values: np.ndarray) -> list[float | None]:
    return [
        None if value is None else float(f"{value:.{_SIGNIFICANT}g}")
        for value in numbers(np.asarray(values, dtype=float))
    ]
