"""What a study is said to take before its start, beside what it takes.

    python -m benchmarks.bench_estimate

Sweeps of rules that are compiled, plain and with stops, of rules asked for all bars at once and
bar by bar, over prices made for size only; and guided searches for one to three objectives. Warm;
all are said for the cores of this machine.
"""

import argparse
import time
from itertools import product

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from benchmarks.rules import ByBar, daily_bars
from services.backtest import SimulationSettings
from services.optimise.estimate import seconds_of, thinking_seconds
from services.optimise.search import search
from services.optimise.sweep import sweep
from services.parameters import Parameters, param
from strategies.base import Strategy
from strategies.ma_cross import MaCross
from strategies.rsi import Rsi

STOPS = SimulationSettings(stop_loss="5%", take_profit="10%")
PAIRS = {"fast": list(range(2, 102)), "slow": list(range(102, 202))}
FEW_PAIRS = {"fast": list(range(2, 22)), "slow": list(range(102, 152))}


class Length(Parameters):
    """A length."""

    length: int = param(20, "bars", ge=2, le=5000, search=(10, 20))


class AtOnce(Strategy):
    """Hold above an average."""

    name = "at_once"
    Params = Length

    def signals(self, df):
        close = df["close"]
        above = close > close.rolling(self.params.length).mean()
        return np.where(above, 1, -1).astype(np.int8)


class EachBar(ByBar):
    """Buy while RSI is low, whatever the length is."""

    name = "each_bar"
    Params = Length


STUDIES = [
    ("compiled", MaCross, PAIRS, 2_148, SimulationSettings()),
    ("compiled", MaCross, FEW_PAIRS, 100_000, SimulationSettings()),
    ("compiled, stop and target", MaCross, PAIRS, 2_148, STOPS),
    ("compiled, stop and target", MaCross, FEW_PAIRS, 100_000, STOPS),
    ("asked at once", AtOnce, {"length": list(range(10, 1010))}, 2_148, SimulationSettings()),
    ("asked at once", AtOnce, {"length": list(range(10, 60))}, 100_000, SimulationSettings()),
    ("asked bar by bar", EachBar, {"length": list(range(10, 210))}, 2_148, SimulationSettings()),
]

SEARCHES = [
    ("listed values", MaCross, {"fast": (2, 120), "slow": (20, 400)}),
    ("unbroken ranges", Rsi, {"period": (5, 30), "lower": (10.0, 45.0), "upper": (55.0, 90.0)}),
]
OBJECTIVES = ("sharpe", "max_drawdown", "volatility")
TRIALS = (200, 1000)


def main() -> None:
    """Print each study with what is said of it and what it took."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(describe_machine("numba", "numpy", "pandas"))
    print(f"\n  {'':<28}{'tried':>8}{'bars':>10}{'said':>10}{'took':>10}")
    for name, kind, grid, count, settings in STUDIES:
        bars = daily_bars(count)
        sweep(bars, kind, {key: values[:2] for key, values in grid.items()}, settings)
        tried, took = _timed(bars, kind, grid, settings)
        said = seconds_of(kind, tried, count, settings)
        print(f"  {name:<28}{tried:8,}{count:10,}{said:8.2f} s{took:8.2f} s")
    print(f"\n  {'guided search':<28}{'tried':>8}{'objectives':>12}{'said':>8}{'took':>10}")
    bars = daily_bars(2_148)
    for name, kind, space in SEARCHES:
        search(bars, kind, space, trials=5)
        for trials, count in product(TRIALS, range(1, len(OBJECTIVES) + 1)):
            start = time.perf_counter()
            search(bars, kind, space, list(OBJECTIVES[:count]), trials=trials)
            took = time.perf_counter() - start
            said = seconds_of(kind, trials, len(bars), SimulationSettings())
            said += thinking_seconds(kind, space, trials, count)
            print(f"  {name:<28}{trials:8,}{count:12}{said:6.2f} s{took:8.2f} s")


def _timed(bars: pd.DataFrame, kind: type, grid: dict, settings: SimulationSettings) -> tuple:
    start = time.perf_counter()
    tried = len(sweep(bars, kind, grid, settings))
    return tried, time.perf_counter() - start


if __name__ == "__main__":
    main()
