"""How the time of a sweep grows with bars and combinations, and its memory at the largest.

    python -m benchmarks.bench_growth [--repeats 3]

Daily bars that wander, made for size only, and pairs of moving averages. The plot is saved as
docs/images/sweep-growth.png. The largest sweep runs in a process of its own, for its peak memory.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.bench_data import made_bars
from benchmarks.machine import describe_machine
from benchmarks.rules import AT_CLOSE
from benchmarks.turns import peak_memory, seconds
from services.optimise.sweep import sweep
from strategies.ma_cross import MaCross

ROOT = Path(__file__).resolve().parent.parent
PLOT = ROOT / "docs" / "images" / "sweep-growth.png"
BARS = (1_000, 3_000, 10_000, 30_000, 100_000)
SQUARES = {100: 10, 1_000: 32, 10_000: 100}  # 32 by 32 lengths come near a thousand
LARGEST = (100_000, 10_000)
LARGE = 10_000_000
NANO = 1e9


def main() -> None:
    """Print and draw the times, then print time and peak memory of the largest sweep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--largest", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.largest:
        spent = timed(*LARGEST, repeats=1)[0]
        print(json.dumps({"seconds": spent, "peak": peak_memory()}))
        return
    print(describe_machine("numba", "numpy", "pandas"))
    print("\na sweep of moving-average pairs with all metrics, warm, medians")
    times = {
        (bars, pairs): statistics.median(timed(bars, pairs, chosen.repeats))
        for pairs in SQUARES
        for bars in BARS
    }
    for (bars, pairs), spent in times.items():
        print(f"  {bars:9,} bars x {pairs_of(pairs):6,} pairs {spent:10.3f} s  "
              f"{spent / bars / pairs_of(pairs) * NANO:7.2f} ns a bar and pair")  # fmt: skip
    print(f"  from {LARGE:,} on, time grows as (bars x pairs) to the power {power(times):.2f}")
    draw(times).savefig(PLOT, dpi=110)
    print_largest()


def timed(bars: int, pairs: int, repeats: int) -> list[float]:
    """Return the seconds of each sweep of so many bars and about so many pairs."""
    frame, grid = made_bars(bars, "D"), grid_of(pairs)
    sweep(frame.iloc[:1_000], MaCross, grid_of(100), AT_CLOSE)  # compiled code is loaded
    return [seconds(lambda: sweep(frame, MaCross, grid, AT_CLOSE)) for _ in range(repeats)]


def grid_of(pairs: int) -> dict[str, list[int]]:
    """Return lengths of fast and slow averages of which every pair is valid."""
    side = SQUARES[pairs]
    return {"fast": list(range(2, 2 + side)), "slow": list(range(102, 102 + side))}


def pairs_of(pairs: int) -> int:
    """Return the exact number of pairs of a grid."""
    return SQUARES[pairs] ** 2


def power(times: dict[tuple[int, int], float]) -> float:
    """Fit the exponent with which time grows, by least squares of the logarithms.

    Small sweeps stay out of it: their time is that of the start, whatever their size.
    """
    large = [
        (b * pairs_of(p), spent) for (b, p), spent in times.items() if b * pairs_of(p) >= LARGE
    ]
    work, spent = np.log(large).T
    return float(np.polyfit(work, spent, 1)[0])


def draw(times: dict[tuple[int, int], float]) -> Figure:
    """Draw time against bars times pairs, with the line of proportion through the largest."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for pairs in SQUARES:
        points = [(b * pairs_of(p), spent) for (b, p), spent in times.items() if p == pairs]
        axes.loglog(*zip(*points, strict=True), "o-", label=f"{pairs_of(pairs):,} pairs")
    most = max(bars * pairs_of(pairs) for bars, pairs in times)
    least = min(bars * pairs_of(pairs) for bars, pairs in times)
    slowest = times[LARGEST]
    line = [slowest * least / most, slowest]
    axes.loglog([least, most], line, "k:", label="in proportion")
    axes.set(xlabel="bars x pairs", ylabel="seconds", title="Time of a sweep with all metrics")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def print_largest() -> None:
    """Run the largest sweep in a process of its own and print its time and peak memory."""
    command = [sys.executable, "-m", "benchmarks.bench_growth", "--largest"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    bars, pairs = LARGEST
    print(f"\n{pairs:,} pairs over {bars:,} bars, in a process of its own")
    print(f"  {found['seconds']:.1f} s, peak memory {found['peak']:,} MB")


if __name__ == "__main__":
    main()
