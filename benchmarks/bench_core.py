"""Times of the engine: one backtest of GOOG, and all indicators against the bare TA-Lib calls."""

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import talib

from services.backtest import run_backtest
from services.indicators import compute_indicators
from strategies.registry import STRATEGIES, load_strategy

GOOG = Path(__file__).resolve().parent.parent / "data" / "sample" / "daily" / "GOOG.csv"
BACKTEST_REPEATS = 200
INDICATOR_REPEATS = 40
MANY_BARS = 1_000_000


def main() -> None:
    """Print median, minimum and maximum of each measurement."""
    bars = read_daily(GOOG)
    print(f"run_backtest, GOOG daily, {len(bars):,} bars, all metrics, warm")
    for name in STRATEGIES:
        strategy = load_strategy(name)
        print_line(name, times(lambda s=strategy: run_backtest(bars, s), BACKTEST_REPEATS), "ms")

    print(f"\nall indicators, {MANY_BARS:,} bars (the GOOG file repeated: made for size only)")
    pairs = paired_times(repeated(bars, MANY_BARS))
    print_line("compute_indicators", [ours for ours, _, _ in pairs], "ms")
    print_line("TA-Lib, results kept", [kept for _, kept, _ in pairs], "ms")
    print_line("TA-Lib, results dropped", [dropped for _, _, dropped in pairs], "ms")
    print_line("ratio to kept", [ours / kept for ours, kept, _ in pairs], "x")
    print_line("ratio to dropped", [ours / dropped for ours, _, dropped in pairs], "x")


def read_daily(path: Path) -> pd.DataFrame:
    """Read a daily sample file as a frame of bars."""
    bars = pd.read_csv(path, parse_dates=["ts"])
    bars["ts"] = bars["ts"].dt.tz_localize("UTC")
    return bars.astype(dict.fromkeys(["open", "high", "low", "close", "volume"], "float64"))


def repeated(bars: pd.DataFrame, count: int) -> pd.DataFrame:
    """Lay a frame end to end until it has `count` rows; the times repeat too."""
    return pd.concat([bars] * (count // len(bars) + 1), ignore_index=True).iloc[:count]


def bare_calls(bars: pd.DataFrame) -> Iterator[object]:
    """Call TA-Lib for every column that it has, and nothing else."""
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    yield talib.SMA(close, 20)
    yield talib.SMA(close, 50)
    yield talib.EMA(close, 12)
    yield talib.EMA(close, 26)
    yield talib.MACD(close, 12, 26, 9)
    yield talib.BBANDS(close, 20, 2.0, 2.0)
    yield talib.RSI(close, 14)
    yield talib.ATR(high, low, close, 14)
    yield talib.TRANGE(high, low, close)
    yield talib.SUPERTREND(high, low, close, 10, 3.0)


def keep_all(bars: pd.DataFrame) -> list[object]:
    """Make the bare calls and keep the results, as a table of columns must."""
    return list(bare_calls(bars))


def drop_all(bars: pd.DataFrame) -> None:
    """Make the bare calls and forget each result at once, so that its memory is used again."""
    deque(bare_calls(bars), maxlen=0)


def paired_times(bars: pd.DataFrame) -> list[tuple[float, float, float]]:
    """Time ours and the bare calls in turns: a slow moment of the machine hits both."""
    functions = (compute_indicators, keep_all, drop_all)
    for function in functions:
        function(bars)
    return [
        tuple(milliseconds(lambda f=function: f(bars)) for function in functions)
        for _ in range(INDICATOR_REPEATS)
    ]


def times(function: Callable[[], object], repeats: int) -> list[float]:
    """Return the milliseconds of each of `repeats` calls, after one call to warm up."""
    function()
    return [milliseconds(function) for _ in range(repeats)]


def milliseconds(function: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


def print_line(label: str, values: list[float], unit: str) -> None:
    """Print a row of the table."""
    low, high = np.min(values), np.max(values)
    middle = statistics.median(values)
    print(f"  {label:<26}median {middle:8.2f} {unit}   min {low:8.2f}   max {high:8.2f}")


if __name__ == "__main__":
    main()
