"""How the page writes a metric and a bar's time."""

import pandas as pd

from services.metrics import METRIC_SPECS, MetricSpec
from services.timespan import is_session_based
from services.wording import metric_text

# A gain or a loss: shown with its sign, and in colour.
SIGNED_METRICS = frozenset({"total_return", "cagr", "alpha", "expectancy", "expectancy_return"})


def signed_metric_text(spec: MetricSpec, value: float | None) -> str:
    """Return a metric by its kind, with a plus where it is a gain; "n/a" when there is none."""
    text = metric_text(spec.kind, value)
    is_gain = direction(spec, value) == "up" and not text.startswith(">")
    return f"+{text}" if is_gain else text


def metric_text_of(name: str, value: float | None) -> str:
    """Return the text of a metric by its name."""
    return signed_metric_text(METRIC_SPECS[name], value)


def direction(spec: MetricSpec, value: float | None) -> str:
    """Return "up" for a gain, "down" for a loss, else an empty string."""
    if spec.name not in SIGNED_METRICS or not value:
        return ""
    return "up" if value > 0 else "down" if value < 0 else ""


def bar_time(moment: pd.Timestamp, resolution: str) -> str:
    """Return a bar's time: its date, and hour and minute (UTC) when bars are finer than a day."""
    return f"{moment:%Y-%m-%d}" if is_session_based(resolution) else f"{moment:%Y-%m-%d %H:%M}"
