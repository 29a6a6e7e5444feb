"""Ranks, and how alike two orders are."""

import numpy as np


def midranks(values: np.ndarray) -> np.ndarray:
    """Rank from one on; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2.0)[place]


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float | None:
    """Return Spearman's correlation; None where one side is all the same."""
    a, b = midranks(x), midranks(y)
    a, b = a - a.mean(), b - b.mean()
    size = float(a @ a) * float(b @ b)
    return float(a @ b) / size**0.5 if size > 0 else None
