"""Builders of small frames of bars, so that a test shows only what matters to it."""

import math

import numpy as np
import pandas as pd

from services.bars import BAR_COLUMNS
from services.timespan import RESOLUTIONS


def candles(*rows, start="2024-01-01", resolution="1d", volume=100.0) -> pd.DataFrame:
    """Build bars from (open, high, low, close) or (open, high, low, close, volume) tuples."""
    full = [(*row, volume)[:5] for row in rows]
    ts = pd.date_range(start, periods=len(rows), freq=RESOLUTIONS[resolution], tz="UTC", unit="us")
    frame = pd.DataFrame(full, columns=BAR_COLUMNS[1:], dtype="float64")
    frame.insert(0, "ts", ts)
    return frame


def closes(*values, spread=0.5, **how) -> pd.DataFrame:
    """Build bars that open at the last close and reach `spread` beyond open and close."""
    opens = (values[0], *values[:-1])
    return candles(
        *(
            (first, max(first, last) + spread, min(first, last) - spread, last)
            for first, last in zip(opens, values, strict=True)
        ),
        **how,
    )


def random_walk(count: int, seed: int = 0, **how) -> pd.DataFrame:
    """Build bars whose closes are a seeded random walk around 100, always above 1."""
    steps = np.random.default_rng(seed).normal(0, 1, count)
    return closes(*(np.abs(100 + steps.cumsum()) + 1).round(2).tolist(), **how)


def numbers(metrics):
    """Return metrics as numbers, NaN where they are not defined."""
    return {name: math.nan if value is None else value for name, value in metrics.items()}
