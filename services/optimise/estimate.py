"""How long an optimisation will take, roughly: what a person wants to know before the start."""

from typing import Any

from services.threads import core_count

# Seconds on one core of a usual machine, measured on the strategies that ship.
_COMPILED = (20e-6, 4e-9)  # a combination, and each of its bars
_AT_ONCE = (1.2e-3, 60e-9)
_BAR_BY_BAR = (2e-3, 2e-6)


def seconds_of(
    strategy_class: Any, combinations: int, bars: int, cores: int | None = None
) -> float:
    """Return about how many seconds so many combinations take over so many bars."""
    each, per_bar = _costs(strategy_class)
    shared = cores or core_count()
    return combinations * (each + per_bar * bars) / shared


def span_text(seconds: float) -> str:
    """Say a span as a person would: the unit that fits, no false precision."""
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"about {_round(seconds):g} seconds"
    if seconds < 5400:
        return f"about {_round(seconds / 60):g} minutes"
    if seconds < 129_600:
        return f"about {_round(seconds / 3600):g} hours"
    return f"about {_round(seconds / 86_400):,.0f} days"


def _costs(strategy_class: Any) -> tuple[float, float]:
    if getattr(strategy_class, "buy", None) is not None:
        return _COMPILED
    return _AT_ONCE if strategy_class().is_vectorised else _BAR_BY_BAR


def _round(value: float) -> float:
    return float(f"{value:.1g}") if value >= 10 else max(1, round(value))
