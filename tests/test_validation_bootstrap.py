"""The bootstrap: against published block lengths, textbook errors and properties of any path."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import InvalidParams
from services.metrics import drawdown_of
from services.validation.bootstrap import bootstrap_of, optimal_block_length
from services.validation.paths import CIRCULAR, PERMUTED, STATIONARY, draw_paths
from services.validation.spread import bands_of, spread_of


def days(seed=0, count=1000, mean=0.0005, deviation=0.01):
    return np.random.default_rng(seed).normal(mean, deviation, count)


def autoregressive(rng, rho, count):
    noise = rng.standard_normal(count)
    for i in range(1, count):
        noise[i] += rho * noise[i - 1]
    return noise


def test_the_block_length_is_that_of_arch():
    """The series and the lengths of the arch package's own test (Kevin Sheppard)."""
    returns = autoregressive(np.random.RandomState(0), 0.3, 10_100)[100:]
    found = optimal_block_length(returns)
    assert found.stationary == pytest.approx(13.635665, rel=1e-4)
    assert found.circular == pytest.approx(15.60894, rel=1e-4)


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.7])
def test_the_block_length_nears_the_one_that_theory_gives_an_autoregression(rho):
    """For AR(1), G / g is 2 rho / (1 - rho^2), hence the length (that squared times n) ^ 1/3."""
    lengths = [
        optimal_block_length(autoregressive(np.random.default_rng(seed), rho, 5000)).stationary
        for seed in range(20)
    ]
    theory = ((2 * rho / (1 - rho**2)) ** 2 * 5000) ** (1 / 3)
    assert np.median(lengths) == pytest.approx(theory, rel=0.25)


def test_returns_that_forget_need_no_blocks_and_those_that_remember_long_ones():
    assert np.median([optimal_block_length(days(seed)).stationary for seed in range(30)]) < 6
    assert optimal_block_length(np.cumsum(days())).stationary > 40
    assert optimal_block_length(np.linspace(0, 1, 12)).circular <= 4  # a third of them
    assert optimal_block_length(np.zeros(50)).circular == 1.0
    assert optimal_block_length(np.array([0.1])).stationary == 1.0


@pytest.mark.parametrize("method", ["stationary", "circular"])
def test_the_spread_of_the_sharpe_is_the_standard_error_of_the_textbook(method):
    """Lo (2002): sqrt((1 + S² / 2) / n) a period for returns that forget."""
    returns = days(1, 2000, 0.001)
    found = bootstrap_of(returns, 252, method=method, block_length=5, resamples=2000)
    sharpe = returns.mean() / returns.std(ddof=1)
    error = math.sqrt((1 + sharpe**2 / 2) / 2000 * 252)
    assert found.sharpe.values.std() == pytest.approx(error, rel=0.08)
    assert found.sharpe.median == pytest.approx(sharpe * math.sqrt(252), abs=0.05)


def test_blocks_keep_the_error_that_single_returns_lose():
    """The mean of AR(1) returns is (1 + rho) / (1 - rho) times as uncertain in variance."""
    returns = autoregressive(np.random.default_rng(3), 0.6, 4000) * 0.001
    whole = bootstrap_of(returns, resamples=2000).total_return.values
    single = bootstrap_of(returns, resamples=2000, block_length=1).total_return.values
    assert np.log1p(whole).var() / np.log1p(single).var() == pytest.approx(4.0, rel=0.35)


def test_the_interval_holds_the_true_sharpe_as_often_as_it_says():
    """Nine times in ten, over runs with a yearly Sharpe of one."""
    held = 0
    for seed in range(300):
        found = bootstrap_of(days(seed, 500, 0.01 / math.sqrt(252)), resamples=200, seed=seed)
        held += found.sharpe.p5 <= 1.0 <= found.sharpe.p95
    assert 0.84 <= held / 300 <= 0.95


