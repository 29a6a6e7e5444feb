"""Overfitting by CSCV: against a slow one in plain Python, pure noise and planted skill."""

import math
import statistics
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from services.errors import InvalidParams
from services.validation.overfitting import (
    BlockSums,
    block_sums,
    overfitting_of,
    overfitting_of_blocks,
)
from services.validation.ranks import midranks, rank_correlation


def noise(seed, bars=480, configurations=20):
    return np.random.default_rng(seed).normal(0, 0.01, (bars, configurations))


def slow_splits(returns, blocks, measure):
    """Return (in-sample, out-of-sample, logit) a split: bar by bar, one column at a time."""
    rows = np.array_split(np.arange(len(returns)), blocks)
    found = []
    for half in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([rows[b] for b in half])
        outside = np.concatenate([rows[b] for b in range(blocks) if b not in half])
        trained, tested = (measure(returns[half]) for half in (inside, outside))
        best = trained.index(max(trained))
        share = stats.rankdata(tested)[best] / (len(tested) + 1)
        found.append((trained[best], tested[best], math.log(share / (1 - share))))
    return found


def sharpes(part):
    return [statistics.fmean(column) / statistics.stdev(column) for column in part.T.tolist()]


def means(part):
    return [statistics.fmean(column) for column in part.T.tolist()]


@pytest.mark.parametrize(("blocks", "configurations"), [(2, 3), (4, 5), (6, 8), (8, 2)])
def test_every_split_is_that_of_the_slow_one(blocks, configurations):
    returns = noise(blocks, 48, configurations) + 0.001
    found, slow = overfitting_of(returns, blocks), slow_splits(returns, blocks, sharpes)
    assert found.splits == math.comb(blocks, blocks // 2) == len(slow)
    fast = zip(found.in_sample, found.out_of_sample, found.logits, strict=True)
    assert np.array(sorted(fast)) == pytest.approx(np.array(sorted(slow)), abs=1e-9)
    inside, outside, logits = zip(*slow, strict=True)
    assert found.pbo == statistics.fmean(logit <= 1e-12 for logit in logits)
    assert found.probability_of_loss == statistics.fmean(loss < 0 for loss in outside)
    line = stats.linregress(inside, outside)
    assert (found.slope, found.intercept) == pytest.approx((line.slope, line.intercept))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**16), st.integers(2, 8), st.integers(2, 6))
def test_coarse_returns_with_many_ties_are_as_the_slow_one_ranks_them(seed, size, configurations):
    returns = np.random.default_rng(seed).integers(-1, 2, (4 * size, configurations)) / 64
    returns[:2, :] = [[1 / 64], [0.0]]  # none rests
    found, slow = overfitting_of(returns, 4, "mean"), slow_splits(returns, 4, means)
    fast = zip(found.in_sample, found.out_of_sample, found.logits, strict=True)
    assert np.array(sorted(fast)) == pytest.approx(np.array(sorted(slow)), abs=1e-12)


def test_on_pure_noise_the_choice_is_a_coin_toss():
    pbos = [overfitting_of(noise(seed), 8).pbo for seed in range(150)]
    assert statistics.fmean(pbos) == pytest.approx(0.5, abs=0.05)


def test_one_configuration_that_is_truly_better_stays_the_best():
    for seed in range(20):
        returns = noise(seed)
        returns[:, 7] += 0.004
        found = overfitting_of(returns, 8)
        assert found.pbo <= 0.02
        assert found.probability_of_loss <= 0.02
        assert (found.chosen == 7).mean() > 0.9


def test_an_edge_that_only_one_half_of_the_bars_had_is_overfitting():
    returns = noise(1, 480, 2) * 0.1
    returns[:240, 0] += 0.01
    returns[240:, 0] -= 0.01
    returns[:240, 1] -= 0.01
    returns[240:, 1] += 0.01
    found = overfitting_of(returns, 2)
    assert found.pbo == found.probability_of_loss == 1.0
    assert found.rank_correlation == -1.0


