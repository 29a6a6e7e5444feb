"""Plots on paper: a backtest as a PNG page; only drawing loads matplotlib."""

from services.plots.files import plot_path, report_png, save_report

__all__ = ["plot_path", "report_png", "save_report"]
