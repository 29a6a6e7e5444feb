"""Builders of what charts are drawn from, and readers of their figures."""

from datetime import date

import pandas as pd
from builders import random_walk
from scripted import Scripted

from services.backtest import SimulationSettings, run_backtest
from services.charts import ChartSource
from services.events import LETTERS, ChartEvent

PRICES = ("open", "high", "low", "close")


def result_of(bars, signals=(), lines=(), **how):
    """Run a strategy that gives these signals and draws these lines."""
    return run_backtest(bars, Scripted(signals, lines), SimulationSettings(**how))


def source(bars, **more) -> ChartSource:
    """Build a source from a frame of bars."""
    ts = bars["ts"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    columns = [bars[name].to_numpy() for name in (*PRICES, "volume")]
    more.setdefault("session_based", bool((ts == ts.astype("datetime64[D]")).all()))
    return ChartSource(ts, *columns, **more)


def sessions(days, minutes=390, at="09:30", zone="America/New_York", step=1) -> pd.DatetimeIndex:
    """Return the times of bars in sessions on these days, as an exchange in `zone` trades."""
    opens = [pd.Timestamp(f"{day} {at}", tz=zone) for day in days]
    moments = [start + pd.Timedelta(minutes=n) for start in opens for n in range(0, minutes, step)]
    return pd.DatetimeIndex(moments).tz_convert("UTC").as_unit("us")


def event(day, kind="earnings", text="Earnings") -> ChartEvent:
    """Build an event."""
    return ChartEvent(date.fromisoformat(day), kind, LETTERS[kind], text)


def named(figure, name):
    """Return the trace of that name."""
    return next(trace for trace in figure["data"] if trace["name"] == name)


def x_range(figure):
    """Return the ends of the axis as positions of bars."""
    left, right = figure["layout"]["xaxis"]["range"]
    return left + 0.5, right - 0.5


NEW_YORK = "America/New_York"
# Thursday, Friday, the week-end in which New York's clocks go forward, and Monday.
MARCH = sessions(["2024-03-07", "2024-03-08", "2024-03-11"])
INTRADAY = random_walk(len(MARCH), 2, resolution="1m").assign(ts=MARCH)
