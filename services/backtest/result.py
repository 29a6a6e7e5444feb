"""What a backtest gives: everything that a chart, a report or a saved run is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from services.backtest.finer_use import FinerUse
from services.backtest.pieces import Pieces
from services.backtest.settings import SimulationSettings
from services.indicators.lines import Line
from services.metric_specs import Metrics


@dataclass(frozen=True)
class StrategyInfo:
    """Which rule was tested: its name, its parameters and the rule in words."""

    name: str
    params: Mapping[str, Any]
    rule: str = ""


@dataclass(frozen=True)
class BacktestResult:
    """A finished backtest.

    `bars` holds the tested bars (the bar columns); every array has one value a bar. `equity` and
    `benchmark_equity` (Buy & Hold) are money at each close, indexed by time; `position` is 1
    where the bar ends long, -1 where short; `signals` are +1, -1, 0. `trades` has TRADE_COLUMNS of
    `services.backtest.trades`. Metrics are named as in `services.metrics.METRICS`. `known` holds,
    where the rules asked, what was known at each bar of "atr" and "volatility"; `pieces` the
    finer bars that its exits were looked for in, and `finer` what they could tell. A run that was
    saved has no `finer`, and no `pieces` if they were too many to keep.
    """

    bars: pd.DataFrame
    signals: np.ndarray
    equity: pd.Series
    benchmark_equity: pd.Series
    position: np.ndarray
    trades: pd.DataFrame
    metrics: Metrics
    benchmark_metrics: Metrics
    lines: tuple[Line, ...]
    strategy: StrategyInfo
    settings: SimulationSettings
    known: Mapping[str, np.ndarray] = field(default_factory=dict)
    pieces: Pieces | None = None
    finer: FinerUse | None = None

    @property
    def start(self) -> pd.Timestamp:
        """Time of the first tested bar."""
        return self.bars["ts"].iloc[0]

    @property
    def end(self) -> pd.Timestamp:
        """Time of the last tested bar."""
        return self.bars["ts"].iloc[-1]
