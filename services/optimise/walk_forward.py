"""Walk-forward: parameters chosen on past bars again and again, and traded on the bars after."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd

from services.backtest.finer import FinerBars
from services.backtest.result import BacktestResult
from services.backtest.run import run_backtest
from services.backtest.settings import SimulationSettings
from services.errors import NoBars
from services.indicators import with_indicators
from services.metrics import METRICS, Metrics
from services.optimise.executor import Executor
from services.optimise.folds import Length, Window, windows_of
from services.optimise.grid import StrategyClass
from services.optimise.objective import Objective, best_of
from services.optimise.stitch import Part, Resting, part_of, stitched
from services.optimise.sweep import sweep as sweep_grid
from services.optimise.walked import WalkForward, WalkForwardWindow, finished, notes_of
from services.progress import Progress, Report, silent


class Sweep(Protocol):
    """Tries parameters on the bars from start to end, earlier ones being history."""

    def __call__(
        self,
        bars: pd.DataFrame,
        strategy_class: type[StrategyClass],
        grid: Mapping[str, Any],
        settings: SimulationSettings,
        *,
        start: pd.Timestamp,
        end: pd.Timestamp,
        timezone: str,
        report: Report,
    ) -> pd.DataFrame:
        """Return a row a combination: a column a parameter, then a column a metric."""


def walk_forward(
    bars: pd.DataFrame,
    strategy_class: type[StrategyClass],
    grid: Mapping[str, Any],
    settings: SimulationSettings = SimulationSettings(),  # noqa: B008  (frozen)
    *,
    train: Length,
    test: Length,
    anchored: bool = False,
    embargo: int = 0,
    objective: Objective = Objective(),  # noqa: B008  (frozen)
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    timezone: str = "UTC",
    finer: FinerBars | None = None,
    executor: Executor | None = None,
    sweep: Sweep | None = None,
    report: Report = silent,
) -> WalkForward:
    """Choose parameters on each window's first part by the objective and trade its second part.

    Windows are those of `windows_of`. Every test starts flat, with the capital that the one
    before left; a position open at its end is closed at the last close, with costs, but for that
    of the last window, which stays open as in any backtest. It ends early where the capital is
    lost. Raises InvalidParams when the bars are too few, and what `report` raises.
    """
    frame, first = _history(bars, start, end)
    cut = windows_of(frame["ts"], train, test, anchored=anchored, embargo=embargo, first=first)
    walk = _Walk(frame, strategy_class, settings, objective, timezone, finer)
    sweep = sweep or partial(sweep_grid, executor=executor, finer=finer)
    total, capital = len(cut.windows), settings.cash
    windows, parts = [], []
    for k, window in enumerate(cut.windows):
        rows = walk.tried(sweep, grid, window, _nested(report, k, total))
        done, part = walk.tested(k + 1, window, rows, capital, closes=k + 1 < total)
        windows.append(done)
        parts.append(part)
        capital = part.capital
        if not capital >= 1:  # less is no capital to start a window with
            break
    report(Progress(total, total, "measuring"))
    last = cut.windows[len(windows) - 1].test_end
    return finished(
        objective,
        tuple(windows),
        stitched(frame.iloc[:last], parts, settings, timezone),
        settings,
        notes_of(windows, cut.left_out, total),
    )


class _Walk:
    """One walk-forward under way."""

    def __init__(
        self,
        frame: pd.DataFrame,
        strategy_class: type[StrategyClass],
        settings: SimulationSettings,
        objective: Objective,
        timezone: str,
        finer: FinerBars | None,
    ):
        self._frame, self._ts, self._finer = frame, frame["ts"], finer
        self._class, self._settings = strategy_class, settings
        self._objective, self._timezone = objective, timezone

    def tried(
        self, sweep: Sweep, grid: Mapping[str, Any], window: Window, report: Report
    ) -> pd.DataFrame:
        """Try the grid on the bars to train on; what follows them is cut off before."""
        return sweep(
            self._frame.iloc[: window.train_end],
            self._class,
            grid,
            self._settings,
            start=self._ts.iloc[window.train_start],
            end=self._ts.iloc[window.train_end - 1],
            timezone=self._timezone,
            report=report,
        )

    def tested(
        self, number: int, window: Window, rows: pd.DataFrame, capital: float, closes: bool
    ) -> tuple[WalkForwardWindow, Part]:
        """Trade the best row's parameters on the bars to test on."""
        best = best_of(rows, self._objective)
        params = None if best is None else self._params(rows, best)
        result = self._result(params, window, capital)
        part = part_of(result, closes)
        before = None if best is None else _metrics(rows, best)
        metric = self._objective.metric
        done = WalkForwardWindow(
            number=number,
            train_start=self._ts.iloc[window.train_start],
            train_end=self._ts.iloc[window.train_end - 1],
            test_start=result.start,
            test_end=result.end,
            test_bars=len(result.bars),
            is_partial=window.is_partial,
            tried=len(rows),
            params=params,
            in_sample=before,
            out_of_sample=result.metrics,
            before=None if before is None else before[metric],
            after=None if before is None else result.metrics[metric],
            capital=capital,
            profit=part.capital / capital - 1.0,
        )
        return done, part

    def _params(self, rows: pd.DataFrame, place: int) -> dict[str, Any]:
        names = self._class.Params.model_fields
        return {name: _plain(rows[name].iloc[place]) for name in names}

    def _result(
        self, params: Mapping[str, Any] | None, window: Window, capital: float
    ) -> BacktestResult:
        return run_backtest(
            self._frame.iloc[: window.test_end],
            Resting() if params is None else self._class(**params),
            replace(self._settings, cash=capital),
            start=self._ts.iloc[window.test_start],
            timezone=self._timezone,
            finer=self._finer,
        )


def _history(
    bars: pd.DataFrame, start: pd.Timestamp | None, end: pd.Timestamp | None
) -> tuple[pd.DataFrame, int]:
    """Return the bars up to `end` with their indicators, and the first one to use."""
    if len(bars) == 0:
        raise NoBars("There are no bars to test: load some first.")
    ts = bars["ts"]
    stop = len(bars) if end is None else int((ts <= end).sum())
    return with_indicators(bars).iloc[:stop], 0 if start is None else int((ts < start).sum())


def _nested(report: Report, k: int, windows: int) -> Report:
    """Report the progress of window k as part of all of them."""

    def nested(inner: Progress) -> None:
        total = max(inner.total, 1)
        done = k * total + min(inner.done, total)
        report(Progress(done, windows * total, f"window {k + 1} of {windows}"))

    return nested


def _metrics(rows: pd.DataFrame, place: int) -> Metrics:
    values = {spec.name: rows[spec.name].iloc[place] for spec in METRICS}
    return {name: None if pd.isna(value) else _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
