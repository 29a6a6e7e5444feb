"""Runs for the tests of the analysis: scripted signals, and runs of a given equity curve."""

from dataclasses import replace

import numpy as np
import pandas as pd
from builders import closes
from scripted import Scripted

from services.backtest import SimulationSettings, run_backtest

BUY, SELL, HOLD = 1, -1, 0
FREE = SimulationSettings(cash=1000, commission="none", slippage_bps=0)


def scripted(bars, signals, simulation=FREE, **how):
    """Run the given signals, HOLD where they end early."""
    return run_backtest(bars, Scripted(signals), simulation, **how)


def times(count, freq="B", start="2024-01-01"):
    """Return the times of some bars in UTC."""
    return pd.date_range(start, periods=count, freq=freq, tz="UTC", unit="us")


def run_of(equity, ts=None, cash=100.0, benchmark=None):
    """Return a run whose equity is as given; its trades are none."""
    ts = times(len(equity)) if ts is None else pd.DatetimeIndex(ts)
    bars = closes(*([100.0] * len(ts)))
    bars["ts"] = ts
    simulation = SimulationSettings(cash=cash, commission="none", slippage_bps=0)
    result = scripted(bars, [], simulation)
    benchmark = equity if benchmark is None else benchmark
    return replace(
        result,
        equity=pd.Series(np.array(equity, dtype=np.float64), index=ts, name="equity"),
        benchmark_equity=pd.Series(np.array(benchmark, dtype=np.float64), index=ts),
    )


def run_of_profits(*profits, bars_each=2, start="2024-01-01", freq="B"):
    """Return a run whose trades, of `bars_each` bars each, made these fractions of their value."""
    price, rows, signals = 100.0, [price_row(100.0)], [BUY]
    for profit in profits:
        rows += [price_row(price)] * bars_each
        price = price * (1 + profit)
        rows.append(price_row(price))
        signals += [HOLD] * (bars_each - 1) + [SELL, BUY]
    bars = closes(*[row[3] for row in rows])
    bars[["open", "high", "low", "close"]] = rows
    bars["ts"] = times(len(rows), freq, start)
    return scripted(bars, signals[:-1] + [HOLD])


def price_row(price):
    """Return the open, high, low and close of a bar that does not move."""
    return (price, price, price, price)
