"""A rule of one's own, asked bar by bar, beside backtesting.py and backtrader.

    python -m benchmarks.bench_on_bar [--repeats 5]

The rule reads the RSI of each closed bar. A time is that of a whole backtest, indicators and
metrics included, over the number of bars; the GOOG file is laid end to end for the longer one.
"""

import argparse
from collections.abc import Callable
from functools import partial

import pandas as pd

from benchmarks.machine import describe_machine
from benchmarks.rules import AT_NEXT_OPEN, ByBar, daily_bars, trades_of
from benchmarks.turns import OURS, in_turns, must_agree, report
from services.backtest import run_backtest

BARS = (2_148, 21_480)
ROUNDING = 1e-9


def main() -> None:
    """Compare the contenders, then print their times a bar and ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=5)
    repeats = options.parse_args().repeats
    print(describe_machine("backtesting", "backtrader", "numpy", "pandas"))
    for count in BARS:
        bars = daily_bars(count)
        print(f"\nan on_bar strategy on {count:,} daily bars, warm, time a bar")
        contenders = {OURS: partial(run_backtest, bars, ByBar(), AT_NEXT_OPEN), **peers(bars)}
        report(in_turns(contenders, repeats), "us", 1e6 / count)


def peers(bars: pd.DataFrame) -> dict[str, Callable]:
    """Return the peers' runs once each has been found to trade as ours does."""
    from benchmarks.peers import with_backtesting, with_backtrader

    trades = trades_of(run_backtest(bars, ByBar(), AT_NEXT_OPEN))
    for name, peer in (("backtesting.py", with_backtesting), ("backtrader", with_backtrader)):
        theirs = peer.trades_of(peer.run(bars, peer.ByBar))
        must_agree(f"trades, {name}", trades, theirs, ROUNDING)
    print(f"  equal before timing: {len(trades)} trades of all three, bar and price")
    return {
        "backtesting.py": partial(with_backtesting.run, bars, with_backtesting.ByBar),
        "backtrader": partial(with_backtrader.run, bars, with_backtrader.ByBar),
    }


if __name__ == "__main__":
    main()
