"""What a chart is drawn from: whole arrays, made once, of which every view takes its part."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from services.backtest.result import BacktestResult
from services.charts.heikin_ashi import heikin_ashi
from services.charts.panes import DRAWDOWN, EQUITY
from services.charts.zones import EXCHANGE, Clock, clock_of
from services.events import ChartEvent
from services.indicators.lines import Line
from services.metrics import drawdown_of

Prices = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
_PRICES = ("open", "high", "low", "close")
_ARRAYS = ("ts", *_PRICES, "volume")
# What markers need of a trade: the rest tells, in a replay, of what is still to come.
_TRADE_PARTS = ["entry_bar", "entry_price", "exit_bar", "exit_price", "quantity", "side"]
_WEEK = np.timedelta64(5, "D")  # bars further apart than this are weeks


@dataclass(frozen=True, eq=False)
class Curve:
    """A series in a pane of its own, one value a bar; `fill` is a token, or empty.

    `lowest` draws the lowest value of each candle, so that none between two is lost.
    """

    name: str
    pane: str
    values: np.ndarray
    colour: str
    fill: str = ""
    lowest: bool = False


@dataclass(frozen=True, eq=False)
class Compared:
    """The closes of a second symbol at the times of the first's bars, NaN where it has none."""

    symbol: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class ChartSource:
    """The bars of a chart, ascending, and all that is drawn with them.

    `ts` is datetime64[us] in UTC; the other arrays, those of lines and of curves have one value a
    bar. `trades` has the columns of services.backtest.trades. `timezone` is the exchange's, whose
    days begin `lead` minutes before midnight; `session_based` bars carry dates.
    """

    ts: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    lines: tuple[Line, ...] = ()
    curves: tuple[Curve, ...] = ()
    trades: pd.DataFrame | None = None
    events: tuple[ChartEvent, ...] = ()
    timezone: str = "UTC"
    lead: int = 0
    session_based: bool = True
    compared: Compared | None = None
    whole: "ChartSource | None" = None

    def __len__(self) -> int:
        return len(self.ts)

    @property
    def prices(self) -> Prices:
        """Return open, high, low and close."""
        return self.open, self.high, self.low, self.close

    @cached_property
    def heikin_ashi(self) -> Prices:
        """Return open, high, low and close of the Heikin-Ashi candles."""
        if self.whole is None:
            return heikin_ashi(*self.prices)
        return tuple(values[: len(self)] for values in self.whole.heikin_ashi)

    @cached_property
    def traded(self) -> np.ndarray:
        """Return the volume, zero where it is not known."""
        if self.whole is None:
            return np.nan_to_num(self.volume)
        return self.whole.traded[: len(self)]

    @cached_property
    def flags(self) -> tuple[tuple[int, ChartEvent], ...]:
        """Return each event with the position of the bar at which it is shown.

        That is the bar in which its day lies, else the next one; before the first bar and after
        the last one nothing is shown.
        """
        if not self.events:
            return ()
        if self.whole is not None:
            shown = set(self.events)
            return tuple(flag for flag in self.whole.flags if flag[1] in shown)
        days = np.array([event.date for event in self.events], dtype="datetime64[D]")
        bars = self._bars_of(days)
        known = (bars < len(self)) & (days >= self.clock().days(self.ts[:1])[0])
        return tuple(
            (int(bar), event)
            for bar, event, is_known in zip(bars, self.events, known, strict=True)
            if is_known
        )

    def clock(self, zone: str = EXCHANGE) -> Clock:
        """Return the clock of the labels for a zone as ChartOptions has it."""
        return clock_of(self.timezone, self.session_based, zone, self.lead)

    def until(self, position: int | None) -> "ChartSource":
        """Return what was known when the bar at `position` was complete; None: everything."""
        if position is None or position >= len(self) - 1:
            return self
        count = position + 1
        cut = {name: getattr(self, name)[:count] for name in _ARRAYS}
        compared = self.compared
        return replace(
            self,
            **cut,
            lines=tuple(replace(line, values=line.values[:count]) for line in self.lines),
            curves=tuple(replace(curve, values=curve.values[:count]) for curve in self.curves),
            trades=None if self.trades is None else _trades_until(self.trades, position),
            events=self._events_until(position),
            compared=compared and replace(compared, values=compared.values[:count]),
            whole=self if self.whole is None else self.whole,
        )

    def _events_until(self, position: int) -> tuple[ChartEvent, ...]:
        if self.session_based:
            return tuple(event for bar, event in self.flags if bar <= position)
        # What happened on a day is known when the day is over: the hour is not stored.
        today = self.clock().days(self.ts[position : position + 1])[0]
        return tuple(event for event in self.events if np.datetime64(event.date, "D") < today)

    def _bars_of(self, days: np.ndarray) -> np.ndarray:
        if not self.session_based:
            return np.searchsorted(self.ts, self.clock().day_begins(days))
        after = np.searchsorted(self.ts, days.astype(self.ts.dtype), side="right")
        weekly = len(self) > 1 and np.diff(self.ts).min() >= _WEEK
        length = np.timedelta64(7 if weekly else 1, "D")
        within = (after > 0) & (days < self.ts[np.maximum(after - 1, 0)] + length)
        return after - within


def source_of(
    result: BacktestResult,
    *,
    timezone: str = "UTC",
    lead: int = 0,
    events: tuple[ChartEvent, ...] = (),
) -> ChartSource:
    """Return what a run is drawn from: its bars, lines, trades, equity and drawdown."""
    bars = result.bars
    ts = bars["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    equity = result.equity.to_numpy()
    curves = (
        Curve("Buy & Hold", EQUITY, result.benchmark_equity.to_numpy(), "--benchmark"),
        Curve("Strategy equity", EQUITY, equity, "--equity"),
        Curve(
            DRAWDOWN,
            DRAWDOWN,
            drawdown_of(equity, result.settings.cash),
            "--down",
            fill="--drawdown",
            lowest=True,
        ),
    )
    return ChartSource(
        ts,
        *(bars[name].to_numpy(np.float64) for name in (*_PRICES, "volume")),
        lines=tuple(result.lines),
        curves=curves,
        trades=result.trades,
        events=events,
        timezone=timezone,
        lead=lead,
        session_based=bool((ts == ts.astype("datetime64[D]")).all()),
    )


def _trades_until(trades: pd.DataFrame, position: int) -> pd.DataFrame:
    """Return the trades that had begun; those that ended later are still open."""
    begun = trades.loc[trades["entry_bar"] <= position, _TRADE_PARTS].copy()
    is_open = begun["exit_bar"] > position
    begun.loc[is_open, "exit_bar"] = -1
    begun.loc[is_open, "exit_price"] = np.nan
    return begun
