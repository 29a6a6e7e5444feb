"""Strategies that look ahead, which every check must catch."""

import numpy as np

from strategies.base import Strategy


class NextClose(Strategy):
    """Buys when tomorrow closes higher, sells when it closes lower."""

    def signals(self, df):
        close = df["close"].to_numpy()
        return np.append(np.sign(np.diff(close)), 0).astype(np.int8)


class WholeMean(Strategy):
    """Compares each close with the mean of all, later ones included."""

    def signals(self, df):
        return (df["close"] < df["close"].mean()).to_numpy().astype(np.int8)


class NextRow(Strategy):
    """Reads the next bar through the frame that on_bar is given."""

    def on_bar(self, i, row, df):
        return "BUY" if i + 1 < len(df) and df["close"].iloc[i + 1] > row["close"] else None
