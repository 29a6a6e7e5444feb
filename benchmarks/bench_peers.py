"""One backtest with all its metrics beside backtesting.py, vectorbt and backtrader.

    python -m benchmarks.bench_peers [--repeats 30]

Each starts from the same bars, computes its averages, trades and measures: ours all metrics and
Buy & Hold beside them, the peers what they call their statistics. No costs, fills at the next
open. Before the first is timed, the trades and the metrics of equal definition are compared.
"""

import argparse
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from benchmarks.rules import AT_NEXT_OPEN, daily_bars, ma_cross, trades_of
from benchmarks.turns import OURS, in_turns, must_agree, report
from services.backtest import BacktestResult, run_backtest

BARS = 2_148
WHOLE_SHARES = 1e-4  # backtesting.py buys whole shares only
ROUNDING = 1e-9


def main() -> None:
    """Compare the contenders, then print their times and ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repeats", type=int, default=30)
    repeats = options.parse_args().repeats
    print(describe_machine("backtesting", "vectorbt", "vectorbt-rust", "backtrader", "numpy"))
    bars = daily_bars(BARS)
    print(f"\none backtest with all metrics, ma_cross 20/50, GOOG, {BARS:,} daily bars, warm")
    contenders = {OURS: partial(run_backtest, bars, ma_cross(), AT_NEXT_OPEN), **peers(bars)}
    report(in_turns(contenders, repeats), "ms", 1000)


def peers(bars: pd.DataFrame) -> dict[str, Callable]:
    """Return the peers' runs once each has been found to agree with ours."""
    from benchmarks.peers import with_backtesting, with_backtrader, with_vectorbt

    ours = run_backtest(bars, ma_cross(), AT_NEXT_OPEN)
    trades = trades_of(ours)
    stats = with_backtesting.run(bars, with_backtesting.MaCross)
    must_agree("trades, backtesting.py", trades, with_backtesting.trades_of(stats), ROUNDING)
    theirs = stats[["Return [%]", "Max. Drawdown [%]", "Win Rate [%]"]].to_numpy(float) / 100
    mine = metrics(ours, "total_return", "max_drawdown", "win_rate")
    must_agree("metrics, backtesting.py", mine, theirs, WHOLE_SHARES)

    portfolio, stats = with_vectorbt.run(bars)
    must_agree("trades, vectorbt", trades, with_vectorbt.trades_of(portfolio), ROUNDING)
    must_agree("metrics, vectorbt", *with_vectorbt_metrics(ours, stats), ROUNDING)

    rule = with_backtrader.run(bars, with_backtrader.MaCross)
    must_agree("trades, backtrader", trades, with_backtrader.trades_of(rule), ROUNDING)
    print(f"  equal before timing: {len(trades)} trades of all four, bar and price")
    return {
        "backtesting.py": partial(with_backtesting.run, bars, with_backtesting.MaCross),
        "vectorbt": partial(with_vectorbt.run, bars),
        "backtrader": partial(with_backtrader.run, bars, with_backtrader.MaCross),
    }


def with_vectorbt_metrics(ours: BacktestResult, stats: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Pair the metrics that vectorbt defines as we do."""
    names = ("total_return", "sharpe", "sortino", "max_drawdown", "win_rate", "profit_factor")
    percent = stats[["Total Return [%]", "Max Drawdown [%]", "Win Rate [%]"]].to_numpy(float) / 100
    ratios = stats[["Sharpe Ratio", "Sortino Ratio", "Profit Factor"]].to_numpy(float)
    theirs = [percent[0], *ratios[:2], -percent[1], percent[2], ratios[2]]
    return metrics(ours, *names), np.array(theirs)


def metrics(result: BacktestResult, *names: str) -> np.ndarray:
    """Return metrics of a result as numbers, in this order."""
    return np.array([result.metrics[name] for name in names], dtype=np.float64)


if __name__ == "__main__":
    main()
