"""Plain statistics that say None where they are undefined."""

import math

import numpy as np


def defined(value: float) -> float | None:
    """Return the number, None when it is NaN or infinite."""
    return float(value) if math.isfinite(value) else None


def mean_of(values: np.ndarray) -> float | None:
    """Return the mean, None of nothing."""
    return defined(values.mean()) if len(values) else None


def median_of(values: np.ndarray) -> float | None:
    """Return the median, None of nothing."""
    return defined(np.median(values)) if len(values) else None


def highest_of(values: np.ndarray) -> float | None:
    """Return the largest value, None of nothing."""
    return defined(values.max()) if len(values) else None


def lowest_of(values: np.ndarray) -> float | None:
    """Return the smallest value, None of nothing."""
    return defined(values.min()) if len(values) else None


def share_of(part: float, whole: float) -> float | None:
    """Return part / whole, None when the whole is nothing."""
    return defined(part / whole) if whole else None
