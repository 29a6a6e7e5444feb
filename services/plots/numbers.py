"""The labels of a value axis: written alike, short enough to stand left of a panel."""

_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_UNITS_FROM = 1e7
_MOST_DIGITS = 9
_SMALLEST, _LARGEST = 1e-5, 1e16  # beyond these, powers of ten


def axis_texts(values: list[float], suffix: str = "") -> list[str]:
    """Write ascending values with thousands separators and the decimals they need."""
    if not values:
        return []
    largest = max(abs(v) for v in values)
    if largest >= _LARGEST or 0 < largest < _SMALLEST:
        return [_minus(f"{v:.3g}") + suffix for v in values]
    size, unit = next(
        ((size, unit) for size, unit in _UNITS if largest >= max(size, _UNITS_FROM)), (1.0, "")
    )
    digits = _digits([v / size for v in values])
    texts = [f"{v / size:,.{digits}f}" for v in values]
    return [_minus(text if text.strip("-0.,") else "0") + unit + suffix for text in texts]


def _digits(values: list[float]) -> int:
    """Count the decimals that tell the values exactly, or as nearly as a label can."""
    steps = [b - a for a, b in zip(values, values[1:], strict=False)]
    close = min(steps, default=abs(values[0])) * 1e-3
    return next((n for n in range(_MOST_DIGITS) if _off(values, n) <= close), _MOST_DIGITS)


def _off(values: list[float], digits: int) -> float:
    return max(abs(round(v, digits) - v) for v in values)


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
