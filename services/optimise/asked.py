"""Sweeps strategies that must be asked in Python: `signals` here, `on_bar` in several processes."""

import multiprocessing
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import BaseContext

import numpy as np
import pandas as pd

import services.optimise.compiled as kernel
from services.backtest.run import signals_of
from services.errors import error_text
from services.indicators.memory import remembered
from services.optimise.grid import Combinations, StrategyClass
from services.optimise.outcome import Outcome
from services.threads import core_count

Done = Callable[[int], None]
_FIRST_SECONDS = 0.3  # asked here before it is known what the rest takes
_WORTH_PROCESSES = 4.0  # seconds of work; to start one takes a second or two
_PART_SECONDS = 0.5  # of work in a part that is sent to a process
_LOOK_SECONDS = 0.2  # between two reports
_LIVES = 2  # times that a process may die over the same part


@dataclass(frozen=True)
class Question:
    """All that is asked of every combination of a strategy; can be pickled when its class can."""

    frame: pd.DataFrame
    first: int
    scene: kernel.Scene
    strategy_class: type[StrategyClass]

    def ask(self, combinations: Combinations, more: Callable[[int], bool]) -> Outcome:
        """Ask and measure one combination after the other while `more` of those done is true."""
        outcome = Outcome.of(len(combinations))
        scratch = kernel.scratch_for(self.scene, 0)
        with remembered():
            for i in range(len(combinations)):
                try:
                    signals = self._signals(combinations.row(i))[None, :]
                except Exception as error:  # noqa: BLE001  (the user's code: only its own cell fails)
                    outcome.fail(i, error_text(error))
                else:
                    into = outcome.values[i : i + 1]
                    kernel.measure_signals(0, 1, signals, self.scene, scratch, into)
                if not more(i + 1):
                    return outcome.part(0, i + 1)
        return outcome

    def _signals(self, params: dict) -> np.ndarray:
        # A copy, which shares its columns: a rule may add or change some of its own.
        return signals_of(self.strategy_class(**params), self.frame.copy(deep=False), self.first)


def measure_asked(question: Question, combinations: Combinations, done: Done) -> Outcome:
    """Measure all combinations; `done` is told how many are finished."""
    outcome = Outcome.of(len(combinations))
    started = last = time.perf_counter()

    def until_known(count: int) -> bool:
        nonlocal last
        spent = time.perf_counter() - started
        left = spent / count * (len(combinations) - count)
        if time.perf_counter() - last >= _LOOK_SECONDS:
            last = time.perf_counter()
            done(count)
        return spent < _FIRST_SECONDS or left < _WORTH_PROCESSES or not in_processes

    in_processes = _can_use_processes(question)
    begun = question.ask(combinations, until_known)
    outcome.put(0, begun)
    first = len(begun.values)
    if first < len(combinations):
        each = (time.perf_counter() - started) / first
        size = max(1, int(_PART_SECONDS / each))
        parts = [
            (k, min(k + size, len(combinations))) for k in range(first, len(combinations), size)
        ]
        for start, part in _in_processes(question, combinations, parts, lambda n: done(first + n)):
            outcome.put(start, part)
    done(len(combinations))
    return outcome


def _can_use_processes(question: Question) -> bool:
    """Tell whether several processes help: a rule asked at once is quick, a class may be local."""
    if core_count() < 2 or multiprocessing.current_process().daemon:
        return False
    if question.strategy_class.says_all_at_once():
        return False
    try:
        pickle.dumps(question.strategy_class)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _in_processes(
    question: Question, combinations: Combinations, parts: list[tuple[int, int]], done: Done
) -> Iterator[tuple[int, Outcome]]:
    """Ask in processes; once one has died, what is left is asked part by part."""
    waiting, deaths, finished = list(parts), dict.fromkeys(parts, 0), 0

    def look() -> None:
        done(finished)

    while waiting:
        alone = any(deaths[part] for part in waiting)
        batch = waiting[:1] if alone else list(waiting)
        workers = min(core_count(), len(batch))
        for part in batch:
            deaths[part] += 1
        for part, outcome in _one_pool(question, combinations, batch, workers, look):
            waiting.remove(part)
            finished += part[1] - part[0]
            done(finished)
            yield part[0], outcome
        for part in [part for part in waiting if deaths[part] >= _LIVES]:
            waiting.remove(part)
            finished += part[1] - part[0]
            yield part[0], _given_up(part)


def _one_pool(
    question: Question,
    combinations: Combinations,
    parts: list[tuple[int, int]],
    workers: int,
    look: Callable[[], None],
) -> Iterator[tuple[tuple[int, int], Outcome]]:
    """Ask in one set of processes, until the parts are done or a process has died."""
    pool = ProcessPoolExecutor(workers, _context(), initializer=_begin, initargs=(question,))
    try:
        pending = {pool.submit(_ask, combinations.part(*part)): part for part in parts}
        while pending:
            ready, _ = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            look()
            for future in ready:
                yield pending.pop(future), future.result()
    except BrokenProcessPool:
        return
    finally:
        # What a process computes now is of no use to anyone any more.
        for process in list((pool._processes or {}).values()):
            with suppress(OSError):
                process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _context() -> BaseContext:
    """Start processes from one that has this module at hand, where the system can; never fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _given_up(part: tuple[int, int]) -> Outcome:
    outcome = Outcome.of(part[1] - part[0])
    for i in range(part[1] - part[0]):
        outcome.fail(i, "The process that ran it ended: it may need too much memory.")
    return outcome


_question: Question | None = None


def _begin(question: Question) -> None:
    global _question  # noqa: PLW0603  (what a process is told once, for all its parts)
    _question = question
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _ask(combinations: Combinations) -> Outcome:
    return _question.ask(combinations, lambda _: True)
