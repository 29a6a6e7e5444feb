"""The indicators that a chart offers: what each is called, its parameters, its lines.

They are written "sma:20,bb:20:2": names with the values of their parameters in order. TA-Lib
computes them, but for VWAP, which it has not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import talib

from services.backtest.lines import PRICE_PANE, Line
from services.errors import InvalidParams, did_you_mean
from services.indicators.drawn import DrawnLine
from services.indicators.kernels import running_maximum
from services.indicators.supertrend import supertrend_lines
from services.parameters import Parameters, build_parameters, ordered, param, parameter_specs

MOST_INDICATORS = 12
LONGEST_PERIOD = 5000
SESSION = "session"  # the column of a frame of intraday bars that VWAP needs


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


Compute = Callable[[pd.DataFrame, Parameters], list[Line]]


@dataclass(frozen=True)
class IndicatorSpec:
    """One indicator; `pane` is the price's or the title of its own.

    `compute` takes a frame of bars (services.bars) and gives its lines, NaN in the warm-up.
    `intraday_only` needs the column SESSION, a number that changes with each session.
    """

    name: str
    label: str
    help: str
    Params: type[Parameters]
    pane: str
    compute: Compute
    intraday_only: bool = False


@dataclass(frozen=True)
class ChosenIndicator:
    """An indicator with its parameters, as someone chose it."""

    spec: IndicatorSpec
    params: Parameters

    @property
    def text(self) -> str:
        """The indicator as it is written in an address, every parameter named."""
        return ":".join([self.spec.name, *map(_written, self.params.model_dump().values())])

    def lines(self, bars: pd.DataFrame) -> list[Line]:
        """Compute its lines; raise InvalidParams where it needs intraday bars."""
        if self.spec.intraday_only and SESSION not in bars:
            raise InvalidParams(
                f"{self.spec.label} begins anew with each session: choose bars of less than a day, "
                "or take it off the chart.",
                field="ind",
            )
        return self.spec.compute(bars, self.params)


def parse_indicators(text: str) -> tuple[ChosenIndicator, ...]:
    """Read "sma:20,rsi"; parameters left out have their defaults, the same twice counts once.

    Raises InvalidParams for an unknown name, a value out of range, or too many of them.
    """
    parts = [part.strip() for part in str(text or "").split(",") if part.strip()]
    if len(parts) > MOST_INDICATORS:
        raise InvalidParams(
            f"A chart shows at most {MOST_INDICATORS} indicators, not {len(parts):,}: take some "
            "away.",
            field="ind",
        )
    chosen = {one.text: one for one in map(_parse, parts)}
    return tuple(chosen.values())


def indicators_text(chosen: Iterable[ChosenIndicator]) -> str:
    """Return what parse_indicators reads as the same indicators."""
    return ",".join(one.text for one in chosen)


def _parse(part: str) -> ChosenIndicator:
    name, *values = (piece.strip() for piece in part.split(":"))
    spec = CHART_INDICATORS.get(name.lower())
    if spec is None:
        raise InvalidParams(
            f'There is no indicator "{name[:30]}": use {", ".join(CHART_INDICATORS)}.'
            f"{did_you_mean(name[:30], CHART_INDICATORS)}",
            field="ind",
        )
    names = [parameter.name for parameter in parameter_specs(spec.Params)]
    if len(values) > len(names):
        takes = f"takes only {', '.join(names)}" if names else "takes no parameters"
        raise InvalidParams(f"{spec.name} {takes}, not {len(values):,} values.", field="ind")
    given = {key: value for key, value in zip(names, values, strict=False) if value}
    return ChosenIndicator(spec, build_parameters(spec.Params, given, spec.name))


def _written(value: float) -> str:
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _moving_average(function: Callable, title: str) -> Compute:
    def compute(bars: pd.DataFrame, params: Parameters) -> list[Line]:
        return [Line(f"{title} {params.period}", function(_values(bars, "close"), params.period))]

    return compute


def _bollinger(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    width, close = params.deviations, _values(bars, "close")
    bands = talib.BBANDS(close, params.period, width, width)
    title = f"BB {params.period} {width:g}"
    return [
        DrawnLine(f"{title} {part}", values, group=title)
        for part, values in zip(("upper", "middle", "lower"), bands, strict=True)
    ]


def _macd(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    lengths = params.fast, params.slow, params.signal
    line, signal, histogram = talib.MACD(_values(bars, "close"), *lengths)
    title = " ".join(map(str, lengths))
    return [
        DrawnLine(f"MACD histogram {title}", histogram, "MACD", filled=True),
        Line(f"MACD {title}", line, "MACD"),
        Line(f"Signal {title}", signal, "MACD"),
    ]


def _rsi(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    values = talib.RSI(_values(bars, "close"), params.period)
    return [Line(f"RSI {params.period}", values, "RSI", (30.0, 70.0))]


def _atr(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    values = talib.ATR(*_ranges(bars), params.period)
    return [Line(f"ATR {params.period}", values, "ATR")]


def _supertrend(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    line = supertrend_lines(*_ranges(bars), params.period, params.multiplier)[0]
    return [Line(f"SuperTrend {params.period} {params.multiplier:g}", line)]


def _ath(bars: pd.DataFrame, _params: Parameters) -> list[Line]:
    return [Line("All-time high", running_maximum(_values(bars, "high")))]


def _stochastic(bars: pd.DataFrame, params: Parameters) -> list[Line]:
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


def _adx(bars: pd.DataFrame, params: Parameters) -> list[Line]:
    period, ranges = params.period, _ranges(bars)
    return [
        Line(f"ADX {period}", talib.ADX(*ranges, period), "ADX", (25.0,)),
        Line(f"+DI {period}", talib.PLUS_DI(*ranges, period), "ADX"),
        Line(f"-DI {period}", talib.MINUS_DI(*ranges, period), "ADX"),
    ]


def _obv(bars: pd.DataFrame, _params: Parameters) -> list[Line]:
    # A bar of unknown volume adds nothing.
    values = talib.OBV(_values(bars, "close"), np.nan_to_num(_values(bars, "volume")))
    return [Line("OBV", values, "OBV")]


def _vwap(bars: pd.DataFrame, _params: Parameters) -> list[Line]:
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


_SPECS = (
    IndicatorSpec(
        "sma",
        "Simple moving average",
        "Mean of the last closes.",
        Period20,
        PRICE_PANE,
        _moving_average(talib.SMA, "SMA"),
    ),
    IndicatorSpec(
        "ema",
        "Exponential moving average",
        "Mean of all closes, the latest weighing most.",
        Period20,
        PRICE_PANE,
        _moving_average(talib.EMA, "EMA"),
    ),
    IndicatorSpec(
        "wma",
        "Weighted moving average",
        "Mean of the last closes, with weights that rise to the latest.",
        Period20,
        PRICE_PANE,
        _moving_average(talib.WMA, "WMA"),
    ),
    IndicatorSpec(
        "bb",
        "Bollinger Bands",
        "A moving average, and bands some standard deviations above and below it.",
        BollingerParameters,
        PRICE_PANE,
        _bollinger,
    ),
    IndicatorSpec(
        "macd",
        "MACD",
        "Difference of a fast and a slow average, its average, and the gap between the two.",
        MacdParameters,
        "MACD",
        _macd,
    ),
    IndicatorSpec(
        "rsi",
        "RSI",
        "Strength of rises against falls, 0 to 100.",
        Period14,
        "RSI",
        _rsi,
    ),
    IndicatorSpec(
        "atr",
        "Average true range",
        "How far the price moves in a bar, gaps included.",
        Period14,
        "ATR",
        _atr,
    ),
    IndicatorSpec(
        "supertrend",
        "SuperTrend",
        "A line some average ranges behind the price that changes sides when it is crossed.",
        SupertrendParameters,
        PRICE_PANE,
        _supertrend,
    ),
    IndicatorSpec(
        "ath",
        "All-time high",
        "Highest price of the stored history so far.",
        NoParameters,
        PRICE_PANE,
        _ath,
    ),
    IndicatorSpec(
        "stoch",
        "Stochastic",
        "Where the close lies in the range of the last bars, 0 to 100.",
        StochasticParameters,
        "Stochastic",
        _stochastic,
    ),
    IndicatorSpec(
        "adx",
        "ADX",
        "How strong a trend is, and its two directions.",
        Period14,
        "ADX",
        _adx,
    ),
    IndicatorSpec(
        "obv",
        "On-balance volume",
        "Volume added on rising closes and taken off on falling ones.",
        NoParameters,
        "OBV",
        _obv,
    ),
    IndicatorSpec(
        "vwap",
        "VWAP",
        "Mean price of what was traded since the session began.",
        NoParameters,
        PRICE_PANE,
        _vwap,
        intraday_only=True,
    ),
)
CHART_INDICATORS: dict[str, IndicatorSpec] = {spec.name: spec for spec in _SPECS}
