"""Interactive charts, as plain Plotly figures for the part in view."""

from services.charts.figure import chart_figure
from services.charts.options import ChartOptions
from services.charts.query import figure_for_query
from services.charts.source import ChartSource, Compared, Curve, source_of
from services.charts.view import View, view_of

__all__ = [
    "ChartOptions",
    "ChartSource",
    "Compared",
    "Curve",
    "View",
    "chart_figure",
    "figure_for_query",
    "source_of",
    "view_of",
]
