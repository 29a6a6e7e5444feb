"""sweep: every valid combination of a grid, measured exactly as run_backtest measures one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

import services.optimise.compiled as kernel
from services.backtest.finer import FinerBars, finer_bars_of
from services.backtest.inputs import inputs_of
from services.backtest.run import window
from services.backtest.settings import SimulationSettings
from services.metric_specs import METRIC_SPECS
from services.optimise.asked import Question, measure_asked
from services.optimise.chosen_metrics import asked_for, chosen_metrics
from services.optimise.declared import measure_declared
from services.optimise.executor import Executor
from services.optimise.grid import Combinations, StrategyClass, combinations_of
from services.optimise.outcome import ERROR, check_names
from services.progress import Progress, Report, silent

CHUNK = 5_000  # combinations that an executor carries at a time
_PLAIN = SimulationSettings()


@dataclass(frozen=True)
class Evaluation:
    """What is asked of every chunk of combinations; an executor carries it."""

    bars: pd.DataFrame
    strategy_class: type[StrategyClass]
    settings: SimulationSettings = _PLAIN
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    timezone: str = "UTC"
    finer: FinerBars | None = None
    metrics: tuple[str, ...] = tuple(METRIC_SPECS)

    def __call__(self, combinations: Combinations, report: Report = silent) -> pd.DataFrame:
        """Measure some combinations: a row for each, in their order."""
        check_names(combinations)
        frame, first = window(self.bars, self.start, self.end)
        given = inputs_of(frame, first, self.settings, self.timezone, self.finer)
        scene = kernel.scene_of(given, asked_for(self.metrics))
        kind, total = self.strategy_class, len(combinations)

        def done(count: int) -> None:
            report(Progress(count, total, "combinations"))

        if kind.is_declared():
            sides = kind.buy, kind.sell
            outcome = measure_declared(frame, first, scene, sides, combinations, done)
        else:
            outcome = measure_asked(Question(frame, first, scene, kind), combinations, done)
        return outcome.table(combinations, self.metrics)


def sweep(
    bars: pd.DataFrame,
    strategy_class: type[StrategyClass],
    grid: Mapping[str, Any],
    settings: SimulationSettings = _PLAIN,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    timezone: str = "UTC",
    finer: FinerBars | pd.DataFrame | None = None,
    metrics: Sequence[str] | None = None,
    executor: Executor | None = None,
    report: Report = silent,
) -> pd.DataFrame:
    """Backtest all valid combinations of a grid: a row each, in the order of itertools.product.

    Columns: every parameter, every metric (NaN where undefined), and `error` if a combination
    failed. With `metrics` (names of services.metric_specs) only those are measured, which takes
    less time. The numbers are those of run_backtest to the last bit. Reports count combinations
    and may raise Cancelled. Raises InvalidParams for a grid that cannot be tried or an unknown
    metric, NoBars, and of `finer` bars what run_backtest raises.
    """
    chosen = chosen_metrics(metrics)
    combinations = combinations_of(strategy_class, grid)
    finer = finer_bars_of(finer)
    asked = Evaluation(bars, strategy_class, settings, start, end, timezone, finer, chosen)
    if executor is None:
        return asked(combinations, report)
    return _carried(asked, combinations, executor, report)


def evaluate(
    bars: pd.DataFrame,
    strategy_class: type[StrategyClass],
    combinations: Combinations,
    settings: SimulationSettings = _PLAIN,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    timezone: str = "UTC",
    finer: FinerBars | None = None,
    report: Report = silent,
) -> pd.DataFrame:
    """Measure combinations at hand, as `sweep` does those of a grid."""
    asked = Evaluation(bars, strategy_class, settings, start, end, timezone, finer)
    return asked(combinations, report)


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of chunks one below the other; `error` comes last if one has it."""
    table = pd.concat(tables, ignore_index=True)
    if ERROR in table:
        table[ERROR] = table.pop(ERROR).astype(object).where(lambda text: text.notna(), None)
    return table


def _carried(
    asked: Evaluation, combinations: Combinations, executor: Executor, report: Report
) -> pd.DataFrame:
    total = len(combinations)
    chunks = [combinations.part(k, k + CHUNK) for k in range(0, total, CHUNK)]

    def rows_done(progress: Progress) -> None:
        report(Progress(min(progress.done * CHUNK, total), total, "combinations"))

    tables = list(executor.map(asked, chunks, rows_done))
    report(Progress(total, total, "combinations"))
    return joined(tables)
