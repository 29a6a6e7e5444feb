"""A sweep as a plain loop over backtests: slow, and nothing to doubt."""

from itertools import product

import pandas as pd

from services.backtest import SimulationSettings, run_backtest
from services.errors import InvalidParams
from services.progress import Progress, silent


def plain_sweep(
    bars,
    strategy_class,
    grid,
    settings=SimulationSettings(),  # noqa: B008
    *,
    start=None,
    end=None,
    timezone="UTC",
    report=silent,
):
    rows = []
    names = list(grid)
    every = list(product(*grid.values()))
    for done, values in enumerate(every):
        report(Progress(done, len(every)))
        try:
            strategy = strategy_class(**dict(zip(names, values, strict=True)))
        except InvalidParams:
            continue
        result = run_backtest(bars, strategy, settings, start=start, end=end, timezone=timezone)
        rows.append(strategy.params.model_dump() | result.metrics)
    return pd.DataFrame(rows)
