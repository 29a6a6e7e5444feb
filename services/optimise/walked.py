"""What a walk-forward gives: its windows, their tests as one run, and how both compare."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from services.backtest.settings import SimulationSettings
from services.metrics import Metrics
from services.optimise.objective import Objective
from services.optimise.stitch import Stitched
from services.wording import counted


@dataclass(frozen=True, eq=False)
class WalkForwardWindow:
    """What was chosen on the bars from `train_start` to `train_end`, and what became of it.

    All four are times of bars that belong. `params` is None where no combination qualified: the
    window stays out of the market. `in_sample` holds the chosen combination's metrics in the
    sweep, `out_of_sample` those of its backtest from `test_start` to `test_end`. `profit` is what
    the window gained as a fraction of its `capital` at the start, with the costs of closing what
    was open at its end. `before` and `after` are the objective in-sample and out-of-sample.
    `error` says why the rule failed: in the test, of which nothing is known then, or with every
    combination in training, so that there are no `params`.
    """

    number: int
    train_start: pd.Timestamp
    train_end: pd.Timestamp
    test_start: pd.Timestamp
    test_end: pd.Timestamp
    test_bars: int
    is_partial: bool
    tried: int
    params: Mapping[str, Any] | None
    in_sample: Metrics | None
    out_of_sample: Metrics | None
    before: float | None
    after: float | None
    capital: float
    profit: float | None
    error: str = ""

    @property
    def is_failed(self) -> bool:
        """Tell whether the rule failed in the test, which stayed in cash instead."""
        return bool(self.error) and self.params is not None

    @property
    def gained(self) -> bool:
        """Tell whether it ended with a profit."""
        return self.profit is not None and self.profit > 0

    @property
    def ratio(self) -> float | None:
        """The part of the objective that was left out-of-sample; None unless there was some."""
        if self.before is None or self.after is None or self.before <= 0:
            return None
        return self.after / self.before


@dataclass(frozen=True)
class Degradation:
    """How the objective fared on bars that the choice had not seen.

    `before` and `after` are its means in-sample and out-of-sample over the windows that have
    both. `mean` and `median` are of the ratio after / before over windows with a positive value
    in-sample (`windows` of them): 1 is as good as before, for an objective to be kept low as bad.
    """

    windows: int
    before: float | None
    after: float | None
    mean: float | None
    median: float | None


@dataclass(frozen=True, eq=False)
class WalkForward:
    """A finished walk-forward: the windows, and their tests as one run.

    `efficiency` is the yearly growth out-of-sample over the mean yearly growth in-sample (after
    Pardo, 2008, The Evaluation and Optimization of Trading Strategies), None where the latter is
    not positive. `consistency` is the share of windows that ended with a profit. `notes` are
    sentences a reader must know.
    """

    objective: Objective
    windows: tuple[WalkForwardWindow, ...]
    run: Stitched
    settings: SimulationSettings
    degradation: Degradation
    efficiency: float | None
    consistency: float
    notes: tuple[str, ...]


def finished(
    objective: Objective,
    windows: tuple[WalkForwardWindow, ...],
    run: Stitched,
    settings: SimulationSettings,
    notes: tuple[str, ...],
) -> WalkForward:
    """Sum up windows and their tests."""
    growth = _mean([w.in_sample["cagr"] for w in windows if w.in_sample])
    yearly = run.metrics["cagr"]
    defined = growth is not None and growth > 0 and yearly is not None
    return WalkForward(
        objective=objective,
        windows=windows,
        run=run,
        settings=settings,
        degradation=_degradation(windows),
        efficiency=yearly / growth if defined else None,
        consistency=sum(w.gained for w in windows) / len(windows),
        notes=notes,
    )


def _degradation(windows: tuple[WalkForwardWindow, ...]) -> Degradation:
    both = [w for w in windows if w.before is not None and w.after is not None]
    ratios = [w.ratio for w in both if w.ratio is not None]
    return Degradation(
        windows=len(ratios),
        before=_mean([w.before for w in both]),
        after=_mean([w.after for w in both]),
        mean=_mean(ratios),
        median=float(np.median(ratios)) if ratios else None,
    )


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def notes_of(windows: Sequence[WalkForwardWindow], left_out: int, total: int) -> tuple[str, ...]:
    """Say what a reader must know; `total` is how many windows there were to be."""
    return (*_of_end(windows, left_out, total), *_of_failures(windows), *_of_rest(windows))


def _of_end(windows: Sequence[WalkForwardWindow], left_out: int, total: int) -> list[str]:
    last = windows[-1]
    if len(windows) < total:
        return [f"The capital was lost in window {last.number} of {total}: it ends there."]
    if last.is_partial:
        bars = counted(last.test_bars, "bar")
        until = f"{last.test_end:%Y-%m-%d}"
        return [f"The last test is shorter than the others: {bars}, to {until}."]
    if left_out == 1:
        return ["The last bar is less than half a test and was left out."]
    if left_out:
        return [f"The last {left_out:,} bars are less than half a test and were left out."]
    return []


def _of_failures(windows: Sequence[WalkForwardWindow]) -> list[str]:
    notes = []
    failed = [w for w in windows if w.is_failed]
    untried = [w for w in windows if w.error and w.params is None]
    if failed:
        there = sum(w.test_bars for w in failed)
        bars = f"{there:,} of its {sum(w.test_bars for w in windows):,} bars"
        notes.append(
            f"The rule failed in the test of {_numbers(failed)} ({failed[0].error}): what it would "
            f"have gained or lost there is not known. The curve stays in cash for these {bars}, "
            "and its numbers count them as such."
        )
    if untried:
        notes.append(
            f"On the bars to choose on every combination failed ({untried[0].error}), so that "
            f"nothing was traded, in {_numbers(untried)}."
        )
    return notes


def _of_rest(windows: Sequence[WalkForwardWindow]) -> list[str]:
    notes = []
    resting = [w for w in windows if w.params is None and not w.error]
    traded = [w for w in windows if w.params is not None and not w.is_failed]
    waiting = [w for w in traded if w.out_of_sample["exposure"] == 0.0]
    if resting:
        notes.append(
            f"No combination qualified, so that nothing was traded, in {_numbers(resting)}."
        )
    if waiting:
        notes.append(
            "A test starts flat and waits for a signal of its own: no signal to enter came in "
            f"{_numbers(waiting)}."
        )
    return notes


def _numbers(windows: Sequence[WalkForwardWindow]) -> str:
    noun = "window" if len(windows) == 1 else "windows"
    return f"{noun} {', '.join(str(w.number) for w in windows)}"
