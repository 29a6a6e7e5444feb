"""Backtests: signals and bars in, trades, equity and metrics out. No database, no page."""

from services.backtest.request import BacktestRequest
from services.backtest.result import BacktestResult
from services.backtest.run import run_backtest
from services.backtest.settings import SimulationSettings

__all__ = ["BacktestRequest", "BacktestResult", "SimulationSettings", "run_backtest"]
