"""A sweep of 4,950 pairs of moving averages over 2,148 bars, beside vectorbt and the fused loop.

    python -m benchmarks.bench_sweep [--repeats 5]

All pairs of 100 lengths are traded at the close without costs. Ours measures every metric of a
backtest, and once more only return, Sharpe, drawdown and closed trades; vectorbt these four, with
all columns at once by each of its two engines, and in chunks of columns; the fused loop the same
four over averages that were computed before, on all cores and on one. The four numbers of every
pair are compared first. Times are warm, in turns in one process, a short sweep again and again
within its turn; peak memory is that of a process for each, which sweeps twice.
"""

import argparse
import itertools
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import fused
from benchmarks.machine import describe_machine
from benchmarks.rules import AT_CLOSE, CASH, LENGTHS, daily_bars
from benchmarks.turns import in_turns, must_agree, peak_memory, report
from services.metric_specs import METRIC_SPECS
from services.optimise.sweep import sweep
from strategies.ma_cross import MaCross

ROOT = Path(__file__).resolve().parent.parent
BARS = 2_148
CHUNK = 500
TURN = 0.3  # seconds
METRICS = ["total_return", "sharpe", "max_drawdown", "trades"]
GRID = {"fast": list(LENGTHS[:-1]), "slow": list(LENGTHS[1:])}
ROUNDING = 1e-7  # averages summed in another order, and a deviation from one pass over the returns
ALL, FOUR = "ours, all metrics", "ours, the same four"
LIMIT, ON_ONE, NOTHING = "fused loop", "fused loop, one core", "no sweep"
NUMBA, RUST, IN_CHUNKS = "vectorbt, numba", "vectorbt, rust", "vectorbt, numba, chunks"
CONTENDERS = (ALL, FOUR, LIMIT, ON_ONE, NUMBA, RUST, IN_CHUNKS)


def main() -> None:
    """Compare the contenders, then print times, ratios and peak memory."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--memory-of", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.memory_of:
        print(_memory_of(contender(chosen.memory_of)))
        return
    print(describe_machine("vectorbt", "vectorbt-rust", "numba", "numpy", "pandas"))
    contenders = {name: contender(name) for name in CONTENDERS}
    print(f"\nsweep of {len(pairs()):,} pairs over {BARS:,} bars, warm")
    check(contenders)
    times = in_turns(contenders, chosen.repeats, TURN)
    report(times, "ms", 1000, limits=(LIMIT, ON_ONE), mine=(ALL, FOUR))
    for name in (NOTHING, *contenders):
        print(f"  {f'peak memory, {name}':<44}{memory_of(name):17,} MB")


def contender(name: str) -> Callable[[], np.ndarray | pd.DataFrame]:
    """Return one contender, ready to sweep; each gives a row a pair, ours with names."""
    bars, close = daily_bars(BARS), daily_close()
    if name == NOTHING:
        return lambda: None
    if name in (ALL, FOUR):
        asked = METRICS if name == FOUR else list(METRIC_SPECS)
        return lambda: sweep(bars, MaCross, GRID, AT_CLOSE, metrics=asked)
    if name in (LIMIT, ON_ONE):
        averages = fused.averages_of(close.to_numpy(), LENGTHS)
        loop = partial(fused.sweep, close.to_numpy(), averages, rows_of_pairs(), CASH)
        return loop if name == LIMIT else partial(loop, workers=1)
    from benchmarks.peers import with_vectorbt

    if name == IN_CHUNKS:
        return partial(with_vectorbt.sweep_in_chunks, close, pairs(), CHUNK, engine_of(name))
    return partial(with_vectorbt.sweep, close, list(LENGTHS), engine_of(name))


def daily_close() -> pd.Series:
    """Return the closes by time."""
    bars = daily_bars(BARS)
    return pd.Series(bars["close"].to_numpy(), bars["ts"])


def rows_of_pairs() -> np.ndarray:
    """Return for each pair the rows of its averages."""
    return pairs() - LENGTHS[0]


def pairs() -> np.ndarray:
    """List all pairs of lengths, the shorter first."""
    return np.array(list(itertools.combinations(LENGTHS, 2)))


def check(contenders: dict[str, Callable[[], np.ndarray | pd.DataFrame]]) -> None:
    """Stop unless all contenders find the same metrics for every pair.

    Where two averages are equal but for rounding, other ways to sum may see a crossing on other
    bars; so each contender is held to the loop over its own averages.
    """
    from benchmarks.peers import with_vectorbt

    names, close = ", ".join(METRICS), daily_close()
    limit = contenders[LIMIT]()
    for name in (ALL, FOUR):
        ours = contenders[name]()[METRICS].to_numpy(np.float64)
        must_agree(f"{names} of each pair, {name}", ours, limit, ROUNDING)
    for name in (NUMBA, RUST, IN_CHUNKS):
        averages = with_vectorbt.averages_of(close, list(LENGTHS), engine_of(name))
        expected = fused.sweep(close.to_numpy(), averages, rows_of_pairs(), CASH)
        must_agree(f"{names} of each pair, {name}", expected, contenders[name](), ROUNDING)
        moved = (~np.isclose(limit, expected, rtol=ROUNDING, equal_nan=True)).any(axis=1).sum()
        print(f"  {name}: rounding of the averages moves a crossing in {moved} pairs")
    print(f"  equal before timing: {names} of every pair, each over its own averages")


def engine_of(name: str) -> str:
    """Return the engine of vectorbt that a contender uses."""
    return "rust" if name == RUST else "numba"


def memory_of(name: str) -> int:
    """Return the peak memory in MB of a process that does one contender's sweep."""
    command = [sys.executable, "-m", "benchmarks.bench_sweep", "--memory-of", name]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def _memory_of(work: Callable) -> int:
    work()
    work()
    return peak_memory()


if __name__ == "__main__":
    main()
