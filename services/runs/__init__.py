"""Saved runs: every backtest with what was asked, what came out, and the series to draw it."""

from services.runs.cache import RecentRuns
from services.runs.store import RunSummary, SavedRun, latest_runs, load_run, save_run

__all__ = ["RecentRuns", "RunSummary", "SavedRun", "latest_runs", "load_run", "save_run"]
