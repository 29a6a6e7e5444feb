"""What a walk-forward is worth: the tests of its one curve, and every walk-forward counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from db.session import Database
from services.backtest.run import signals_of
from services.indicators import with_indicators
from services.look_ahead import UNCHECKED, LookAhead, check_look_ahead
from services.optimise.walked import WalkForward
from services.runs.checking import SECONDS
from services.studies.saved import Study
from services.studies.trials import Trials, trials_for
from services.validation import DeflatedSharpe, Verdict
from services.validation.walk import WalkTests, walk_tests, walk_verdict

TESTS = "tests"  # under which a study's summary keeps them


@dataclass(frozen=True, eq=False)
class WalkEvidence:
    """The tests of a walk-forward, the trials behind it, and what both come to."""

    tests: WalkTests
    trials: Trials
    deflated: DeflatedSharpe
    verdict: Verdict


def walk_evidence(database: Database, study: Study) -> WalkEvidence | None:
    """Judge a finished walk-forward; None of one that was stored without its tests."""
    record = study.summary.get(TESTS)
    if record is None:
        return None
    tests, trials = WalkTests.from_record(record), trials_for(database, study)
    return WalkEvidence(tests, trials, *walk_verdict(tests, trials.walks, trials.beside_walks))


def tests_of(
    walk: WalkForward, bars: pd.DataFrame, strategy_class: Any, timezone: str
) -> WalkTests:
    """Put a walk-forward through the tests; `bars` are all that it saw."""
    return walk_tests(walk, _looked_ahead(walk, bars, strategy_class), timezone)


def _looked_ahead(walk: WalkForward, bars: pd.DataFrame, strategy_class: Any) -> LookAhead:
    """Check what the last window that traded had chosen, over all of the tests.

    A rule that fails on bars of other windows stays unchecked.
    """
    chosen: list[Mapping[str, Any]] = [
        w.params for w in walk.windows if w.params is not None and not w.is_failed
    ]
    if not chosen:
        return UNCHECKED
    start, end = walk.windows[0].test_start, walk.windows[-1].test_end
    frame = with_indicators(bars[bars["ts"] <= end])
    first = int(np.searchsorted(frame["ts"], start))
    seen = frame.copy(deep=False)
    try:
        signals = signals_of(strategy_class(**chosen[-1]), seen, first)
    except Exception:  # noqa: BLE001  (the user's code, which may fail where it did before)
        return UNCHECKED
    again = strategy_class(**chosen[-1])
    return check_look_ahead(again, frame, signals, first, seconds=SECONDS)
