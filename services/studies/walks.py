"""Walks a study's walk-forward, and opens a finished one as it was stored."""

from collections.abc import Callable, Iterable
from typing import Any

from db.session import Database
from services.optimise.executor import Executor
from services.optimise.walk_forward import Step, walk_forward
from services.optimise.walked import WalkForward
from services.progress import Report, silent
from services.studies.prepare import Prepared, prepare_study
from services.studies.saved import Study
from services.studies.store import load_series
from services.studies.walk_packing import unpack_walk


def walk_of(
    prepared: Prepared,
    executor: Executor | None = None,
    begun: Iterable[Step] = (),
    keep: Callable[[Step], None] | None = None,
    report: Report = silent,
) -> WalkForward:
    """Walk as a study asks, after the windows that are `begun`; raises as walk_forward."""
    request = prepared.request
    return walk_forward(
        prepared.bars,
        prepared.strategy_class,
        request.space,
        request.backtest.settings,
        train=request.train,
        test=request.test,
        anchored=request.anchored,
        embargo=request.embargo,
        objective=request.objective,
        start=prepared.start,
        end=prepared.end,
        timezone=prepared.timezone,
        finer=prepared.finer,
        executor=executor,
        begun=tuple(begun),
        keep=keep,
        report=report,
    )


def load_walk(database: Database, study: Study, strategy_class: Any) -> WalkForward:
    """Return a finished walk-forward as it was stored, whatever became of its bars and code.

    One that was stored without its curves is walked again on today's bars; raises what that does.
    """
    payload = load_series(database, study.id)
    if payload is None:
        return walk_of(prepare_study(database, study.request, strategy_class))
    return unpack_walk(payload, study.request.objective, study.request.backtest.settings)
