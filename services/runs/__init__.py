"""Saved runs: every backtest with what was asked, what came out, and the series to draw it."""

from services.runs.cache import RecentRuns
from services.runs.edit import change_run, delete_runs, restore_runs
from services.runs.find import RunFilter, all_tags, find_runs, latest_runs
from services.runs.saved import Manifest, RunSummary, SavedRun
from services.runs.store import load_run, save_run

__all__ = [
    "Manifest",
    "RecentRuns",
    "RunFilter",
    "RunSummary",
    "SavedRun",
    "all_tags",
    "change_run",
    "delete_runs",
    "find_runs",
    "latest_runs",
    "load_run",
    "restore_runs",
    "save_run",
]
