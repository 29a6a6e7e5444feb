"""What is kept of a walk-forward: a row a window, and the whole as plain JSON."""

import math
from typing import Any

import pandas as pd

from services.backtest.trades import iso_time
from services.optimise.walked import WalkForward, WalkForwardWindow

_TIMES = ("train_start", "train_end", "test_start", "test_end")


def window_table(window: WalkForwardWindow) -> pd.DataFrame:
    """Return the row of a window: its times, parameters, objective before and after, profit."""
    times = {name: getattr(window, name) for name in _TIMES}
    values = {"before": window.before, "after": window.after, "profit": window.profit}
    numbers = {name: math.nan if value is None else value for name, value in values.items()}
    return pd.DataFrame([{"window": window.number, **times, **(window.params or {}), **numbers}])


def walk_summary(walk: WalkForward) -> dict[str, Any]:
    """Return the stitched run's metrics and how much was lost out-of-sample."""
    fallen = walk.degradation
    return {
        "note": " ".join(walk.notes),
        "windows": [_record(window) for window in walk.windows],
        "metrics": dict(walk.run.metrics),
        "benchmark_metrics": dict(walk.run.benchmark_metrics),
        "before": fallen.before,
        "after": fallen.after,
        "efficiency": walk.efficiency,
        "consistency": walk.consistency,
    }


def _record(window: WalkForwardWindow) -> dict[str, Any]:
    return {
        "number": window.number,
        **{name: iso_time(getattr(window, name)) for name in _TIMES},
        "params": window.params,
        "before": window.before,
        "after": window.after,
        "profit": window.profit,
        "in_sample": window.in_sample,
        "out_of_sample": window.out_of_sample,
        "error": window.error,
    }
