"""Walk-forward: parameters chosen on past bars again and again, and traded on the bars after."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from services.backtest.finer import FinerBars
from services.backtest.result import BacktestResult
from services.backtest.run import run_backtest, signals_of
from services.backtest.settings import SimulationSettings
from services.errors import NoBars, error_text
from services.indicators import with_indicators
from services.metrics import METRICS, Metrics
from services.optimise.executor import Executor
from services.optimise.folds import Length, Window, Windows, windows_of
from services.optimise.grid import StrategyClass
from services.optimise.objective import Objective, best_of
from services.optimise.outcome import ERROR
from services.optimise.stitch import Part, Said, part_of, stitched
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
    begun: Sequence["Step"] = (),
    keep: Callable[["Step"], None] | None = None,
    report: Report = silent,
) -> WalkForward:
    """Choose parameters on each window's first part by the objective and trade its second part.

    Windows are those of `windows_of`. Every test starts flat, with the capital that the one
    before left; a position open at its end is closed at the last close, with costs, but for that
    of the last window, which stays open as in any backtest. It ends early where the capital is
    lost. A window whose rule raises has the `error`, and its test stays in cash. An executor
    carries the choices, a window each. `keep` is given each window when it is done; who passes
    these as `begun` goes on after them. Raises InvalidParams when the bars are too few, and what
    `report` raises.
    """
    frame, first = _history(bars, start, end)
    cut = windows_of(frame["ts"], train, test, anchored=anchored, embargo=embargo, first=first)
    walk = _Walk(frame, strategy_class, settings, objective, timezone, finer)
    sweep = sweep or partial(sweep_grid, finer=finer)
    training = Training(frame, strategy_class, grid, settings, objective, timezone, sweep)
    steps, total = list(begun), len(cut.windows)
    left = walk.left(cut.windows, steps)
    with closing(_chosen(training, left, executor, report, total)) as choices:
        for window, choice in zip(left, choices, strict=True):
            steps.append(walk.next(steps, window, choice, closes=len(steps) + 1 < total))
            if keep is not None:
                keep(steps[-1])
            if walk.is_lost(steps):
                break
    report(Progress(total, total, "measuring"))
    return walk.finished(steps, cut)


class Step(NamedTuple):
    """A window that was walked, and its test."""

    window: WalkForwardWindow
    part: Part


class Choice(NamedTuple):
    """What a window's training came to: the best of those `tried`, None where none qualified.

    `error` says why where all of them failed.
    """

    tried: int
    params: Mapping[str, Any] | None
    in_sample: Metrics | None
    error: str = ""


@dataclass(frozen=True, eq=False)
class Training:
    """What is asked of the bars to train on, of every window alike; an executor carries it."""

    frame: pd.DataFrame
    strategy_class: type[StrategyClass]
    grid: Mapping[str, Any]
    settings: SimulationSettings
    objective: Objective
    timezone: str
    sweep: Sweep

    def __call__(self, window: Window, report: Report = silent) -> Choice:
        """Try the grid on the bars to train on; what follows them is cut off before."""
        ts = self.frame["ts"]
        rows = self.sweep(
            self.frame.iloc[: window.train_end],
            self.strategy_class,
            self.grid,
            self.settings,
            start=ts.iloc[window.train_start],
            end=ts.iloc[window.train_end - 1],
            timezone=self.timezone,
            report=report,
        )
        best = best_of(rows, self.objective)
        if best is None:
            return Choice(len(rows), None, None, _why_all_failed(rows))
        names = self.strategy_class.Params.model_fields
        params = {name: _plain(rows[name].iloc[best]) for name in names}
        return Choice(len(rows), params, _metrics(rows, best))


def _chosen(
    training: Training,
    windows: Sequence[Window],
    executor: Executor | None,
    report: Report,
    total: int,
) -> Iterator[Choice]:
    """Give the choice of each window; no choice needs the one before, so all can be under way."""
    first = total - len(windows)
    if executor is None:
        for k, window in enumerate(windows, first):
            yield training(window, _nested(report, k, total))
        return
    yield from executor.map(training, windows, lambda p: _nested(report, first + p.done, total)(p))


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

    def left(self, windows: Sequence[Window], steps: Sequence[Step]) -> Sequence[Window]:
        """Return the windows that are not walked yet; none where the capital is lost."""
        return () if steps and self.is_lost(steps) else windows[len(steps) :]

    def is_lost(self, steps: Sequence[Step]) -> bool:
        """Tell whether less is left than a window can start with."""
        return not self._capital(steps) >= 1

    def next(self, steps: Sequence[Step], window: Window, choice: Choice, *, closes: bool) -> Step:
        """Trade what was chosen on the bars to test on, with what the steps before it left."""
        capital, (rule, error) = self._capital(steps), self._rule(choice, window)
        is_known = not error or choice.params is None
        result = self._result(rule, window, capital)
        part = part_of(result, closes)
        before, metric = choice.in_sample, self._objective.metric
        done = WalkForwardWindow(
            number=len(steps) + 1,
            train_start=self._ts.iloc[window.train_start],
            train_end=self._ts.iloc[window.train_end - 1],
            test_start=result.start,
            test_end=result.end,
            test_bars=len(result.bars),
            is_partial=window.is_partial,
            tried=choice.tried,
            params=choice.params,
            in_sample=before,
            out_of_sample=result.metrics if is_known else None,
            before=None if before is None else before[metric],
            after=result.metrics[metric] if is_known and before is not None else None,
            capital=capital,
            profit=part.capital / capital - 1.0 if is_known else None,
            error=error,
        )
        return Step(done, part)

    def finished(self, steps: Sequence[Step], cut: Windows) -> WalkForward:
        """Join the tests to one curve and measure it."""
        windows, parts = zip(*steps, strict=True)
        last = cut.windows[len(windows) - 1].test_end
        return finished(
            self._objective,
            windows,
            stitched(self._frame.iloc[:last], parts, self._settings, self._timezone),
            self._settings,
            notes_of(windows, cut.left_out, len(cut.windows)),
        )

    def _capital(self, steps: Sequence[Step]) -> float:
        return steps[-1].part.capital if steps else self._settings.cash

    def _rule(self, choice: Choice, window: Window) -> tuple[Said, str]:
        """Ask what was chosen for its signals; where it fails it stays out, and this says why."""
        if choice.params is None:
            return Said(), choice.error
        # A copy, which shares its columns: a rule may add or change some of its own.
        seen = self._frame.iloc[: window.test_end].copy(deep=False)
        try:
            return Said(signals_of(self._class(**choice.params), seen, window.test_start)), ""
        except Exception as error:  # noqa: BLE001  (the user's code: only its own window fails)
            return Said(), error_text(error)

    def _result(self, rule: Said, window: Window, capital: float) -> BacktestResult:
        return run_backtest(
            self._frame.iloc[: window.test_end],
            rule,
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


def _why_all_failed(rows: pd.DataFrame) -> str:
    failed = rows[ERROR].notna() if ERROR in rows else pd.Series(dtype=bool)
    return str(rows[ERROR].iloc[0]) if len(failed) and failed.all() else ""


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
