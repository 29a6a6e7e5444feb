"""What is kept of a walk-forward: a row a window, and the whole as plain JSON."""

from typing import Any

import pandas as pd

from services.backtest.trades import iso_time
from services.optimise.walked import WalkForward, WalkForwardWindow

_TIMES = ("train_start", "train_end", "test_start", "test_end")


def walk_table(walk: WalkForward) -> pd.DataFrame:
    """Return a row a window: its times, parameters, objective before and after, profit."""
    return pd.DataFrame([_row(window) for window in walk.windows])


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


def _row(window: WalkForwardWindow) -> dict[str, Any]:
    times = {name: getattr(window, name) for name in _TIMES}
    numbers = {"before": window.before, "after": window.after, "profit": window.profit}
    return {"window": window.number, **times, **(window.params or {}), **numbers}


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
    }
