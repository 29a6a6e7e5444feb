"""Sweeps with stops, both ways and sizing: 4,950 pairs of averages over 2,148 bars.

    python -m benchmarks.bench_rules [--repeats 5]

The pairs of bench_sweep, at the close without costs, and every metric measured. Where vectorbt can
say the same, return, Sharpe, drawdown and closed trades of every pair are compared first, over our
averages; then both are timed, each with its own. Warm, in turns in one process.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from benchmarks import fused
from benchmarks.bench_sweep import BARS, GRID, METRICS, ROUNDING, pairs, rows_of_pairs
from benchmarks.machine import describe_machine
from benchmarks.rules import AT_CLOSE, LENGTHS, daily_bars
from benchmarks.turns import in_turns, must_agree, report
from services.optimise.sweep import sweep
from strategies.ma_cross import MaCross

STOPS = {"stop_loss": "5%", "take_profit": "10%"}
SHARED = {
    "stop and target": STOPS,
    "long and short": {"side": "both"},
    "half of the equity": {"sizing": "percent:50"},
}
OURS_ALONE = {
    "stop and target, both ways": {**STOPS, "side": "both"},
    "trailing stop": {"trailing_stop": "6%"},
    "volatility target": {"sizing": "volatility:15"},
    "interest and loans, both ways": {"cash_interest": 3, "borrow_rate": 2, "side": "both"},
}
USUAL = "usual rules"


def main() -> None:
    """Compare what can be compared, then print times and ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=5)
    repeats = options.parse_args().repeats
    print(describe_machine("vectorbt", "numba", "numpy", "pandas"))
    print(f"\nsweep of {len(pairs()):,} pairs over {BARS:,} bars, all metrics, warm")
    for rules in SHARED:
        check(rules)
    every = {USUAL: {}, **SHARED, **OURS_ALONE}
    times = in_turns({name: lambda how=how: ours(how) for name, how in every.items()}, repeats)
    report(times, "ms", 1000, mine=(USUAL,))
    for rules, how in SHARED.items():
        print(f"\n{rules}")
        both = {"ours": lambda how=how: ours(how), "vectorbt": lambda how=how: theirs(how)}
        report(in_turns(both, repeats), "ms", 1000)


def ours(how: Mapping[str, object]):
    """Sweep all pairs under some rules."""
    return sweep(daily_bars(BARS), MaCross, GRID, replace(AT_CLOSE, **how))


def theirs(how: Mapping[str, object]) -> np.ndarray:
    """Sweep all pairs by vectorbt, with averages of its own."""
    from benchmarks.peers import with_vectorbt

    return with_vectorbt.sweep_by_rules(daily_bars(BARS), list(LENGTHS), "numba", how)


def check(rules: str) -> None:
    """Stop unless vectorbt finds the same metrics for every pair over the same crossings."""
    from benchmarks.peers import with_vectorbt

    bars = daily_bars(BARS)
    averages = fused.averages_of(bars["close"].to_numpy(), LENGTHS)
    upper, lower = (averages[rows].T for rows in rows_of_pairs().T)
    buys, sells = crossings(upper, lower), crossings(lower, upper)
    found = with_vectorbt.trade_by_rules(bars, buys, sells, SHARED[rules])
    mine = ours(SHARED[rules])[METRICS].to_numpy(np.float64)
    must_agree(f"{', '.join(METRICS)} of each pair, {rules}", mine, found, ROUNDING)
    print(f"  equal before timing: {', '.join(METRICS)} of every pair, {rules}")


def crossings(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Mark where columns come to be above others."""
    crossed = np.zeros(upper.shape, dtype=bool)
    crossed[1:] = (upper[1:] > lower[1:]) & (upper[:-1] <= lower[:-1])
    return crossed


if __name__ == "__main__":
    main()
