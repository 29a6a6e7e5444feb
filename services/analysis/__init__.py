"""What a finished backtest tells beyond its metrics: pure functions of a BacktestResult.

Fractions, never percent; None (NaN in arrays) where something is undefined. What a return, a
session, a year and a drawdown are is defined in `services.metrics` alone.
"""
