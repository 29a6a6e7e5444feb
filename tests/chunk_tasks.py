"""Tasks that executors carry in tests: alone in a file, which workers import quickly."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from services.backtest import run_backtest
from services.errors import InvalidParams
from services.optimise.sweep import Evaluation
from services.optimise.walk_forward import Choice, Training
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


def wait_for_the_sign(*name: object) -> None:
    """Say who computes which chunk, and wait for a sign from the second chunk on."""
    folder = Path(os.environ["SIGNS"])
    (folder / f"{os.getpid()}-{'-'.join(map(str, name))}").touch()
    while len(list(folder.glob("*-*"))) > 1 and not (folder / "go").exists():
        time.sleep(0.01)


class AtASign(Evaluation):
    """Measures a chunk of combinations at a sign."""

    def __call__(self, combinations, report=silent) -> pd.DataFrame:
        wait_for_the_sign(*combinations.row(0).values())
        return super().__call__(combinations, report)


class TrainingAtASign(Training):
    """Chooses for a window at a sign."""

    def __call__(self, window, report=silent) -> Choice:
        wait_for_the_sign(window.train_start, window.test_start)
        return super().__call__(window, report)
