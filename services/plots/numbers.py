"""Numbers as people read them: thousands separated, a true minus, "n/a" for what is undefined."""

import math

MISSING = "n/a"
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_COMPACT_FROM = 1e7


def metric_text(kind: str, value: float | None) -> str:
    """Write a metric; `kind` as in `services.metrics.MetricSpec`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if kind == "percent":
        return percent_text(value)
    if kind == "count":
        return grouped(value, 0)
    if kind == "days":
        return f"{grouped(value, 0 if value >= 10 or value == int(value) else 1)} d"
    return money_text(value) if kind == "money" else grouped(value, 2)


def percent_text(fraction: float) -> str:
    """Write a fraction as percent, with fewer decimals the larger it is."""
    percent = fraction * 100
    return f"{grouped(percent, 2 if abs(percent) < 1000 else 0)} %"


def money_text(value: float) -> str:
    """Write an amount: cents below 1,000, whole units above, M, B or T from ten million on."""
    if abs(value) >= _COMPACT_FROM:
        return grouped(value, 2)
    return grouped(value, 2 if abs(value) < 1000 else 0)


def grouped(value: float, digits: int) -> str:
    """Write a number with thousands separated and at most some 12 characters wide."""
    if abs(value) >= 1e15:
        return _minus(f"{value:.2e}")
    for size, unit in _UNITS:
        if abs(value) >= max(size, _COMPACT_FROM):
            return _minus(f"{value / size:,.2f}{unit}")
    text = f"{value:,.{digits}f}"
    return _minus(text.lstrip("-") if not text.strip("-0.,") else text)


def price_text(price: float) -> str:
    """Write a price with the digits that matter at its size."""
    if price == 0 or abs(price) >= 1:
        return grouped(price, 2)
    if abs(price) < 1e-5:
        return _minus(f"{price:.3g}")
    return _minus(f"{price:.{3 - math.floor(math.log10(abs(price)))}f}")


def axis_texts(values: list[float], suffix: str = "") -> list[str]:
    """Write the labels of an axis alike: as many decimals as the closest two values need."""
    if not values:
        return []
    largest = max(abs(v) for v in values)
    steps = [b - a for a, b in zip(values, values[1:], strict=False)]
    step = min(steps, default=largest) or 1.0
    if largest < 1e-5 and largest > 0:
        return [_minus(f"{v:.3g}") + suffix for v in values]
    size, unit = next(((s, u) for s, u in _UNITS if largest >= max(s, _COMPACT_FROM)), (1.0, ""))
    # Counted on the step: labels such as 1.2 and 1.25 would otherwise read as equal.
    digits = min(9, max(0, -math.floor(math.log10(step / size) + 1e-9)))
    return [_minus(_zero(f"{v / size:,.{digits}f}")) + unit + suffix for v in values]


def _zero(text: str) -> str:
    return text if text.strip("-0.,") else text.lstrip("-")


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
