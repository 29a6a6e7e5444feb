"""Numbers for the wire: short, and null where there is none."""

import numpy as np

_SIGNIFICANT = 8


def numbers(values: np.ndarray, digits: int = _SIGNIFICANT) -> list[float | None]:
    """Round to significant digits; NaN and infinity become None."""
    values = np.asarray(values, dtype=np.float64)
    known = np.isfinite(values)
    if known.all():
        return _rounded(values, digits).tolist()
    rounded = _rounded(np.where(known, values, 0.0), digits).astype(object)
    rounded[~known] = None
    return rounded.tolist()


def positions(values: np.ndarray) -> list[float]:
    """Return positions of bars, whole where they are."""
    whole = values.astype(np.int64)
    return whole.tolist() if (whole == values).all() else values.tolist()


def _rounded(values: np.ndarray, digits: int) -> np.ndarray:
    size = np.abs(values)
    exponent = np.floor(np.log10(size, out=np.zeros_like(size), where=size > 0))
    places = np.clip(digits - 1 - exponent, -300, 300)
    # Powers of ten up to 22 are exact, so that the quotient is the double nearest to the decimal.
    scale = 10.0 ** np.abs(places)
    up = places >= 0
    with np.errstate(over="ignore", invalid="ignore"):
        shrunk = np.rint(np.where(up, values * scale, values / scale))
        result = np.where(up, shrunk / scale, shrunk * scale)
    return np.where(np.isfinite(result), result, values)
