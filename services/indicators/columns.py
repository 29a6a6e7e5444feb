"""The stored indicator columns, with TA-Lib's values; NaN in the warm-up."""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import talib

from services.indicators.kernels import running_maximum
from services.indicators.supertrend import (
    SUPERTREND_MULTIPLIER,
    SUPERTREND_PERIOD,
    supertrend_lines,
)
from services.threads import share

Columns = dict[str, np.ndarray]
Computation = Callable[[np.ndarray, np.ndarray, np.ndarray], Columns]

INDICATOR_COLUMNS = [
    "ma20",
    "ma50",
    "ema_fast",
    "ema_slow",
    "macd",
    "macd_signal",
    "bb_mid",
    "bb_upper",
    "bb_lower",
    "rsi",
    "atr",
    "tr",
    "ath",
    "supertrend",
    "supertrend_upper",
    "supertrend_lower",
    "supertrend_trend",
]


MANY_BARS = 50_000  # from here on the threads save more than they cost


def compute_indicators(
    bars: pd.DataFrame, names: Sequence[str] = INDICATOR_COLUMNS
) -> pd.DataFrame:
    """Compute indicator columns of a frame of bars, all unless told which, on the same index.

    Every value depends on the bars up to its own only. MA 20/50, EMA 12/26, MACD(12, 26, 9),
    BBANDS(20, 2, population deviation), RSI(14), ATR(14), TRANGE and SUPERTREND(10, 3) are
    TA-Lib's; `ath` is the running maximum of high.
    """
    # Side by side in memory: TA-Lib would copy a strided column once a call.
    high, low, close = (
        np.ascontiguousarray(bars[name].to_numpy(np.float64)) for name in ("high", "low", "close")
    )
    if len(close) == 0:
        return pd.DataFrame({name: np.empty(0) for name in names}, index=bars.index)
    groups = [group for group, made in _GROUPS.items() if not made.isdisjoint(names)]
    columns: dict[str, np.ndarray] = {}

    def compute(group: Computation) -> None:
        columns.update(group(high, low, close))

    if len(close) >= MANY_BARS:
        share(groups, lambda: compute)
        ordered = {name: columns[name] for name in names}
        return pd.DataFrame(ordered, index=bars.index, copy=False)
    for group in groups:
        compute(group)
    # One block: what a table of so many arrays costs is more than the arrays of few bars.
    block = np.array([columns[name] for name in names])
    return pd.DataFrame(block.T, index=bars.index, columns=_names_of(*names), copy=False)


def with_indicators(bars: pd.DataFrame, names: Collection[str] | None = None) -> pd.DataFrame:
    """Return the frame with all indicator columns: those it has are kept, else computed.

    Of a frame that has none, only `names` are computed where they are given.
    """
    present = tuple(bars.columns)
    missing = [name for name in INDICATOR_COLUMNS if name not in present]
    if names is not None and len(missing) == len(INDICATOR_COLUMNS):
        missing = [name for name in missing if name in names]
    if not missing:
        return bars
    frame = pd.concat([bars, compute_indicators(bars, missing)], axis=1, ignore_index=True)
    frame.columns = _names_of(*present, *missing)
    return frame


@lru_cache(maxsize=64)
def _names_of(*names: str) -> pd.Index:
    """Return an index of names, the same each time: it knows by then where each name stands."""
    return pd.Index(names)


def _supertrend(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> Columns:
    line, trend, upper, lower = supertrend_lines(
        high, low, close, SUPERTREND_PERIOD, SUPERTREND_MULTIPLIER
    )
    return {
        "supertrend": line,
        "supertrend_upper": upper,
        "supertrend_lower": lower,
        "supertrend_trend": trend,
    }


def _bands(_high: np.ndarray, _low: np.ndarray, close: np.ndarray) -> Columns:
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    # The middle band is SMA(20), to the last bit.
    return {"ma20": middle, "bb_mid": middle, "bb_upper": upper, "bb_lower": lower}


def _macd_and_ath(high: np.ndarray, _low: np.ndarray, close: np.ndarray) -> Columns:
    macd, macd_signal, spare = talib.MACD(close, 12, 26, 9)
    # The histogram is no column of ours: its memory, which the system has given, serves again.
    return {"macd": macd, "macd_signal": macd_signal, "ath": running_maximum(high, spare)}


def _averages(_high: np.ndarray, _low: np.ndarray, close: np.ndarray) -> Columns:
    return {
        "ma50": talib.SMA(close, 50),
        "ema_fast": talib.EMA(close, 12),
        "ema_slow": talib.EMA(close, 26),
    }


def _rsi(_high: np.ndarray, _low: np.ndarray, close: np.ndarray) -> Columns:
    return {"rsi": talib.RSI(close, 14)}


def _ranges(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> Columns:
    return {"atr": talib.ATR(high, low, close, 14), "tr": talib.TRANGE(high, low, close)}


# The longest first, so that no thread waits long for another at the end.
_GROUPS: dict[Computation, frozenset[str]] = {
    _supertrend: frozenset(
        {"supertrend", "supertrend_upper", "supertrend_lower", "supertrend_trend"}
    ),
    _averages: frozenset({"ma50", "ema_fast", "ema_slow"}),
    _bands: frozenset({"ma20", "bb_mid", "bb_upper", "bb_lower"}),
    _macd_and_ath: frozenset({"macd", "macd_signal", "ath"}),
    _ranges: frozenset({"atr", "tr"}),
    _rsi: frozenset({"rsi"}),
}