def test_the_same_seed_gives_the_same_bands_and_another_one_others():
    one, same, other = (bootstrap_of(days(), seed=seed, resamples=50) for seed in (1, 1, 2))
    assert one.equity.p95.tolist() == same.equity.p95.tolist()
    assert one.sharpe.values.tolist() == same.sharpe.values.tolist()
    assert one.sharpe.values.tolist() != other.sharpe.values.tolist()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=60),
    st.sampled_from([STATIONARY, CIRCULAR, PERMUTED]),
    st.floats(1, 60),
    st.integers(0, 99),
)
def test_every_path_is_one_of_the_run_s_own_returns(returns, scheme, length, seed):
    paths = draw_paths(np.array(returns), scheme, min(length, len(returns)), 7, seed)
    assert paths.steps.tolist() == list(range(len(returns) + 1))
    assert (paths.equity[:, 0] == 1.0).all()
    for k in range(7):
        equity = paths.equity[k]
        assert paths.total_return[k] == equity[-1] - 1.0
        alive = equity[:-1] > 0
        steps = equity[1:][alive] / equity[:-1][alive] - 1.0
        possible = np.maximum(returns, -1.0)
        assert all(np.isclose(possible, step, atol=1e-6).any() for step in steps)
        fall = drawdown_of(equity, 1.0)
        assert paths.drawdown[k] == pytest.approx(fall)
        assert paths.max_drawdown[k] == pytest.approx(fall.min())


def test_circular_blocks_run_on_and_around_the_end():
    returns = np.arange(1, 11) / 1000
    equity = draw_paths(returns, CIRCULAR, 5, 200, 0).equity
    drawn = np.rint((equity[:, 1:] / equity[:, :-1] - 1) * 1000).astype(int)
    for row in drawn:
        for block in (row[:5], row[5:]):
            assert ((np.diff(block) - 1) % 10 == 0).all()
    assert set(drawn[:, 0]) == set(range(1, 11))


def test_stationary_blocks_are_of_the_asked_length_on_average():
    returns = np.arange(1, 1001) / 1e6
    equity = draw_paths(returns, STATIONARY, 8, 100, 0)
    assert len(equity.steps) == 200
    returns = returns[:199]
    equity = draw_paths(returns, STATIONARY, 8, 400, 0).equity
    drawn = np.rint((equity[:, 1:] / equity[:, :-1] - 1) * 1e6).astype(int)
    broken = ((np.diff(drawn, axis=1) - 1) % 199 != 0).mean()
    assert 1 / broken == pytest.approx(8, rel=0.05)


def test_quantiles_are_the_ones_their_names_say():
    spread = spread_of(np.array([np.nan, *range(100, -1, -1)]))
    assert (spread.p5, spread.p25, spread.median, spread.p75, spread.p95) == (5, 25, 50, 75, 95)
    assert (spread.undefined, spread.values[[0, -1]].tolist()) == (1, [0, 100])
    bands = bands_of(np.arange(2), np.column_stack([np.arange(101), np.zeros(101)]))
    assert (bands.p5[0], bands.p25[0], bands.p75[0], bands.p95[0], bands.p95[1]) == (
        5,
        25,
        75,
        95,
        0,
    )


def test_bands_lie_in_order_and_end_where_the_returns_end():
    found = bootstrap_of(days(), resamples=300)
    bands = found.equity
    assert bands.steps[[0, -1]].tolist() == [0, 1000]
    assert len(bands.steps) == 200
    lines = [bands.p5, bands.p25, bands.median, bands.p75, bands.p95]
    assert all((low <= high).all() for low, high in zip(lines, lines[1:], strict=False))
    assert bands.median[-1] - 1 == pytest.approx(found.total_return.median)
    assert found.probability_of_loss == (found.total_return.values < 0).mean()
    assert found.max_drawdown.p95 <= 0


@pytest.mark.parametrize("returns", [[], [0.01], [0.0] * 9])
def test_a_run_without_a_sharpe_has_none_when_resampled(returns):
    found = bootstrap_of(np.array(returns), resamples=20)
    assert (found.sharpe.median, found.sharpe.undefined) == (None, 20)
    assert (found.probability_of_loss is None) == (not returns)
    assert (found.total_return.median is None) == (not returns)


def test_nonsense_is_refused():
    with pytest.raises(InvalidParams, match="not a number"):
        bootstrap_of(np.array([0.1, np.nan]))
    with pytest.raises(InvalidParams, match="at least one return"):
        bootstrap_of(days(), block_length=0)
    with pytest.raises(InvalidParams, match="resamples"):
        bootstrap_of(days(), resamples=0)
