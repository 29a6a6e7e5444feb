"""The benchmarks' rules for backtesting.py."""

import functools
import warnings

import backtesting.backtesting
import numpy as np
import pandas as pd
import talib
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

from benchmarks.rules import CASH, FAST, OVERBOUGHT, OVERSOLD, SLOW

warnings.filterwarnings("ignore", "Some trades remain open")
# Without its progress bar, which would only cost it time.
backtesting.backtesting._tqdm = functools.partial(backtesting.backtesting._tqdm, disable=True)


class MaCross(Strategy):
    """Buy when the fast average crosses above the slow one, sell when it crosses below."""

    def init(self):
        self.fast = self.I(talib.SMA, self.data.Close, FAST)
        self.slow = self.I(talib.SMA, self.data.Close, SLOW)

    def next(self):
        if crossover(self.fast, self.slow):
            self.buy()
        elif crossover(self.slow, self.fast):
            self.position.close()


class ByBar(Strategy):
    """Buy while RSI is low, sell while it is high."""

    def init(self):
        self.rsi = self.I(talib.RSI, self.data.Close, 14)

    def next(self):
        if self.rsi[-1] < OVERSOLD:
            if not self.position:
                self.buy()
        elif self.rsi[-1] > OVERBOUGHT:
            self.position.close()


def run(bars: pd.DataFrame, rule: type[Strategy]) -> pd.Series:
    """Backtest a rule and return its statistics; a trade still open stays out of them."""
    columns = {name: name.capitalize() for name in ("open", "high", "low", "close", "volume")}
    data = bars.set_index(bars["ts"].dt.tz_localize(None))[list(columns)].rename(columns=columns)
    return Backtest(data, rule, cash=CASH).run()


def trades_of(stats: pd.Series) -> np.ndarray:
    """Return bar and price of each entry and exit, a row a trade."""
    trades = stats["_trades"].sort_values("EntryBar")
    return trades[["EntryBar", "EntryPrice", "ExitBar", "ExitPrice"]].to_numpy(np.float64)
