"""What a study's best is worth: other costs, look-ahead, and bars that changed since."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from builders import random_walk

from services.analysis.again import Again
from services.backtest import BacktestRequest, SimulationSettings, run_backtest
from services.ingest.store import store_bars
from services.market_data import load_bars
from services.optimise.objective import Objective
from services.studies import StudyRequest, load_results, trials_of
from services.studies.cost_sensitivity import Contender, cost_sensitivity_of
from services.studies.evidence import CHANGED, _is_same, evidence_of
from services.studies.judge import Judge
from services.studies.prepare import create_prepared, prepare_study
from services.studies.record import study_record
from services.studies.work import run_study, run_unsaved
from strategies.base import Strategy
from strategies.registry import STRATEGIES, load_strategy

MA_CROSS = STRATEGIES["ma_cross"]
SPACE = {"fast": [3, 5, 10, 20], "slow": [25, 50, 100]}
RISKY = SimulationSettings(stop_loss="2ATR", side="both", sizing="percent:50")
PERCENT = SimulationSettings(commission="percent:0.2", slippage_bps=4)
GRID = [{"fast": fast, "slow": slow} for fast in SPACE["fast"] for slow in SPACE["slow"]]


def studied(database, kind=MA_CROSS, **asked):
    request = StudyRequest(BacktestRequest("TEST", "1d", "ma_cross", **asked), SPACE)
    study = create_prepared(database, prepare_study(database, request, kind))
    return run_study(database, study.id, kind)


def sensitive(bars, simulation, objective=Objective()):  # noqa: B008  (frozen)
    ran = [run_backtest(bars, load_strategy("ma_cross", **one), simulation) for one in GRID]
    scores = [objective.score(result.metrics[objective.metric]) for result in ran]
    chosen = int(np.nanargmax(scores))
    contenders = [
        Contender(params, result.signals) for params, result in zip(GRID, ran, strict=True)
    ]
    return chosen, cost_sensitivity_of(Again.of(ran[chosen]), chosen, contenders, objective)


@pytest.mark.parametrize("metric", ["sharpe", "max_drawdown", "total_return"])
def test_rank_and_numbers_are_those_of_whole_backtests_at_those_costs(metric):
    bars, objective = random_walk(500, seed=9), Objective(metric)
    chosen, found = sensitive(bars, PERCENT, objective)
    assert [row.multiple for row in found.rows] == [0.0, 0.5, 1.0, 2.0, 3.0, 5.0]
    for row in found.rows:
        m = row.multiple
        dear = SimulationSettings(commission=f"percent:{0.2 * m}", slippage_bps=4 * m)
        ran = [run_backtest(bars, load_strategy("ma_cross", **one), dear).metrics for one in GRID]
        assert row.metrics["total_return"] == pytest.approx(ran[chosen]["total_return"], abs=1e-12)
        values = [objective.score(one[metric]) for one in ran]
        assert row.rank == 1 + sum(value > values[chosen] for value in values)
        assert row.best == GRID[int(np.argmax(values))]
        assert row.ranked == found.compared == len(GRID)


def test_at_the_assumed_costs_it_is_the_best_and_the_run_itself():
    bars = random_walk(500, seed=9)
    chosen, found = sensitive(bars, SimulationSettings())
    own = next(row for row in found.rows if row.is_own)
    whole = run_backtest(bars, load_strategy("ma_cross", **GRID[chosen])).metrics
    assert (own.multiple, own.rank, own.best) == (1.0, 1, GRID[chosen])
    assert own.metrics == whole


def test_where_nothing_was_assumed_basis_points_are_charged():
    bars = random_walk(500, seed=9)
    free = SimulationSettings(commission="none", slippage_bps=0)
    chosen, found = sensitive(bars, free)
    assert [row.per_side for row in found.rows][:3] == [0.0, 0.0001, 0.0002]
    dear = SimulationSettings(commission="percent:0.1", slippage_bps=0)
    whole = run_backtest(bars, load_strategy("ma_cross", **GRID[chosen]), dear).metrics
    ten = next(row for row in found.rows if row.per_side == 0.001)
    assert ten.metrics["total_return"] == pytest.approx(whole["total_return"], abs=1e-12)


def test_where_no_higher_costs_could_be_tried_nothing_is_said_of_them():
    dear = SimulationSettings(commission="percent:50", slippage_bps=1000)
    _, found = sensitive(random_walk(500, seed=9), dear)
    assert found.rows[-1].is_own
    assert "best" not in found.text


def test_a_best_that_only_trades_a_lot_is_overtaken_and_said_to_be():
    bars = random_walk(400, seed=1)
    often = np.where(np.diff(bars["close"], append=0) > 0, 1, -1).astype(np.int8)
    seldom = np.zeros(400, np.int8)
    seldom[int(bars["close"].argmin())] = 1
    run = run_backtest(bars, MA_CROSS(), PERCENT)
    both = [Contender({"n": 1}, often), Contender({"n": 2}, seldom)]
    again = replace(Again.of(run), signals=often)
    found = cost_sensitivity_of(again, 0, both, Objective("total_return"))
    overtaken = [row.multiple for row in found.rows if row.rank == 2]
    assert overtaken == sorted(overtaken)
    assert 5.0 in overtaken
    assert 0.0 not in overtaken
    assert f"At {overtaken[0]:g} times the costs it ranks 2 of 2 compared; first is n 2" in (
        found.text
    )
    assert found.break_even.multiple is not None
    assert f"{found.break_even.multiple:.1f} times what was assumed" in found.text


def test_the_evidence_of_a_study_holds_all_of_it_and_so_does_its_record(database):
    store_bars(database, "TEST", "1d", random_walk(500, seed=9))
    study = studied(database)
    results = load_results(database, study.id)
    found = evidence_of(database, study, MA_CROSS, results)
    assert found.caution == ""
    assert found.stress.own.total_return == found.result.metrics["total_return"]
    own = next(row for row in found.costs.rows if row.is_own)
    assert (own.rank, own.metrics) == (1, found.result.metrics)
    assert found.costs.compared == len(results) == found.compared
    assert len(found.folds.folds) == 5
    assert found.folds.folds[-1].end == found.result.end
    assert found.look_ahead.status == "passed"
    trials = trials_of(database, "TEST", "1d", "ma_cross")
    record = json.loads(json.dumps(study_record(study, results, found, trials, 3)))
    assert record["stress"]["text"] == found.stress.text
    assert [row["multiple"] for row in record["cost_sensitivity"]["rows"]][-1] == 5.0
    even = record["cost_sensitivity"]["break_even"]
    assert even["per_round_trip"] == found.costs.break_even.total
    assert record["folds"]["rows"][0]["chosen"] == found.folds.folds[0].chosen


class PeekingCross(MA_CROSS):
    """Knows tomorrow's close."""

    def signals(self, df):
        return np.append(np.sign(np.diff(df["close"])), 0).astype(np.int8)


