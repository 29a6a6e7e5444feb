"""A strategy that says what it is told to say, for tests of all that comes after the signals."""

import numpy as np

from strategies.base import Strategy


class Scripted(Strategy):
    """Gives the signals that it was told, 0 where they end early, and draws these lines."""

    name = "scripted"
    rule = "Buy and sell as told."

    def __init__(self, signals=(), lines=()):
        super().__init__()
        self.told, self.drawn = signals, lines

    def signals(self, df):
        signals = np.zeros(len(df), dtype=np.int8)
        signals[: len(self.told)] = self.told
        return signals

    def lines(self, df):
        return list(self.drawn)
