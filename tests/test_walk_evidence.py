"""Walk-forwards judged: nothing on random prices, something where there is something."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk

from services.backtest import BacktestRequest, SimulationSettings
from services.ingest.store import store_bars
from services.look_ahead import LookAhead
from services.optimise.walk_forward import walk_forward
from services.studies import StudyRequest, load_results, trials_of
from services.studies.prepare import create_prepared, prepare_study
from services.studies.record import study_record
from services.studies.walk_evidence import tests_of as judged
from services.studies.walk_evidence import walk_evidence
from services.studies.work import run_study
from services.validation import NO_SKILL
from services.validation.sharpe import SharpeMoments
from services.validation.shuffle import timing_test
from services.validation.walk import Interval, WalkTests, walk_tests, walk_verdict
from strategies.registry import STRATEGIES

MA_CROSS = STRATEGIES["ma_cross"]
SPACE = {"fast": [3, 5, 10], "slow": [15, 30, 60]}
CHEAP = SimulationSettings(commission="none", slippage_bps=0)


def walked(bars, train=250, test=100, settings=CHEAP):
    return walk_forward(bars, MA_CROSS, SPACE, settings, train=train, test=test)


def trending(seed):
    """Return bars that rise or fall for forty bars in a row, under some noise."""
    rng = np.random.default_rng(seed)
    drift = np.repeat(rng.permutation([0.006, -0.006] * 16), 40)
    return closes(*(100 * np.exp((drift + rng.normal(0, 0.006, len(drift))).cumsum())))


def test_on_random_prices_there_is_no_evidence_of_skill():
    levels = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        bars = closes(*(100 * np.exp(rng.normal(0, 0.01, 1000).cumsum())))
        _, verdict = walk_verdict(judged(walked(bars), bars, MA_CROSS, "UTC"), 1, 0)
        assert (NO_SKILL in verdict.text) == (verdict.level == "no evidence")
        levels.append(verdict.level)
    assert levels.count("no evidence") >= 38
    assert "strong" not in levels


def test_on_prices_that_trend_the_skill_of_following_them_is_seen():
    for seed in range(4):
        bars = trending(seed)
        tests = judged(walked(bars), bars, MA_CROSS, "UTC")
        _, verdict = walk_verdict(tests, 1, 0)
        assert verdict.level in ("some", "strong"), verdict.text
        assert tests.after > 0


@pytest.fixture(scope="module")
def walk():
    return walked(random_walk(1000, seed=2))


@pytest.fixture(scope="module")
def found(walk):
    return judged(walk, random_walk(1000, seed=2), MA_CROSS, "UTC")


def test_the_sharpe_is_that_of_the_stitched_curve(walk, found):
    assert found.moments.sharpe * found.periods_a_year**0.5 == pytest.approx(
        walk.run.metrics["sharpe"]
    )
    assert found.count == len(walk.run.bars)
    assert found.sharpe.p5 < walk.run.metrics["sharpe"] < found.sharpe.p95


def test_before_and_after_are_the_means_over_the_windows(walk, found):
    traded = [w for w in walk.windows if w.params]
    pairs = [(w.in_sample["sharpe"], w.out_of_sample["sharpe"]) for w in traded]
    pairs = [pair for pair in pairs if None not in pair]
    assert len(pairs) > 3
    assert found.before == pytest.approx(np.mean([before for before, _ in pairs]))
    assert found.after == pytest.approx(np.mean([after for _, after in pairs]))
    assert (found.windows, found.profitable) == (
        len(walk.windows), sum(w.profit > 0 for w in walk.windows)
    )  # fmt: skip


def test_a_position_closed_at_the_end_of_a_window_does_not_earn_the_next_bar(walk):
    always = replace(walk, run=replace(walk.run, position=np.ones(750, np.int8)))
    held = np.ones(750)
    held[walk.run.bars["ts"].isin([w.test_end for w in walk.windows[:-1]]).to_numpy()] = 0.0
    assert held.sum() == 750 - len(walk.windows) + 1
    moves = walk.run.bars["close"].pct_change().to_numpy()[1:]
    found = walk_tests(always, LookAhead("unchecked"))
    assert found.timing_p_value == timing_test(held[:-1], moves).p_value < 1


def test_trades_are_redrawn_without_the_one_that_is_still_open(walk, found):
    assert found.trades == int((walk.run.trades["exit_reason"] != "open").sum())
    assert found.trades_return.p5 < found.trades_return.p95
    assert found.trades_drawdown.p95 <= 0


def test_the_tests_come_back_from_json_as_they_were(found):
    assert WalkTests.from_record(json.loads(json.dumps(found.as_record()))) == found
    odd = replace(found, moments=None, before=None, timing_p_value=None)
    assert WalkTests.from_record(json.loads(json.dumps(odd.as_record()))) == odd


GOOD = WalkTests(
    count=1260,
    periods_a_year=252,
    moments=SharpeMoments(1260, 0.12, 0.0, 3.0),
    sharpe=Interval(0.9, 1.9, 2.9),
    total_return=Interval(0.2, 1.0, 2.0),
    max_drawdown=Interval(-0.3, -0.2, -0.1),
    probability_of_loss=0.01,
    trades=60,
    trades_return=Interval(0.2, 1.0, 2.0),
    trades_drawdown=Interval(-0.3, -0.2, -0.1),
    timing_p_value=0.01,
    windows=10,
    profitable=8,
    before=2.5,
    after=1.9,
    look_ahead=LookAhead("passed", 90),
)


def test_a_walk_forward_that_passes_everything_has_strong_evidence():
    deflated, verdict = walk_verdict(GOOD, 1, 0)
    assert verdict.level == "strong"
    assert deflated.trials == 1
    assert verdict.sentences[0].startswith(
        "On bars that the choice had not seen, a Sharpe of 1.90 is above zero with a probability"
    )
    assert "2.50 in-sample and of 1.90 afterwards, on average: 76 % of it lasted" in verdict.text
    assert "8 of 10 windows ended with a profit" in verdict.text


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({"moments": None}, "no evidence", "too few or vary too little"),
        ({"moments": SharpeMoments(1260, 0.03, 0.0, 3.0)}, "no evidence", "short of 95 %"),
        ({"sharpe": Interval(-0.1, 1.0, 2.0)}, "no evidence", "not all above zero"),
        ({"timing_p_value": None}, "no evidence", "never held a position"),
        ({"timing_p_value": 0.2}, "weak", "timing is not shown to matter"),
        ({"before": None}, "no evidence", "No window has a Sharpe before and after"),
        ({"after": -0.1}, "weak", "nothing of it lasted"),
        ({"after": 1.0}, "some", "40 % of it lasted"),
        ({"before": -0.5}, "some", "nothing was promised"),
        ({"windows": 3, "profitable": 3}, "some", "too few windows"),
        ({"profitable": 5}, "some", "5 of 10 windows"),
        ({"look_ahead": LookAhead("peeks", 3, pd.Timestamp(0))}, "no evidence", "looks ahead"),
        ({"look_ahead": LookAhead("unchecked")}, "some", "Not tested: whether"),
    ],
)
def test_one_failed_test_is_enough_to_lower_the_verdict(changes, level, words):
    _, verdict = walk_verdict(replace(GOOD, **changes), 1, 0)
    assert verdict.level == level
    assert words in verdict.text


def test_many_walk_forwards_count_as_trials_and_what_was_tried_besides_is_told():
    deflated, verdict = walk_verdict(GOOD, 400, 0)
    assert deflated.trials == 400
    assert "after 400 walk-forwards," in verdict.text
    assert deflated.dsr < walk_verdict(GOOD, 1, 0)[0].dsr
    _, seen = walk_verdict(GOOD, 1, 4950)
    assert seen.level == "some"
    assert "4,950 combinations were tried on this series" in seen.text


def asked(method="walk_forward", **how):
    windows = {"train": "8 M", "test": "3 M"} if method == "walk_forward" else {}
    backtest = BacktestRequest("TEST", "1d", "ma_cross")
    return StudyRequest(backtest, SPACE, method, **windows | how)


def studied(database, request, kind=MA_CROSS):
    study = create_prepared(database, prepare_study(database, request, kind))
    return run_study(database, study.id, kind)


def test_a_stored_walk_forward_is_judged_and_its_record_holds_the_numbers(database):
    store_bars(database, "TEST", "1d", random_walk(900, seed=2))
    study = studied(database, asked())
    found = walk_evidence(database, study)
    assert (found.trials.walks, found.trials.beside_walks) == (1, 0)
    assert found.verdict.level == "no evidence"
    trials = trials_of(database, "TEST", "1d", "ma_cross")
    results = load_results(database, study.id)
    record = json.loads(json.dumps(study_record(study, results, found, trials, 3)))
    assert record["verdict"]["text"] == found.verdict.text
    assert record["deflated_sharpe"]["sharpe"] == pytest.approx(
        record["walk_forward"]["metrics"]["sharpe"]
    )
    assert record["tests"]["windows"] == len(record["walk_forward"]["windows"])
    assert record["look_ahead"] == "passed"


def test_other_walk_forwards_and_sweeps_of_the_series_are_counted(database):
    store_bars(database, "TEST", "1d", random_walk(900, seed=2))
    first = studied(database, asked())
    studied(database, asked(train="9 M"))
    studied(database, asked("grid"))
    trials = walk_evidence(database, first).trials
    assert (trials.walks, trials.beside_walks) == (2, 9)
    assert trials.studies == 3


class PeekingCross(MA_CROSS):
    """Knows tomorrow's close."""

    def signals(self, df):
        return np.append(np.sign(np.diff(df["close"])), 0).astype(np.int8)


def test_a_walk_forward_of_a_rule_that_looks_ahead_is_no_evidence(database):
    store_bars(database, "TEST", "1d", random_walk(900, seed=2))
    found = walk_evidence(database, studied(database, asked(), PeekingCross))
    assert found.deflated.sharpe > 0.3
    assert found.verdict.level == "no evidence"
    assert "looks ahead" in found.verdict.text


def test_a_walk_forward_in_which_nothing_qualifies_is_judged_all_the_same(database):
    store_bars(database, "TEST", "1d", random_walk(900, seed=2))
    never = replace(asked(), objective=replace(asked().objective, minimum_trades=10_000))
    found = walk_evidence(database, studied(database, never))
    assert found.verdict.level == "no evidence"
    assert found.tests.look_ahead.status == "unchecked"
