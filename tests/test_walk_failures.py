"""Walk-forwards whose rule fails on some bars: those windows are marked, the rest completes."""

from dataclasses import asdict

import numpy as np
import pytest
from builders import random_walk

from components.optimise_walk import walk_parts
from services.backtest import SimulationSettings, run_backtest
from services.charts.optimise import stitched_figure, windows_figure
from services.errors import NoBars
from services.look_ahead import UNCHECKED
from services.optimise.walk_forward import walk_forward
from services.parameters import Parameters, param
from services.studies import walk_evidence as judging
from services.studies.summary import walk_summary
from services.studies.walk_packing import pack_step, pack_walk, unpack_step, unpack_walk
from services.validation.walk import walk_tests, walk_verdict
from strategies.base import Strategy

BARS = random_walk(160, seed=4)
BAD = BARS["ts"].iloc[90]  # in the third of six tests: 40 to train on, 20 to test


class Swings(Strategy):
    """Buys every few bars and sells in between."""

    name = "swings"

    class Params(Parameters):
        every: int = param(4, "bars between two orders", ge=2, le=20)

    def signals(self, df):
        turns = np.arange(len(df)) // self.params.every % 2
        return np.where(turns == 0, 1, -1).astype(np.int8)


def is_met(df):
    return (df["ts"].tail(20) == BAD).any()


class Fragile(Swings):
    """The same, but for one bar that it cannot bear among the last ones."""

    name = "fragile"
    survivors = ()

    def signals(self, df):
        if is_met(df) and self.params.every not in self.survivors:
            raise ZeroDivisionError("division by nothing")
        return super().signals(df)


class Sturdier(Fragile):
    """Bears the bar with one of its parameters."""

    name = "sturdier"
    survivors = (7,)


def walk(strategy, bars=BARS, grid=None, settings=SimulationSettings(), **how):  # noqa: B008
    grid = grid or {"every": [3, 5, 7]}
    return walk_forward(bars, strategy, grid, settings, **{"train": 40, "test": 20} | how)


def failing_once(**how):
    """Walk with a rule of which only what was chosen for the third window meets its bad bar."""
    chosen = walk(Swings, **how).windows[2].params["every"]

    class Once(Fragile):
        name = "once"
        survivors = tuple({3, 5, 7} - {chosen})

    return walk(Once, **how)


def test_a_window_whose_rule_fails_is_marked_and_the_others_complete():
    found, whole = failing_once(), walk(Swings)
    assert [w.number for w in found.windows if w.is_failed] == [3]
    failed = found.windows[2]
    assert failed.error == "ZeroDivisionError: division by nothing"
    assert failed.params == whole.windows[2].params
    assert failed.in_sample == whole.windows[2].in_sample
    assert (failed.after, failed.profit, failed.out_of_sample) == (None, None, None)
    assert len(found.windows) == len(whole.windows) == 6
    assert all(w.out_of_sample["trades"] > 0 for w in found.windows if not w.is_failed)


def test_the_curve_rests_in_cash_where_the_rule_failed_and_says_so():
    found = failing_once()
    equity = found.run.equity.to_numpy()
    assert set(equity[40:60]) == {equity[39]}
    assert not found.run.position[40:60].any()
    assert not found.run.trades["entry_bar"].between(40, 59).any()
    assert found.windows[3].capital == equity[39]
    [note] = [note for note in found.notes if "failed" in note]
    assert note == (
        "The rule failed in the test of window 3 (ZeroDivisionError: division by nothing): what it "
        "would have gained or lost there is not known. The curve stays in cash for these 20 of its "
        "120 bars, and its numbers count them as such."
    )


def test_the_windows_before_a_failure_are_those_of_a_rule_that_never_fails():
    found, whole = failing_once(), walk(Swings)
    assert found.run.equity.iloc[:40].equals(whole.run.equity.iloc[:40])
    assert [w.profit for w in found.windows[:2]] == [w.profit for w in whole.windows[:2]]


def test_a_failed_window_speaks_for_nothing():
    found = failing_once()
    others = [w for w in found.windows if w.number != 3]
    assert found.consistency == sum(w.profit > 0 for w in others) / 6
    known = [w.after for w in others if w.after is not None and w.before is not None]
    assert found.degradation.after == pytest.approx(np.mean(known))


