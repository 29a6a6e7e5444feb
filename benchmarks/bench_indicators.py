"""All indicators of a series beside the bare TA-Lib calls and pandas-ta-classic.

    python -m benchmarks.bench_indicators [--repeats 7]

The GOOG file laid end to end, made for size only. The bare calls are timed once holding their
results, as a program that uses them does, and once dropping each at once; pandas-ta-classic
computes with TA-Lib where it can. What is defined alike in two is compared first.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.bench_core import drop_all, keep_all
from benchmarks.machine import describe_machine
from benchmarks.rules import daily_bars
from benchmarks.turns import OURS, in_turns, must_agree, report
from services.indicators import compute_indicators

SIZES = (100_000, 1_000_000)
ROUNDING = 1e-9
KEPT, DROPPED = "TA-Lib, results kept", "TA-Lib, results dropped"
# Ours, in the order in which the bare calls give them. The histogram of MACD is no column of ours,
# and TA-Lib's direction of SuperTrend is 0 where ours is undefined.
NAMES = ["ma20", "ma50", "ema_fast", "ema_slow", "macd", "macd_signal", "", "bb_upper", "bb_mid"]
NAMES += ["bb_lower", "rsi", "atr", "tr", "supertrend", ""]


def main() -> None:
    """Compare the contenders, then print their times and ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=7)
    repeats = options.parse_args().repeats
    print(describe_machine("TA-Lib", "pandas-ta-classic", "numpy", "pandas", "numba"))
    for count in SIZES:
        bars = daily_bars(count)
        print(f"\nall indicators of {count:,} bars, warm")
        contenders = contenders_of(bars)
        report(in_turns(contenders, repeats), "ms", 1000, limits=(KEPT, DROPPED))


def contenders_of(bars: pd.DataFrame) -> dict[str, Callable]:
    """Return the contenders once they have been found to agree."""
    from benchmarks.peers import with_pandas_ta

    ours = compute_indicators(bars)
    for name, values in zip(NAMES, talib_arrays(bars), strict=True):
        if name:
            must_agree(f"{name}, TA-Lib", ours[name], values)
    theirs = with_pandas_ta.compute(bars)
    for name in theirs:
        must_agree(f"{name}, pandas-ta-classic", ours[name], theirs[name], ROUNDING)
    known = len([name for name in NAMES if name])
    print(f"  equal before timing: {known} columns with TA-Lib's to the last bit,")
    print(f"  {len(theirs)} with those of pandas-ta-classic")
    return {
        OURS: partial(compute_indicators, bars),
        KEPT: partial(keep_all, bars),
        DROPPED: partial(drop_all, bars),
        "pandas-ta-classic": partial(with_pandas_ta.compute, bars),
    }


def talib_arrays(bars: pd.DataFrame) -> Iterator[np.ndarray]:
    """List the arrays that the bare calls give, in their order."""
    for result in keep_all(bars):
        yield from ([result] if isinstance(result, np.ndarray) else result)


if __name__ == "__main__":
    main()
