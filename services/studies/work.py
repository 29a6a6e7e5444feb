"""Does the work of a study, from where it stands to its end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count
from typing import Any

import pandas as pd

from db.session import Database
from services.backtest.trades import iso_time
from services.errors import Cancelled, Interrupted
from services.optimise.executor import Executor
from services.optimise.grid import Combinations
from services.optimise.sweep import Evaluation, joined
from services.optimise.walk_forward import Step
from services.progress import Progress, Report, silent
from services.studies.load import find_study
from services.studies.prepare import Prepared, check_unchanged, prepare_study
from services.studies.request import SEARCH, WALK_FORWARD
from services.studies.saved import (
    CANCELLED,
    DONE,
    FAILED,
    INTERRUPTED,
    SINCE,
    UNTIL,
    Extent,
    Study,
    unsaved_study,
)
from services.studies.search_packing import pack_proposals, read_proposals
from services.studies.store import (
    add_chunk,
    begin_study,
    begun_chunks,
    end_study,
    keep_series,
    missing_chunks,
)
from services.studies.summary import walk_summary, window_table
from services.studies.walk_evidence import TESTS, tests_of
from services.studies.walk_packing import pack_step, pack_walk, unpack_step
from services.studies.walks import walk_of


def run_study(
    database: Database,
    study_id: int,
    strategy_class: Any,
    executor: Executor | None = None,
    report: Report = silent,
    *,
    as_job: bool = False,
) -> Study:
    """Compute what a study lacks, store it chunk by chunk, and return the whole study.

    What ends it early (as Cancelled from `report`, or Ctrl-C) leaves what is stored and is
    written to its state; running it again goes on. Without an executor it is computed here.
    Raises StudyChanged when its bars, its
    strategy's code or the metrics are not those it began with.
    """
    study = find_study(database, study_id)
    if study.is_whole:
        return study
    prepared = prepare_study(database, study.request, strategy_class)
    check_unchanged(study, prepared)
    begin_study(database, study.id, as_job=as_job)
    try:
        values = _work_of(prepared)(prepared, _Stored(database, study), executor, report)
    except BaseException as error:
        end_study(database, study.id, _state_after(error))
        raise
    values["summary"] |= _span_of(prepared)
    end_study(database, study.id, DONE, **values)
    return find_study(database, study.id)


def run_unsaved(
    prepared: Prepared, executor: Executor | None = None, report: Report = silent
) -> tuple[Study, pd.DataFrame]:
    """Do a study of which nothing is kept: return it, without a number, and its results."""
    kept = _InMemory(prepared.extent)
    values = _work_of(prepared)(prepared, kept, executor, report)
    results = joined(kept.frames)
    extent = replace(prepared.extent, combinations=values.get("combinations", kept.done))
    study = unsaved_study(prepared.request, extent, values["summary"])
    return study, results


class _Stored:
    """The chunks of a study in the database."""

    def __init__(self, database: Database, study: Study):
        self._database, self._study = database, study
        self.done, self.combinations = study.done, study.combinations
        self.chunk_rows = study.chunk_rows

    def missing(self) -> list[int]:
        return missing_chunks(self._database, self._study)

    def begun(self) -> list[tuple[pd.DataFrame, bytes]]:
        return begun_chunks(self._database, self._study.id)

    def add(
        self,
        number: int,
        frame: pd.DataFrame,
        tried: int | None = None,
        state: bytes | None = None,
    ) -> None:
        database, study = self._database, self._study.id
        self.done = add_chunk(database, study, number, frame, tried=tried, state=state)

    def keep_series(self, payload: bytes) -> None:
        keep_series(self._database, self._study.id, payload)


class _InMemory:
    """The chunks of a study that is not saved."""

    def __init__(self, extent: Extent):
        self.frames: list[pd.DataFrame] = []
        self.done, self.combinations = 0, extent.combinations
        self.chunk_rows = extent.chunk_rows

    def missing(self) -> list[int]:
        return list(range(-(-self.combinations // self.chunk_rows)))

    def begun(self) -> list[tuple[pd.DataFrame, bytes]]:
        return []

    def add(
        self,
        _number: int,
        frame: pd.DataFrame,
        tried: int | None = None,
        state: bytes | None = None,  # noqa: ARG002  (nobody goes on with it)
    ) -> None:
        self.frames.append(frame)
        self.done += len(frame) if tried is None else tried

    def keep_series(self, _payload: bytes) -> None:
        pass


_Kept = _Stored | _InMemory


class _Parts(Sequence):
    """The chunks of combinations that are missing, each cut when it is asked for."""

    def __init__(self, combinations: Combinations, numbers: list[int], rows: int):
        self._combinations, self._numbers, self._rows = combinations, numbers, rows

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int) -> Combinations:
        start = self._numbers[place] * self._rows
        return self._combinations.part(start, start + self._rows)

    def __iter__(self) -> Iterator[Combinations]:
        return (self[place] for place in range(len(self)))


def _work_of(prepared: Prepared) -> Callable[..., dict[str, Any]]:
    return {SEARCH: _search, WALK_FORWARD: _walk_forward}.get(prepared.request.method, _sweep)


def _sweep(
    prepared: Prepared, kept: _Kept, executor: Executor | None, report: Report
) -> dict[str, Any]:
    numbers = kept.missing()
    parts = _Parts(prepared.combinations, numbers, kept.chunk_rows)

    def tell(of_chunk: int = 0) -> None:
        report(Progress(kept.done + of_chunk, kept.combinations, "combinations"))

    with closing(_results(_asked(prepared), parts, executor, tell)) as results:
        for number, frame in zip(numbers, results, strict=True):
            kept.add(number, frame)
            tell()
    return {"summary": {"note": prepared.note}}


def _asked(prepared: Prepared) -> Evaluation:
    return Evaluation(
        prepared.bars,
        prepared.strategy_class,
        prepared.request.backtest.settings,
        prepared.start,
        prepared.end,
        prepared.timezone,
        prepared.finer,
    )


def _results(
    asked: Evaluation, parts: _Parts, executor: Executor | None, tell: Callable[[int], None]
) -> Iterator[pd.DataFrame]:
    if executor is not None:
        yield from executor.map(asked, parts, lambda _: tell(0))
        return
    for part in parts:
        tell(0)
        yield asked(part, lambda progress: tell(progress.done))


def _search(
    prepared: Prepared, kept: _Kept, executor: Executor | None, report: Report
) -> dict[str, Any]:
    from services.optimise.search import Batch, search

    request = prepared.request
    begun = [Batch(rows, read_proposals(state)) for rows, state in kept.begun()]
    numbers = count(len(begun))
    found = search(
        prepared.bars,
        prepared.strategy_class,
        request.space,
        request.objectives,
        request.backtest.settings,
        trials=request.samples,
        seed=request.seed,
        start=prepared.start,
        end=prepared.end,
        timezone=prepared.timezone,
        finer=prepared.finer,
        executor=executor,
        begun=begun,
        keep=lambda batch: kept.add(
            next(numbers), batch.rows, state=pack_proposals(batch.proposals)
        ),
        report=report,
    )
    return {"combinations": len(found), "summary": {"note": found.attrs.get("note", "")}}


def _walk_forward(
    prepared: Prepared, kept: _Kept, executor: Executor | None, report: Report
) -> dict[str, Any]:
    def keep(step: Step) -> None:
        number, tried = step.window.number - 1, step.window.tried
        kept.add(number, window_table(step.window), tried, pack_step(step))

    begun = [unpack_step(state) for _, state in kept.begun()]
    walk = walk_of(prepared, executor, begun, keep, report)
    kept.keep_series(pack_walk(walk))
    tests = tests_of(walk, prepared.bars, prepared.strategy_class, prepared.timezone)
    return {
        # Every window tried all combinations, each time on other bars.
        "combinations": sum(window.tried for window in walk.windows),
        "best": walk.run.metrics[prepared.request.objective.metric],
        "summary": walk_summary(walk) | {TESTS: tests.as_record()},
    }


def _span_of(prepared: Prepared) -> dict[str, str]:
    since = {} if prepared.start is None else {SINCE: prepared.start.isoformat()}
    return since | {UNTIL: iso_time(prepared.bars["ts"].iloc[-1])}


def _state_after(error: BaseException) -> str:
    if isinstance(error, Interrupted):
        return INTERRUPTED
    return CANCELLED if isinstance(error, Cancelled | KeyboardInterrupt) else FAILED
