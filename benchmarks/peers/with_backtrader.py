"""The benchmarks' rules for backtrader, which trades one share: its sizes are set before the fill,
when the price of the next open is not known."""

import backtrader as bt
import numpy as np
import pandas as pd

from benchmarks.rules import CASH, FAST, OVERBOUGHT, OVERSOLD, SLOW

ANALYSERS = (
    bt.analyzers.SharpeRatio,
    bt.analyzers.DrawDown,
    bt.analyzers.TradeAnalyzer,
    bt.analyzers.Returns,
    bt.analyzers.SQN,
)


class Noted(bt.Strategy):
    """Notes bar and price of every fill."""

    def __init__(self):
        self.fills = []

    def notify_order(self, order):
        if order.status == order.Completed:
            self.fills.append((len(self) - 1, order.executed.price))


class MaCross(Noted):
    """Buy when the fast average crosses above the slow one, sell when it crosses below."""

    def __init__(self):
        super().__init__()
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=FAST), bt.ind.SMA(period=SLOW))

    def next(self):
        if self.cross[0] > 0 and not self.position:
            self.buy()
        elif self.cross[0] < 0 and self.position:
            self.close()


class ByBar(Noted):
    """Buy while RSI is low, sell while it is high."""

    def __init__(self):
        super().__init__()
        self.rsi = bt.ind.RSI(period=14)

    def next(self):
        if self.rsi[0] < OVERSOLD:
            if not self.position:
                self.buy()
        elif self.rsi[0] > OVERBOUGHT and self.position:
            self.close()


def run(bars: pd.DataFrame, rule: type[Noted]) -> Noted:
    """Backtest a rule with the usual analysers and return it, run."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=bars.set_index(bars["ts"].dt.tz_localize(None))))
    cerebro.addstrategy(rule)
    cerebro.broker.setcash(CASH)
    for analyser in ANALYSERS:
        cerebro.addanalyzer(analyser)
    return cerebro.run()[0]


def trades_of(rule: Noted) -> np.ndarray:
    """Return bar and price of each entry and exit, a row a closed trade."""
    fills = np.array(rule.fills, dtype=np.float64)
    return fills[: len(fills) // 2 * 2].reshape(-1, 4)
