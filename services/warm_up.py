"""Loads compiled code before the first user needs it; it is compiled where it was not yet."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from services.backtest.run import Rule, run_backtest
from services.bars import PRICE_COLUMNS
from services.charts.heikin_ashi import heikin_ashi

_BARS = 120


def warm_up(rules: Iterable[Rule]) -> None:
    """Run every rule, and what charts compile, on a few bars of a wave; nothing of it is kept."""
    bars = _waves()
    heikin_ashi(*(bars[name].to_numpy() for name in PRICE_COLUMNS))
    for rule in rules:
        run_backtest(bars, rule)


def _waves() -> pd.DataFrame:
    close = 100 + 10 * np.sin(np.arange(_BARS) / 7.0)
    ts = pd.date_range("2024-01-01", periods=_BARS, freq="D", tz="UTC", unit="us")
    prices = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 1000.0}
    return pd.DataFrame({"ts": ts, **prices})
