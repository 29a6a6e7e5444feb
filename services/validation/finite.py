"""The door through which returns come in."""

import numpy as np

from services.errors import InvalidParams


def finite(returns: np.ndarray) -> np.ndarray:
    """Return the returns as numbers; stop at one that is missing or infinite."""
    values = np.ascontiguousarray(returns, dtype=np.float64)
    if not np.isfinite(values).all():
        raise InvalidParams("A return is not a number: leave out the bars without equity.")
    return values