def test_a_window_for_which_every_combination_failed_says_why_it_rests():
    found = walk(Fragile)
    assert [w.is_failed for w in found.windows] == [False, False, True, False, False, False]
    # The last bars to choose on of the next one hold the bad one.
    assert [w.params is None for w in found.windows] == [False, False, False, True, False, False]
    assert found.windows[3].error == "ZeroDivisionError: division by nothing"
    assert found.windows[3].profit == 0.0
    assert any(
        "every combination failed (ZeroDivisionError: division by nothing), so that nothing was "
        "traded, in window 4." in note
        for note in found.notes
    )


def test_what_some_combinations_bear_is_chosen_among_them():
    found = walk(Sturdier)
    assert (found.windows[3].params["every"], found.windows[3].error) == (7, "")


def test_what_is_no_fault_of_the_rule_still_ends_the_walk():
    with pytest.raises(NoBars):
        walk(Fragile, BARS.iloc[:0])

    class Interrupted(Swings):
        name = "interrupted"

        def signals(self, df):
            if is_met(df):
                raise KeyboardInterrupt
            return super().signals(df)

    with pytest.raises(KeyboardInterrupt):
        walk(Interrupted)


def test_signals_that_are_none_fail_a_window_as_well():
    class Short(Fragile):
        name = "short"

        def signals(self, df):
            return Swings.signals(self, df)[: -1 if is_met(df) else None]

    found = walk(Short)
    assert found.windows[2].error.startswith("short.signals must give one +1, 0 or -1")


def test_a_failed_window_comes_back_from_where_it_is_stored():
    kept = []
    found = walk(Fragile, keep=kept.append)
    steps = [unpack_step(pack_step(step)) for step in kept]
    assert [asdict(s.window) for s in steps] == [asdict(w) for w in found.windows]
    again = walk(Fragile, begun=steps[:4])
    assert again.run.equity.equals(found.run.equity)
    assert again.notes == found.notes
    opened = unpack_walk(pack_walk(found), found.objective, found.settings)
    assert [asdict(w) for w in opened.windows] == [asdict(w) for w in found.windows]


def test_a_record_names_the_error_and_leaves_out_what_is_not_known():
    records = walk_summary(walk(Fragile))["windows"]
    assert [r["error"] for r in records[:3]] == ["", "", "ZeroDivisionError: division by nothing"]
    assert (records[2]["profit"], records[2]["out_of_sample"]) == (None, None)


def test_a_walk_with_a_failed_window_is_judged_as_some_evidence_at_most():
    found = failing_once()
    tests = walk_tests(found, UNCHECKED)
    assert (tests.windows, tests.failed) == (6, 1)
    _, verdict = walk_verdict(tests, 1, 0)
    assert any(s.startswith("The rule failed in 1 of 6 windows") for s in verdict.sentences)
    # What was stored before failures were counted had none.
    record = {name: value for name, value in tests.as_record().items() if name != "failed"}
    assert type(tests).from_record(record).failed == 0


def test_look_ahead_stays_open_where_the_last_choice_fails_on_bars_of_other_windows():
    found = walk(Fragile)

    class Worse(Fragile):
        name = "worse"

        def signals(self, df):
            raise ZeroDivisionError

    assert judging.tests_of(found, BARS, Worse, "UTC").look_ahead == UNCHECKED


def test_figures_and_table_mark_the_window():
    found = walk(Fragile)
    names = {t["name"]: t for t in windows_figure(found)["data"]}
    assert set(names) == {"Train", "Test", "Test failed"}
    (failed,) = [w for w in found.windows if w.is_failed]
    assert f"{failed.test_start:%Y-%m-%d}" in names["Test failed"]["x"]
    assert f"{failed.test_start:%Y-%m-%d}" not in names["Test"]["x"]
    shown = str(walk_parts(found, ["every"]))
    assert "failed: ZeroDivisionError: division by nothing" in shown
    curve = stitched_figure(
        found.run.bars["ts"],
        found.run.equity.to_numpy(),
        found.run.benchmark_equity.to_numpy(),
        [w.test_start for w in found.windows],
        [(failed.test_start, failed.test_end)],
    )
    assert any(shape["type"] == "rect" for shape in curve["layout"]["shapes"])


def test_a_plain_backtest_of_the_rule_still_raises_its_own_error():
    with pytest.raises(ZeroDivisionError):
        run_backtest(BARS.iloc[:100], Fragile(every=3))
