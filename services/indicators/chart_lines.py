"""The parameters and the lines of the indicators that a chart offers.

TA-Lib computes them, but for the running maximum and VWAP, which it has not. Every `compute` takes
a frame of bars (services.bars) and gives one value a bar, NaN in the warm-up.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import talib

from services.indicators.drawn import DrawnLine
from services.indicators.kernels import running_maximum
from services.indicators.lines import Line
from services.indicators.supertrend import supertrend_lines
from services.parameters import Parameters, ordered, param

LONGEST_PERIOD = 5000
SESSION = "session"  # the column of a frame of intraday bars that VWAP needs
Compute = Callable[[pd.DataFrame, Parameters], list[Line]]


class NoParameters(Parameters):
    """An indicator that takes none."""


class Period20(Parameters):
    """One length, of a moving average."""

    period: int = param(20, "bars that it averages", ge=2, le=LONGEST_PERIOD)


class Period14(Parameters):
    """One length, of Wilder's indicators."""

    period: int = param(14, "bars that it averages", ge=2, le=LONGEST_PERIOD)


class BollingerParameters(Parameters):
    """Bollinger Bands."""

    period: int = param(20, "bars that it averages", ge=2, le=LONGEST_PERIOD)
    deviations: float = param(2.0, "width in standard deviations", ge=0.1, le=10)


class MacdParameters(Parameters):
    """MACD."""

    fast: int = param(12, "bars of the fast average", ge=2, le=LONGEST_PERIOD)
    slow: int = param(26, "bars of the slow average", ge=3, le=LONGEST_PERIOD)
    signal: int = param(9, "bars of the signal line", ge=1, le=LONGEST_PERIOD)

    check = ordered("fast", "slow")


class SupertrendParameters(Parameters):
    """SuperTrend."""

    period: int = param(10, "bars of the average range", ge=2, le=LONGEST_PERIOD)
    multiplier: float = param(3.0, "width in average ranges", ge=0.1, le=20)


class StochasticParameters(Parameters):
    """Slow stochastic."""

    k: int = param(14, "bars of the range", ge=1, le=LONGEST_PERIOD)
    smooth: int = param(3, "bars that smooth %K", ge=1, le=LONGEST_PERIOD)
    d: int = param(3, "bars that %D averages", ge=1, le=LONGEST_PERIOD)


def moving_average(function: Callable, title: str) -> Compute:
    """Return what draws a moving average of TA-Lib."""

    def compute(bars: pd.DataFrame, params: Parameters) -> list[Line]:
        return [Line(f"{title} {params.period}", function(_values(bars, "close"), params.period))]

    return compute


def bollinger(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    """Draw Bollinger Bands."""
    width, close = params.deviations, _values(bars, "close")
    bands = talib.BBANDS(close, params.period, width, width)
    title = f"BB {params.period} {width:g}"
    return [
        DrawnLine(f"{title} {part}", values, group=title)
        for part, values in zip(("upper", "middle", "lower"), bands, strict=True)
    ]


def macd(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    """Draw MACD, its signal line and the gap between them."""
    lengths = params.fast, params.slow, params.signal
    line, signal, histogram = talib.MACD(_values(bars, "close"), *lengths)
    title = " ".join(map(str, lengths))
    return [
        DrawnLine(f"MACD histogram {title}", histogram, "MACD", filled=True),
        Line(f"MACD {title}", line, "MACD"),
        Line(f"Signal {title}", signal, "MACD"),
    ]


def rsi(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    """Draw RSI, with its usual levels."""
    values = talib.RSI(_values(bars, "close"), params.period)
    return [Line(f"RSI {params.period}", values, "RSI", (30.0, 70.0))]


def atr(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    """Draw the average true range."""
    values = talib.ATR(*_ranges(bars), params.period)
    return [Line(f"ATR {params.period}", values, "ATR")]


def supertrend(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    """Draw the SuperTrend line."""
    line = supertrend_lines(*_ranges(bars), params.period, params.multiplier)[0]
    return [Line(f"SuperTrend {params.period} {params.multiplier:g}", line)]


def ath(bars: pd.DataFrame, _params: Parameters) -> list[Line]:
    """Draw the highest price so far."""
    return [Line("All-time high", running_maximum(_values(bars, "high")))]


def stochastic(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    """Draw %K and %D of the slow stochastic."""
    lengths = params.k, params.smooth, params.d
    slow_k, slow_d = talib.STOCH(
        *_ranges(bars),
        fastk_period=params.k,
        slowk_period=params.smooth,
        slowd_period=params.d,
    )
    title = " ".join(map(str, lengths))
    return [
        Line(f"%K {title}", slow_k, "Stochastic", (20.0, 80.0)),
        Line(f"%D {title}", slow_d, "Stochastic"),
    ]


def adx(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    """Draw ADX and its two directions."""
    period, ranges = params.period, _ranges(bars)
    return [
        Line(f"ADX {period}", talib.ADX(*ranges, period), "ADX", (25.0,)),
        Line(f"+DI {period}", talib.PLUS_DI(*ranges, period), "ADX"),
        Line(f"-DI {period}", talib.MINUS_DI(*ranges, period), "ADX"),
    ]


def obv(bars: pd.DataFrame, _params: Parameters) -> list[Line]:
    """Draw the on-balance volume: a bar of unknown volume adds nothing."""
    values = talib.OBV(_values(bars, "close"), np.nan_to_num(_values(bars, "volume")))
    return [Line("OBV", values, "OBV")]


def vwap(bars: pd.DataFrame, _params: Parameters) -> list[Line]:
    """Draw the mean price of what was traded since the session began."""
    high, low, close = _ranges(bars)
    volume = np.nan_to_num(_values(bars, "volume"))
    session = bars[SESSION].to_numpy()
    money = _sum_by_session((high + low + close) / 3.0 * volume, session)
    shares = _sum_by_session(volume, session)
    values = np.full(len(close), np.nan)
    np.divide(money, shares, out=values, where=shares > 0)
    return [Line("VWAP", values)]


def _sum_by_session(values: np.ndarray, session: np.ndarray) -> np.ndarray:
    """Add up within each session; sums of their own, so that no long history costs digits."""
    return pd.Series(values).groupby(session, sort=False).cumsum().to_numpy()


def _values(bars: pd.DataFrame, name: str) -> np.ndarray:
    return np.ascontiguousarray(bars[name].to_numpy(np.float64))


def _ranges(bars: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _values(bars, "high"), _values(bars, "low"), _values(bars, "close")
