"""When a run was in the market."""

from dataclasses import dataclass

import numpy as np

from services.analysis.numbers import mean_of
from services.backtest.result import BacktestResult


@dataclass(frozen=True, eq=False)
class Exposure:
    """Shares and spans of the bars that end in a position.

    `share` is the metric. `spans` has a row a span: first and last bar (positions, both in it).
    Lengths are in bars, None where there is no such span.
    """

    share: float
    spans: np.ndarray
    longest_in: int | None
    longest_out: int | None
    mean_in: float | None
    mean_out: float | None


def exposure(result: BacktestResult) -> Exposure:
    """Find the spans in which a run held a position."""
    held = result.position != 0
    inside, outside = _spans(held), _spans(~held)
    return Exposure(
        float(held.mean()),
        inside,
        _longest(inside),
        _longest(outside),
        mean_of(_lengths(inside)),
        mean_of(_lengths(outside)),
    )


def _spans(mask: np.ndarray) -> np.ndarray:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return np.column_stack((edges[::2], edges[1::2] - 1))


def _lengths(spans: np.ndarray) -> np.ndarray:
    return spans[:, 1] - spans[:, 0] + 1


def _longest(spans: np.ndarray) -> int | None:
    return int(_lengths(spans).max()) if len(spans) else None
