"""Cards that show a metric: its value, the same of Buy & Hold, its definition on hover."""

from dash import html

from components.format import direction, signed_metric_text
from services.metrics import MetricSpec

BENCHMARK_NAME = "Buy & Hold"


def metric_card(
    spec: MetricSpec, value: float | None, benchmark: float | None = None, *, compare: bool = True
) -> html.Div:
    """Return one card; `compare` says whether the metric means anything for Buy & Hold."""
    text = signed_metric_text(spec, value)
    lines = [
        html.Div(spec.label, className="metric-label"),
        html.Div(text, className=f"metric-value {direction(spec, value)}".strip()),
    ]
    spoken = f"{spec.label}: {text}"
    if compare:
        other = signed_metric_text(spec, benchmark)
        lines.append(html.Div([f"{BENCHMARK_NAME} ", html.B(other)], className="metric-benchmark"))
        spoken += f"; {BENCHMARK_NAME}: {other}"
    return html.Div(
        lines,
        className="metric-card",
        title=spec.definition,
        role="group",
        **{"aria-label": spoken, "aria-description": spec.definition, "data-metric": spec.name},
    )
