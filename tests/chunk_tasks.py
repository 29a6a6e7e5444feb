"""Tasks that executors carry in tests: alone in a file, which workers import quickly."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from services.backtest import run_backtest
from services.errors import InvalidParams
from services.optimise.sweep import Evaluation
from services.progress import silent


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


def cell_by_cell(bars, strategy_class, combinations, settings) -> pd.DataFrame:
    """Backtest each combination by itself: the slow way to the numbers of a sweep."""
    rows = []
    for i in range(len(combinations)):
        params = combinations.row(i)
        rows.append(params | run_backtest(bars, strategy_class(**params), settings).metrics)
    return pd.DataFrame(rows)


class AtASign(Evaluation):
    """Says who computes which chunk, and waits for a sign from the second chunk on."""

    def __call__(self, combinations, report=silent) -> pd.DataFrame:
        folder, first = Path(os.environ["SIGNS"]), combinations.row(0)
        (folder / f"{os.getpid()}-{'-'.join(map(str, first.values()))}").touch()
        while len(list(folder.glob("*-*"))) > 1 and not (folder / "go").exists():
            time.sleep(0.01)
        return super().__call__(combinations, report)
