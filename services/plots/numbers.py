"""The labels of a value axis: written alike, short enough to stand left of a panel."""

import math

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_UNITS_FROM = 1e7
_SMALLEST, _LARGEST = 1e-5, 1e16  # beyond these, powers of ten


def axis_texts(values: list[float], suffix: str = "") -> list[str]:
    """Write ascending values with thousands separators and the decimals that their steps need."""
    if not values:
        return []
    largest = max(abs(v) for v in values)
    if largest >= _LARGEST or 0 < largest < _SMALLEST:
        return [_minus(f"{v:.3g}") + suffix for v in values]
    size, unit = next(
        ((size, unit) for size, unit in _UNITS if largest >= max(size, _UNITS_FROM)), (1.0, "")
    )
    steps = [b - a for a, b in zip(values, values[1:], strict=False)]
    step = min(steps, default=largest) or 1.0
    digits = min(9, max(0, -math.floor(math.log10(step / size) + 1e-9)))
    texts = [f"{v / size:,.{digits}f}" for v in values]
    return [_minus(text if text.strip("-0.,") else "0") + unit + suffix for text in texts]


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
