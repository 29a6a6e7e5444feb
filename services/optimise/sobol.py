"""Sobol points: they fill a space more evenly than chance does.

Sobol's sequence in Gray code order with the direction numbers of S. Joe and F. Y. Kuo (2008),
Constructing Sobol sequences with better two-dimensional projections, SIAM Journal on Scientific
Computing 30, 2635-2654 (their file new-joe-kuo-6.21201).
"""

import numpy as np

_BITS = 32
# For each dimension after the first: the coefficients of its polynomial, and the numbers m.
_JOE_KUO = (
    (0, (1,)),
    (1, (1, 3)),
    (1, (1, 3, 1)),
    (2, (1, 1, 1)),
    (1, (1, 1, 3, 3)),
    (4, (1, 3, 5, 13)),
    (2, (1, 1, 5, 5, 17)),
    (4, (1, 1, 5, 5, 5)),
    (7, (1, 1, 7, 11, 19)),
    (11, (1, 1, 5, 1, 1)),
    (13, (1, 1, 1, 3, 11)),
    (14, (1, 3, 5, 5, 31)),
    (1, (1, 3, 3, 9, 7, 49)),
    (13, (1, 1, 1, 15, 21, 21)),
    (16, (1, 3, 1, 13, 27, 49)),
    (19, (1, 1, 1, 15, 7, 5)),
    (22, (1, 3, 1, 15, 13, 25)),
    (25, (1, 1, 5, 5, 19, 61)),
    (1, (1, 3, 7, 11, 23, 15, 103)),
)
MOST_DIMENSIONS = len(_JOE_KUO) + 1


def sobol_points(
    count: int, dimensions: int, *, first: int = 0, seed: int | None = None
) -> np.ndarray:
    """Return points of the unit cube, a row each, from number `first` of the sequence on.

    A seed shifts all of them by one random number a dimension (bit by bit, so that they stay as
    even): without it the sequence starts at the origin. At most 20 dimensions.
    """
    directions = np.array([_directions(k) for k in range(dimensions)], dtype=np.uint64)
    number = np.arange(first, first + count, dtype=np.uint64)
    gray = number ^ (number >> np.uint64(1))
    points = np.zeros((count, dimensions), dtype=np.uint64)
    if seed is not None:
        points += np.random.default_rng(seed).integers(0, 2**_BITS, dimensions, dtype=np.uint64)
    for bit in range(_BITS):
        is_set = (gray >> np.uint64(bit)) & np.uint64(1)
        points ^= is_set[:, None] * directions[:, bit]
    return points / 2.0**_BITS


def _directions(dimension: int) -> list[int]:
    """Return the direction numbers of a dimension as fractions of 2^32."""
    if dimension == 0:
        return [1 << (_BITS - 1 - k) for k in range(_BITS)]
    coefficients, m = _JOE_KUO[dimension - 1]
    m, degree = list(m), len(m)
    for k in range(degree, _BITS):
        new = m[k - degree] ^ (m[k - degree] << degree)
        for j in range(1, degree):
            if (coefficients >> (degree - 1 - j)) & 1:
                new ^= m[k - j] << j
        m.append(new)
    return [value << (_BITS - 1 - k) for k, value in enumerate(m)]