def test_a_rule_that_looks_ahead_is_no_evidence_of_skill_however_good(database):
    store_bars(database, "TEST", "1d", random_walk(500, seed=9))
    study = studied(database, PeekingCross)
    found = evidence_of(database, study, PeekingCross)
    assert found.look_ahead.status == "peeks"
    assert found.result.metrics["sharpe"] > 5
    assert found.verdict.level == "no evidence"
    assert found.verdict.sentences[0] == "The strategy looks ahead: no evidence of skill."


def test_tests_on_bars_that_changed_since_say_so(database):
    store_bars(database, "TEST", "1d", random_walk(500, seed=9))
    study = studied(database)
    bars = load_bars(database, "TEST", "1d", with_indicators=False)
    last = bars.iloc[-1:]
    later = last.assign(ts=last["ts"] + np.timedelta64(1, "D"))
    store_bars(database, "TEST", "1d", later.assign(close=60.0, low=60.0))
    assert evidence_of(database, study, MA_CROSS).caution == ""  # the study ends before it
    store_bars(database, "TEST", "1d", random_walk(500, seed=10))
    assert evidence_of(database, study, MA_CROSS).caution == CHANGED


def test_a_last_digit_that_moved_is_no_change_of_bars():
    """A newer version may round otherwise: that is no reason to doubt a stored study."""
    best = SimpleNamespace(metrics={"sharpe": 0.6843366037253998})
    for stored, same in [(0.684336603725399, True), (0.6843367, False)]:
        assert _is_same(best, pd.Series({"sharpe": stored}), Objective("sharpe")) is same


def test_a_study_of_rules_with_stops_is_stressed_within_its_bars(database):
    store_bars(database, "TEST", "1d", random_walk(500, seed=9))
    risky = SimulationSettings(stop_loss="2ATR", take_profit="6%", side="both", borrow_rate=1)
    found = evidence_of(database, studied(database, settings=risky, start="2024-06-01"), MA_CROSS)
    assert [row.group for row in found.stress.rows].count("bar") == 2
    assert found.stress.own.total_return == found.result.metrics["total_return"]


def test_a_rule_that_is_asked_bar_by_bar_is_judged_in_time(database):
    store_bars(database, "TEST", "1d", random_walk(500, seed=9))

    class Slow(Strategy):
        Params = MA_CROSS.Params

        def on_bar(self, i, row, df):
            return "BUY" if row["close"] > row["ma20"] else "SELL"

    study = studied(database, Slow)
    found = evidence_of(database, study, Slow)
    assert found.costs.compared >= 1
    assert found.costs.rows[2].rank == 1


@pytest.mark.parametrize("settings", [SimulationSettings(), RISKY])
def test_what_is_compared_is_what_backtests_give(database, settings):
    store_bars(database, "TEST", "1d", random_walk(500, seed=9))
    study = studied(database, settings=settings, start="2024-04-01")
    results = load_results(database, study.id)
    judge = Judge(database, study, MA_CROSS)
    compared = judge.compared(results, 3)
    for place, ran in zip(compared.places, compared.ran, strict=True):
        result = judge.backtest(judge.params(results, place))
        assert np.array_equal(ran.returns, judge.returns(result))
        assert np.array_equal(ran.signals, result.signals)
        assert ran.longest == result.trades["bars"].max()


@pytest.mark.parametrize("fast", [[3, 5], [4, 6, 8]])
def test_what_is_tried_without_being_kept_counts_beside_what_was_kept(database, fast):
    store_bars(database, "TEST", "1d", random_walk(400, seed=3))
    asked = BacktestRequest("TEST", "1d", "ma_cross")
    kept = StudyRequest(asked, {"fast": [3, 5], "slow": [25, 50]})
    run_study(
        database, create_prepared(database, prepare_study(database, kept, MA_CROSS)).id, MA_CROSS
    )
    other = StudyRequest(asked, {"fast": fast, "slow": [25, 50]})
    study, results = run_unsaved(prepare_study(database, other, MA_CROSS))
    found = evidence_of(database, study, MA_CROSS, results)
    tried = 4 if fast == [3, 5] else 4 + 6  # the same combinations are none new
    assert found.deflated.trials == found.trials.total == tried
