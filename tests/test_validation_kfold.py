"""Purged folds: against plain Python, a choice that knows nothing, and one that is even."""

import math
import statistics

import numpy as np
import pandas as pd
import pytest

from services.validation import fold_test


def times(count):
    return pd.date_range("2020-01-01", periods=count, freq="B", tz="UTC")


def noise(seed, count=500, configurations=12):
    return np.random.default_rng(seed).normal(0, 0.01, (count, configurations))


def sharpe(values):
    return statistics.fmean(values) / statistics.stdev(values)


@pytest.mark.parametrize("purge", [0, 7])
def test_every_fold_is_that_of_plain_python(purge):
    returns = noise(1)
    found = fold_test(returns, times(500), 3, 252, folds=5, purge=purge)
    assert found.purge == purge
    for k, fold in enumerate(found.folds):
        first, last = 100 * k, 100 * (k + 1)
        assert (fold.start, fold.end) == (times(500)[first], times(500)[last - 1])
        kept = [i for i in range(500) if i < first - purge or i >= last + purge]
        trained = [sharpe(returns[kept, j].tolist()) for j in range(12)]
        best = trained.index(max(trained))
        root = math.sqrt(252)
        assert fold.chosen == pytest.approx(root * sharpe(returns[first:last, 3].tolist()))
        assert fold.anew == pytest.approx(root * sharpe(returns[first:last, best].tolist()))


def test_a_choice_among_noise_is_worth_nothing_in_the_fold_it_did_not_see():
    anew = [fold_test(noise(seed), times(500), 0).anew for seed in range(200)]
    # The choice says nothing of the fold, so that its Sharpe there is as likely below zero.
    assert abs(statistics.fmean(anew)) < 3 * statistics.stdev(anew) / math.sqrt(200)


def test_an_edge_in_all_spans_is_above_zero_in_all_and_found_again_without_each():
    returns = noise(2)
    returns[:, 4] += 0.005
    found = fold_test(returns, times(500), 4)
    assert found.above_zero == 5
    assert [fold.anew for fold in found.folds] == [fold.chosen for fold in found.folds]
    assert "above zero in 5 of them" in found.text


def test_a_result_made_in_one_span_shows():
    returns = noise(3)
    returns -= returns.mean(axis=0)
    returns[:, 0] -= 0.0002
    returns[:100, 0] += 0.02
    found = fold_test(returns, times(500), 0)
    assert found.folds[0].chosen > 10
    assert found.above_zero <= 3


def test_returns_that_never_vary_have_no_score():
    returns = np.zeros((500, 3))
    found = fold_test(returns, times(500), 1)
    assert found.scores == []
    assert found.anew is None
    assert found.text == "Cut into 5 spans, it has no Sharpe in any."


def test_one_configuration_is_no_choice():
    found = fold_test(noise(4, configurations=1), times(500), 0)
    assert len(found.scores) == 5
    assert found.anew is None
    assert "other spans" not in found.text


def test_too_few_returns_are_not_cut():
    assert fold_test(noise(0, 99), times(99), 0) is None
    assert fold_test(noise(0, 100), times(100), 0) is not None


def test_a_trade_longer_than_half_a_fold_purges_no_more_than_that():
    assert fold_test(noise(0), times(500), 0, purge=4000).purge == 50
