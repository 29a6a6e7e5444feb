"""Tasks that executors carry in tests: alone in a file, which workers import quickly."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from services.errors import InvalidParams


def measure(prices: pd.DataFrame, chunk: np.ndarray) -> pd.DataFrame:
    """Compute what has many digits, as a sweep does."""
    closes = prices["close"].to_numpy()
    sharpe = [float(np.log1p(closes / (1 + x)).std()) for x in chunk]
    return pd.DataFrame({"x": chunk, "sharpe": sharpe})


def measure_at_a_sign(folder: Path, prices: pd.DataFrame, chunk: np.ndarray) -> pd.DataFrame:
    """Say who computes, and wait for the sign to go on."""
    (folder / f"{os.getpid()}-{chunk[0]:g}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    return measure(prices, chunk)


def fail(chunk: int) -> int:
    if chunk == 2:
        raise InvalidParams("fast must be below slow.", field="fast")
    return chunk


def time_out(_chunk: int) -> int:
    raise TimeoutError("the task's own")
