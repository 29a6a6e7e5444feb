"""The figures of a run's report, each as a Plotly figure whose colours are the page's tokens."""

from services.charts.report_costs import cost_figure
from services.charts.report_equity import equity_figure, on_log_scale, rolling_figure
from services.charts.report_trades import (
    distribution_figure,
    duration_figure,
    excursion_figure,
    season_figure,
)

__all__ = [
    "cost_figure",
    "distribution_figure",
    "duration_figure",
    "equity_figure",
    "excursion_figure",
    "on_log_scale",
    "rolling_figure",
    "season_figure",
]
