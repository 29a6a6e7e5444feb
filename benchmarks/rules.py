"""The rules that the benchmarks trade, in our words, and how they are traded."""

import numpy as np
import pandas as pd

from benchmarks.bench_core import GOOG, read_daily
from services.backtest import BacktestResult, SimulationSettings
from strategies.base import Strategy
from strategies.ma_cross import MaCross

# So much that a peer which buys whole shares only comes within a millionth of ours.
CASH = 1e9
AT_NEXT_OPEN = SimulationSettings(cash=CASH, commission="none", slippage_bps=0)
AT_CLOSE = SimulationSettings(cash=CASH, commission="none", slippage_bps=0, fill="close")
FAST, SLOW = 20, 50
OVERSOLD, OVERBOUGHT = 35, 65
LENGTHS = range(2, 102)


class ByBar(Strategy):
    """Buy while RSI is low, sell while it is high."""

    name = "by_bar"

    def on_bar(self, i, row, df):
        if row["rsi"] < OVERSOLD:
            return "BUY"
        if row["rsi"] > OVERBOUGHT:
            return "SELL"
        return None


def ma_cross() -> MaCross:
    """Return the crossover of the averages that all contenders trade."""
    return MaCross(fast=FAST, slow=SLOW)


def trades_of(result: BacktestResult) -> np.ndarray:
    """Return bar and price of each entry and exit, a row a closed trade."""
    closed = result.trades[result.trades["exit_bar"] >= 0]
    return closed[["entry_bar", "entry_price", "exit_bar", "exit_price"]].to_numpy(np.float64)


def daily_bars(count: int) -> pd.DataFrame:
    """Lay the bars of the GOOG file end to end, on one working day after the other."""
    bars = read_daily(GOOG)
    many = pd.concat([bars] * -(-count // len(bars)), ignore_index=True).iloc[:count]
    return many.assign(ts=pd.bdate_range(bars["ts"].iloc[0], periods=count, unit="us"))
