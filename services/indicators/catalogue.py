"""The indicators that a chart offers: what each is called, its parameters, its lines.

They are written "sma:20,bb:20:2": names with the values of their parameters in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import talib

from services.errors import InvalidParams, did_you_mean
from services.indicators import chart_lines
from services.indicators.chart_lines import SESSION, Compute
from services.indicators.lines import PRICE_PANE, Line
from services.parameters import Parameters, build_parameters, parameter_specs

MOST_INDICATORS = 12


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


_SPECS = (
    IndicatorSpec(
        "sma",
        "Simple moving average",
        "Mean of the last closes.",
        chart_lines.Period20,
        PRICE_PANE,
        chart_lines.moving_average(talib.SMA, "SMA"),
    ),
    IndicatorSpec(
        "ema",
        "Exponential moving average",
        "Mean of all closes, the latest weighing most.",
        chart_lines.Period20,
        PRICE_PANE,
        chart_lines.moving_average(talib.EMA, "EMA"),
    ),
    IndicatorSpec(
        "wma",
        "Weighted moving average",
        "Mean of the last closes, with weights that rise to the latest.",
        chart_lines.Period20,
        PRICE_PANE,
        chart_lines.moving_average(talib.WMA, "WMA"),
    ),
    IndicatorSpec(
        "bb",
        "Bollinger Bands",
        "A moving average, and bands some standard deviations above and below it.",
        chart_lines.BollingerParameters,
        PRICE_PANE,
        chart_lines.bollinger,
    ),
    IndicatorSpec(
        "macd",
        "MACD",
        "Difference of a fast and a slow average, its average, and the gap between the two.",
        chart_lines.MacdParameters,
        "MACD",
        chart_lines.macd,
    ),
    IndicatorSpec(
        "rsi",
        "RSI",
        "Strength of rises against falls, 0 to 100.",
        chart_lines.Period14,
        "RSI",
        chart_lines.rsi,
    ),
    IndicatorSpec(
        "atr",
        "Average true range",
        "How far the price moves in a bar, gaps included.",
        chart_lines.Period14,
        "ATR",
        chart_lines.atr,
    ),
    IndicatorSpec(
        "supertrend",
        "SuperTrend",
        "A line some average ranges behind the price that changes sides when it is crossed.",
        chart_lines.SupertrendParameters,
        PRICE_PANE,
        chart_lines.supertrend,
    ),
    IndicatorSpec(
        "ath",
        "All-time high",
        "Highest price of the stored history so far.",
        chart_lines.NoParameters,
        PRICE_PANE,
        chart_lines.ath,
    ),
    IndicatorSpec(
        "stoch",
        "Stochastic",
        "Where the close lies in the range of the last bars, 0 to 100.",
        chart_lines.StochasticParameters,
        "Stochastic",
        chart_lines.stochastic,
    ),
    IndicatorSpec(
        "adx",
        "ADX",
        "How strong a trend is, and its two directions.",
        chart_lines.Period14,
        "ADX",
        chart_lines.adx,
    ),
    IndicatorSpec(
        "obv",
        "On-balance volume",
        "Volume added on rising closes and taken off on falling ones.",
        chart_lines.NoParameters,
        "OBV",
        chart_lines.obv,
    ),
    IndicatorSpec(
        "vwap",
        "VWAP",
        "Mean price of what was traded since the session began.",
        chart_lines.NoParameters,
        PRICE_PANE,
        chart_lines.vwap,
        intraday_only=True,
    ),
)
CHART_INDICATORS: dict[str, IndicatorSpec] = {spec.name: spec for spec in _SPECS}
