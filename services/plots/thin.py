"""Fewer points for the same picture: what a printer cannot resolve is not drawn."""

import numpy as np

MOST_POINTS = 4_000
BUCKETS = 1_500


def thin_line(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and values of a line; a long one keeps each bucket's extremes and ends.

    NaN stays a gap. Highest and lowest value are always among those returned.
    """
    n = len(values)
    if n <= MOST_POINTS:
        return np.arange(n), values
    rows, first = _in_buckets(values, np.nan)
    missing = np.isnan(rows)
    lowest = np.where(missing, np.inf, rows).argmin(axis=1)
    highest = np.where(missing, -np.inf, rows).argmax(axis=1)
    last = np.minimum(rows.shape[1] - 1, n - 1 - first)
    kept = np.stack([np.zeros_like(last), lowest, highest, last], axis=1) + first[:, None]
    kept = np.unique(kept)
    return kept, values[kept]


def thin_heights(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and heights of bars; of many, the highest of each bucket (NaN: none)."""
    heights = np.nan_to_num(values, nan=0.0)
    if len(values) <= MOST_POINTS:
        return np.arange(len(values)), heights
    rows, first = _in_buckets(heights, 0.0)
    return first, rows.max(axis=1)


def _in_buckets(values: np.ndarray, filler: float) -> tuple[np.ndarray, np.ndarray]:
    size = -(-len(values) // BUCKETS)
    count = -(-len(values) // size)
    padded = np.full(count * size, filler)
    padded[: len(values)] = values
    return padded.reshape(count, size), np.arange(count) * size