def test_the_order_of_all_configurations_is_compared():
    better_and_better = noise(3, 480, 12) + np.linspace(-0.01, 0.01, 12)
    assert overfitting_of(better_and_better, 6).rank_correlation > 0.9
    assert abs(overfitting_of(noise(4, 480, 200), 8).rank_correlation) < 0.4


def test_sums_by_block_say_the_same_as_the_returns():
    returns = noise(5, 103, 9)  # blocks of 25 and 26 bars
    blocks = block_sums(returns, 4)
    assert blocks.counts.tolist() == [25, 26, 26, 26]
    assert blocks.sums.sum(axis=0) == pytest.approx(returns.sum(axis=0))
    assert blocks.squares.sum(axis=0) == pytest.approx((returns**2).sum(axis=0))
    whole, summed = overfitting_of(returns, 4), overfitting_of_blocks(blocks)
    assert summed.logits.tolist() == whole.logits.tolist()
    by_cell = BlockSums(np.tile(blocks.counts[:, None], 9), blocks.sums, blocks.squares)
    assert overfitting_of_blocks(by_cell).logits.tolist() == whole.logits.tolist()


def test_failed_and_resting_configurations_are_left_out():
    returns = noise(6, 96, 6)
    with_others = np.insert(returns, [0, 3, 6], 0.0, axis=1)
    with_others[5, 0], with_others[:, 4], with_others[9, 8] = np.nan, 0.001, np.inf
    found, plain = overfitting_of(with_others, 6), overfitting_of(returns, 6)
    assert (found.configurations, found.left_out) == (6, 3)
    assert found.logits.tolist() == plain.logits.tolist()
    columns = np.array([1, 2, 3, 5, 6, 7])
    assert found.chosen.tolist() == columns[plain.chosen].tolist()


def test_resting_for_half_of_the_bars_is_better_than_losing_and_worse_than_winning():
    returns = noise(8, 80, 3) * 0.1 + np.array([0.01, 0.0, -0.01])
    returns[:, 1] = np.where(np.arange(80) < 40, returns[:, 1] + 0.02, 0.0)
    found = overfitting_of(returns, 2)
    assert found.chosen.tolist() == [1, 0]
    assert found.out_of_sample[0] == found.probability_of_loss == 0.0
    assert found.logits[0] == 0.0  # second of three


def test_twins_share_their_rank_and_the_first_is_chosen():
    one = noise(9, 60, 1)
    found = overfitting_of(np.hstack([one, one, one]), 4)
    assert found.chosen.tolist() == [0] * 6
    assert found.logits.tolist() == [0.0] * 6
    assert (found.pbo, found.rank_correlation) == (1.0, None)


def test_the_mean_return_may_be_the_measure():
    returns = noise(10, 64, 5)
    found = overfitting_of(returns, 2, measure="mean")
    halves = [returns[:32].mean(axis=0), returns[32:].mean(axis=0)]
    assert found.in_sample == pytest.approx([half.max() for half in halves])


@pytest.mark.parametrize("shape", [(3, 5), (7, 5), (100, 1), (100, 0), (0, 5)])
def test_too_little_to_compare_says_nothing(shape):
    found = overfitting_of(np.random.default_rng(0).normal(0, 1, shape), 4)
    assert (found.pbo, found.slope, found.probability_of_loss, found.splits) == (None,) * 3 + (0,)
    assert len(found.logits) == 0


@pytest.mark.parametrize("blocks", [0, 3, 22])
def test_the_number_of_blocks_must_be_even_and_small(blocks):
    with pytest.raises(InvalidParams, match="must be even"):
        overfitting_of(noise(0), blocks)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=30), st.integers(0, 99))
def test_ranks_are_those_of_scipy(values, seed):
    other = np.random.default_rng(seed).permutation(values)
    assert midranks(np.array(values)).tolist() == stats.rankdata(values).tolist()
    if len(set(values)) > 1:
        expected = stats.spearmanr(values, other).statistic
        assert rank_correlation(np.array(values), other) == pytest.approx(expected)
