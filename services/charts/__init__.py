"""Interactive charts of a result, as plain Plotly figures for the part in view."""

from services.charts.figure import chart_figure
from services.charts.view import View, view_of

__all__ = ["View", "chart_figure", "view_of"]
