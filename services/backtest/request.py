"""What the user asks to be tested, as the form, the URL and the command line say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from services.backtest.risk import FINER_RESOLUTIONS
from services.backtest.settings import SimulationSettings
from services.errors import InvalidParams
from services.timespan import RESOLUTIONS, Duration, check_resolution, parse_date

PARAM_PREFIX = "p."
DEFAULT_RESOLUTION = "1d"
# The assumptions that an address holds only where they are not the usual ones.
RISK_NAMES = (
    "side",
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "intrabar",
    "sizing",
    "fractional",
    "max_exposure",
    "cash_interest",
    "borrow_rate",
)
QUERY_NAMES = (
    "symbol",
    "resolution",
    "strategy",
    "duration",
    "start",
    "end",
    "cash",
    "commission",
    "slippage",
    "fill",
    *RISK_NAMES,
)
_DATE_ONLY = 10


@dataclass(frozen=True)
class BacktestRequest:
    """One backtest to run; the span is a duration back from the last bar, or dates, or all."""

    symbol: str
    resolution: str
    strategy: str
    params: Mapping[str, Any] = field(default_factory=dict)
    duration: str = ""
    start: str = ""
    end: str = ""
    settings: SimulationSettings = field(default_factory=SimulationSettings)

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "BacktestRequest":
        """Read a URL query; what it leaves out has its default. Raises InvalidParams."""
        default = SimulationSettings()
        settings = SimulationSettings(
            cash=query.get("cash") or default.cash,
            commission=query.get("commission") or default.commission,
            slippage_bps=query.get("slippage") or default.slippage_bps,
            fill=query.get("fill") or default.fill,
            **{name: query[name] for name in RISK_NAMES if query.get(name)},
        )
        return cls(
            symbol=query.get("symbol", ""),
            resolution=query.get("resolution") or DEFAULT_RESOLUTION,
            strategy=query.get("strategy", ""),
            params={
                name.removeprefix(PARAM_PREFIX): value
                for name, value in query.items()
                if name.startswith(PARAM_PREFIX) and value != ""
            },
            duration=query.get("duration", ""),
            start=query.get("start", ""),
            end=query.get("end", ""),
            settings=settings,
        )

    def __post_init__(self):
        """Check what can be checked without data; raise InvalidParams naming the field."""
        object.__setattr__(self, "symbol", self.symbol.strip().upper())
        if not self.symbol:
            raise InvalidParams("Choose a symbol.", field="symbol")
        check_resolution(self.resolution)
        self._check_finer()
        if self.duration and (self.start or self.end):
            raise InvalidParams("Give a duration or dates, not both.", field="duration")
        if self.duration:
            object.__setattr__(self, "duration", str(Duration.parse(self.duration)))
        start = parse_date(self.start, "start") if self.start else None
        end = _end_of(self.end) if self.end else None
        if start and end and start > end:
            raise InvalidParams("The start lies after the end: swap the two.", field="start")

    def _check_finer(self) -> None:
        finer = self.settings.finer_resolution
        if finer and RESOLUTIONS[finer] >= RESOLUTIONS[self.resolution]:
            raise InvalidParams(
                f"{finer} bars are not finer than {self.resolution} bars: name shorter ones, or "
                "let the stop come first within a bar.",
                field="intrabar",
            )
        if self.settings.needs_finer and self.resolution == FINER_RESOLUTIONS[0]:
            raise InvalidParams(
                f"No bars are finer than {self.resolution} bars: let the stop come first within a "
                "bar.",
                field="intrabar",
            )

    def span(self, last_bar: pd.Timestamp) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
        """Return the first and last moment to trade (None: unlimited); both belong to the span."""
        if self.duration:
            return Duration.parse(self.duration).before(last_bar), None
        start = parse_date(self.start, "start") if self.start else None
        return start, _end_of(self.end) if self.end else None

    def as_query(self) -> dict[str, str]:
        """Return the canonical URL query: every value that matters, strategy parameters as p.*"""
        span = {"duration": self.duration, "start": self.start, "end": self.end}
        said = self.settings.as_dict()
        risk = {name: said[name] for name in RISK_NAMES if name in said}
        costs = {
            "cash": _digits(self.settings.cash),
            "commission": self.settings.commission,
            "slippage": _digits(self.settings.slippage_bps),
            "fill": self.settings.fill,
        }
        return {
            "symbol": self.symbol,
            "resolution": self.resolution,
            "strategy": self.strategy,
            **{name: value for name, value in span.items() if value},
            **costs,
            **{name: _text(value) for name, value in risk.items()},
            **{
                f"{PARAM_PREFIX}{name}": str(value)
                for name, value in self.params.items()
                if value is not None
            },
        }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _digits(value) if isinstance(value, float) else value


def _digits(number: float) -> str:
    """Write a number with the fewest digits that read back as the same number."""
    return repr(number).removesuffix(".0")


def _end_of(text: str) -> pd.Timestamp:
    """Read an end: a date without a time means the whole of that day."""
    moment = parse_date(text, "end")
    is_day = len(text.strip()) <= _DATE_ONLY
    return moment + pd.Timedelta(days=1, microseconds=-1) if is_day else moment
