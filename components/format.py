"""Numbers, times and parameters as a person reads them; "n/a" where there is none."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from services.metrics import MetricSpec
from services.timespan import is_session_based

MISSING = "n/a"
# A gain or a loss: shown with its sign, and in colour.
SIGNED_METRICS = frozenset({"total_return", "cagr", "alpha", "expectancy", "expectancy_return"})
_CENTS_BELOW = 10_000


def metric_text(spec: MetricSpec, value: float | None) -> str:
    """Return a metric's value by its kind, with a sign where it is a gain or a loss."""
    signed = spec.name in SIGNED_METRICS
    if spec.kind == "percent":
        return percent(value, signed=signed)
    if spec.kind == "money":
        return money(value, signed=signed)
    return {"ratio": ratio, "days": days, "count": count}[spec.kind](value)


def percent(value: float | None, digits: int = 1, *, signed: bool = False) -> str:
    """Return a fraction as percent: 0.184 is "18.4 %"."""
    if _is_missing(value):
        return MISSING
    return f"{_rounded(100 * value, digits):{'+' if signed else ''},.{digits}f} %"


def ratio(value: float | None) -> str:
    """Return a number with two decimals."""
    return MISSING if _is_missing(value) else f"{_rounded(value, 2):,.2f}"


def money(value: float | None, *, signed: bool = False) -> str:
    """Return an amount with thousands separators; cents only below 10,000."""
    if _is_missing(value):
        return MISSING
    digits = 2 if abs(value) < _CENTS_BELOW else 0
    return f"{_rounded(value, digits):{'+' if signed else ''},.{digits}f}"


def count(value: float | None) -> str:
    """Return a whole number with thousands separators."""
    return MISSING if _is_missing(value) else f"{round(value):,}"


def days(value: float | None) -> str:
    """Return a span in whole days."""
    if _is_missing(value):
        return MISSING
    return "1 day" if round(value) == 1 else f"{round(value):,} days"


def bar_time(moment: pd.Timestamp, resolution: str) -> str:
    """Return a bar's time: its date, and hour and minute (UTC) when bars are finer than a day."""
    return f"{moment:%Y-%m-%d}" if is_session_based(resolution) else f"{moment:%Y-%m-%d %H:%M}"


def parameters_text(params: Mapping[str, Any]) -> str:
    """Return parameters in one line: "fast 20, slow 50"."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in params.items())


def _is_missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def _rounded(value: float, digits: int) -> float:
    """Round, without the minus sign of a zero."""
    return round(value, digits) or 0.0
