"""One simulation measured by the kernels that measure every combination of a sweep."""

import numpy as np

import services.backtest.measure as measuring
from services.backtest import spans
from services.backtest.inputs import KernelInputs


def measure_run(given: KernelInputs, equity: np.ndarray, trades: np.ndarray) -> np.ndarray:
    """Return all metrics in the order of METRICS, from what `simulate` gave for these inputs."""
    cash, sampling, held = given.cash, given.sampling, given.held
    if given.realism is None:
        return spans.measure(trades, equity, cash, sampling, held, given.prices[3])
    return measuring.measure(equity, trades, cash, sampling, held)
