"""Search for good combinations in a space that is too large to try all of it.

Optuna proposes: a tree-structured Parzen estimator (TPE) for one objective, NSGA-II for several.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

import pandas as pd

from services.backtest.finer import FinerBars
from services.backtest.settings import SimulationSettings
from services.errors import InvalidParams
from services.indicators import with_indicators
from services.metric_specs import METRICS
from services.optimise.executor import Executor, kept_open
from services.optimise.grid import StrategyClass, combinations_from
from services.optimise.hunt import Hunt, Proposals
from services.optimise.objective import Objective, objectives_of
from services.optimise.space import Axis, Candidate, Space, axes_of
from services.optimise.sweep import Evaluation, joined
from services.progress import Progress, Report, silent

MOST_TRIALS = 10_000

_PARTS = 8  # of a batch, when an executor carries them

# Backtest combinations (all parameters by name) and return a row each, in their order: a column
# a parameter, a column a metric, and "error" where one failed.
Evaluate = Callable[[Sequence[Candidate]], pd.DataFrame]


class Batch(NamedTuple):
    """What was tried at once: a row each, and all that was proposed to come to them."""

    rows: pd.DataFrame
    proposals: Proposals


def search(
    bars: pd.DataFrame,
    strategy_class: type[StrategyClass],
    space: Space,
    objectives: Any = "sharpe",
    settings: SimulationSettings = SimulationSettings(),  # noqa: B008  (frozen)
    *,
    trials: int = 200,
    seed: int = 0,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    timezone: str = "UTC",
    finer: FinerBars | None = None,
    evaluate: Evaluate | None = None,
    executor: Executor | None = None,
    begun: Iterable[Batch] = (),
    keep: Callable[[Batch], None] | None = None,
    report: Report = silent,
) -> pd.DataFrame:
    """Look for the best combinations of a space; return a row for each that was tried.

    `objectives` is read by `objectives_of`. `trials` counts different valid combinations: what is
    invalid is told to the optimiser without a backtest, and what was tried before is answered
    from memory. `attrs` of the frame count the `invalid` and `repeated` proposals; its `note`
    says why there are fewer rows than asked. The same seed finds the same. `keep` is given each
    batch before the next report; who passes these batches as `begun` goes on after them, and
    finds to the last bit what a search finds that was never stopped.
    """
    wanted = objectives_of(objectives)
    axes = check_search(strategy_class, space, trials)
    hunt = Hunt(strategy_class, axes, len(wanted), trials, seed)
    window = {"start": start, "end": end, "timezone": timezone, "finer": finer}
    evaluate = evaluate or _measuring(bars, strategy_class, settings, window, executor)
    done = []
    for batch in begun:
        hunt.remember(batch.proposals, _scores(batch.rows, wanted))
        done.append(batch.rows)
    left = _proposed(hunt, trials, report)
    first = list(islice(left, 1))
    # Where nothing is left to compute, a cluster that is down is in nobody's way.
    with kept_open(executor if first else None):
        for batch in chain(first, left):
            rows = evaluate(batch)
            rows = rows.astype(_types(rows))
            proposals = hunt.learn(_scores(rows, wanted))
            done.append(rows)
            if keep is not None:
                keep(Batch(rows, proposals))
    if not done:
        raise InvalidParams(f"No combination of that space is valid. {hunt.reason}")
    report(Progress(hunt.tried, hunt.tried, "done"))
    return _frame(done, hunt, trials)


def _proposed(hunt: Hunt, trials: int, report: Report) -> Iterator[Sequence[Candidate]]:
    """Give batch after batch of what is to be tried, each after the one before was learnt."""
    while not hunt.is_over:
        report(Progress(hunt.tried, trials, "searching"))
        if batch := hunt.propose():
            yield batch


def check_search(
    strategy_class: type[StrategyClass], space: Space, trials: int
) -> tuple[Axis, ...]:
    """Return the axes of a space; raise InvalidParams for what cannot be searched."""
    if not 1 <= trials <= MOST_TRIALS:
        raise InvalidParams(
            f"The number of trials must be 1 to {MOST_TRIALS:,}, not {trials:,}.", field="samples"
        )
    return axes_of(strategy_class, space)


def _measuring(
    bars: pd.DataFrame,
    strategy_class: type[StrategyClass],
    settings: SimulationSettings,
    window: dict[str, Any],
    executor: Executor | None,
) -> Evaluate:
    frame = with_indicators(bars) if len(bars) else bars  # once, not for every batch
    asked = Evaluation(frame, strategy_class, settings, **window)

    def measured(batch: Sequence[Candidate]) -> pd.DataFrame:
        columns = {name: [params[name] for params in batch] for name in batch[0]}
        combinations = combinations_from(strategy_class, columns)
        if executor is None:
            return asked(combinations)
        size = -(-len(batch) // _PARTS)
        parts = [combinations.part(k, k + size) for k in range(0, len(batch), size)]
        return joined(list(executor.map(asked, parts)))

    return measured


def _types(rows: pd.DataFrame) -> dict[str, str]:
    """Return the types of metrics: counts stay whole numbers where all rows have one."""
    there = [spec for spec in METRICS if spec.name in rows]
    # A batch in which a metric is undefined everywhere has no numbers to take its type from.
    return {
        spec.name: "int64" if spec.kind == "count" and rows[spec.name].notna().all() else "float64"
        for spec in there
    }


def _scores(rows: pd.DataFrame, objectives: Sequence[Objective]) -> list[tuple[float, ...]]:
    columns = (objective.scores(rows).tolist() for objective in objectives)
    return list(zip(*columns, strict=True))


def _frame(done: list[pd.DataFrame], hunt: Hunt, trials: int) -> pd.DataFrame:
    frame = joined(done)
    note = ""
    if len(frame) < trials:
        were = "was" if len(frame) == 1 else "were"
        note = (
            f"Only {len(frame):,} of {trials:,} trials {were} made: no more different valid "
            "combinations were found."
        )
    frame.attrs = {"invalid": hunt.invalid, "repeated": hunt.repeated, "note": note}
    return frame
