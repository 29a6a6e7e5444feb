"""Sharpe ratios under doubt: against the papers' own numbers, scipy and simulated luck."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from services.errors import InvalidParams
from services.validation.sharpe import (
    deflated_sharpe,
    expected_max_sharpe,
    luck_variance,
    min_track_record,
    probabilistic_sharpe,
    sharpe_moments,
    trials_variance,
)


def shaped(sharpe, count):
    """Return returns of exactly that Sharpe ratio per period."""
    noise = np.random.default_rng(7).standard_normal(count)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return 0.01 * (noise + sharpe)


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis", "published"),
    [(100, -3, 10, 0.9004), (46, -3, 10, 0.9505), (88, 0, 3, 0.9505)],
)
def test_the_worked_example_of_the_deflated_sharpe_ratio(trials, skewness, kurtosis, published):
    """Five years of 250 days, yearly Sharpe 2.5, variance of the trials' yearly Sharpes 1/2.

    Bailey and López de Prado (2014), pages 9 and 10: 0.1132 and 0.9004 after 100 trials, 0.9505
    after 46, and with normal returns as late as after 88. Read again in public programs that
    check themselves against the paper.
    """
    benchmark = expected_max_sharpe(trials, 0.5 / 250)
    if trials == 100:
        assert benchmark == pytest.approx(0.1132, abs=5e-5)
    found = probabilistic_sharpe(2.5 / math.sqrt(250), 1250, skewness, kurtosis, benchmark)
    assert found == pytest.approx(published, abs=1e-4)


def test_the_worked_example_of_the_probabilistic_sharpe_ratio():
    """Two years of months with a monthly Sharpe of 0.458: fat losses cost seven points.

    Bailey and López de Prado (2012), the example of their section on the measure.
    """
    assert probabilistic_sharpe(0.458, 24) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe(0.458, 24, -2.448, 10.164) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(
    ("a_year", "skewness", "kurtosis", "published_years"),
    [(250, 0, 3, 2.73), (52, 0, 3, 2.83), (12, 0, 3, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_the_published_minimum_track_records(a_year, skewness, kurtosis, published_years):
    """How long to be 95 % sure that a yearly Sharpe of 2 is above 1.

    Bailey and López de Prado (2012), section 5, figures 8 to 10 (days, weeks, months); the last
    is that of their program in the appendix.
    """
    root = math.sqrt(a_year)
    found = min_track_record(2 / root, skewness, kurtosis, 1 / root)
    assert found / a_year == pytest.approx(published_years, abs=5e-3)


def test_the_published_output_of_their_program_for_the_track_record():
    """59.895 months: Bailey and López de Prado (2012), appendix A.3."""
    found = min_track_record(2 / math.sqrt(12), -0.72, 5.78, 1 / math.sqrt(12))
    assert found == pytest.approx(59.895, abs=5e-4)


@pytest.mark.parametrize(("trials", "within"), [(5, 0.03), (100, 0.01), (10_000, 0.003)])
def test_the_expected_maximum_is_near_the_exact_one_by_quadrature(trials, within):
    """The mean of the highest of n normal draws: the integral of x n phi(x) Phi(x)^(n-1)."""

    def density(x):
        return x * trials * stats.norm.pdf(x) * stats.norm.cdf(x) ** (trials - 1)

    exact, _ = integrate.quad(density, -10, 12, limit=400)
    assert expected_max_sharpe(trials, 1.0) == pytest.approx(exact, rel=within)
    assert expected_max_sharpe(trials, 1.0) >= exact  # it errs on the side of doubt


@pytest.mark.parametrize("trials", [5, 20, 100, 1000])
def test_the_expected_maximum_is_that_of_simulated_luck(trials):
    rng = np.random.default_rng(trials)
    best = [rng.normal(0, 0.05, trials).max() for _ in range(4000)]
    assert expected_max_sharpe(trials, 0.05**2) == pytest.approx(np.mean(best), rel=0.03)


def test_the_promise_of_luck_is_right_on_runs_that_only_have_luck():
    """A strategy that is one of many coin tosses seldom passes; its plain PSR often does."""
    passed, fooled = 0, 0
    for seed in range(200):
        runs = np.random.default_rng(seed).normal(0, 0.01, (500, 40))
        sharpes = runs.mean(axis=0) / runs.std(axis=0, ddof=1)
        best = deflated_sharpe(runs[:, sharpes.argmax()], 40, trials_variance(sharpes))
        passed += best.dsr >= 0.95
        fooled += best.psr >= 0.95
    assert passed <= 10
    assert fooled >= 150


def test_the_moments_are_those_of_scipy():
    r = np.random.default_rng(1).standard_t(4, 800) * 0.01 + 0.001
    found = sharpe_moments(r)
    assert found.count == 800
    assert found.sharpe == pytest.approx(r.mean() / r.std(ddof=1))
    assert found.skewness == pytest.approx(stats.skew(r))
    assert found.kurtosis == pytest.approx(stats.kurtosis(r, fisher=False))


@given(st.floats(-1, 1), st.integers(4, 5000), st.floats(-2, 2), st.floats(0, 20), st.floats(-1, 1))
def test_the_probability_is_that_of_a_normal_estimate(sharpe, count, skewness, more, benchmark):
    kurtosis = 1.05 + skewness**2 + more  # no distribution has less than 1 + skewness²
    found = probabilistic_sharpe(sharpe, count, skewness, kurtosis, benchmark)
    error = math.sqrt(1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2)
    score = (sharpe - benchmark) * math.sqrt(count - 1) / error
    assert found == pytest.approx(stats.norm.cdf(score), abs=1e-9)


@settings(deadline=None)
@given(st.floats(0.01, 0.5), st.integers(2, 5000), st.floats(0.501, 0.999))
def test_after_the_minimum_track_record_the_confidence_is_reached(sharpe, trials, confidence):
    benchmark = sharpe * 0.9
    needed = min_track_record(sharpe, -0.5, 6.0, benchmark, confidence)
    count = max(4, math.ceil(needed))
    assert probabilistic_sharpe(sharpe, count, -0.5, 6.0, benchmark) >= confidence - 1e-9
    assert expected_max_sharpe(trials + 1, 0.01) >= expected_max_sharpe(trials, 0.01)


def test_a_single_trial_is_held_against_zero():
    found = deflated_sharpe(shaped(0.1, 400))
    assert found.expected_max == 0.0
    assert found.dsr == found.psr
    assert found.sharpe == pytest.approx(0.1)


def test_trials_that_all_did_the_same_promise_nothing_more():
    assert expected_max_sharpe(500, 0.0) == 0.0
    assert deflated_sharpe(shaped(0.1, 400), 500, 0.0).dsr == deflated_sharpe(shaped(0.1, 400)).psr


def test_an_unknown_variance_is_taken_as_that_of_luck():
    found = deflated_sharpe(shaped(0.1, 401), 50)
    assert found.variance == luck_variance(401) == 1 / 400
    assert found.expected_max == expected_max_sharpe(50, 1 / 400)


@pytest.mark.parametrize("returns", [[], [0.1, -0.1, 0.2], [0.0] * 50, [0.001] * 50])
def test_too_few_returns_or_none_that_varies_say_nothing(returns):
    found = deflated_sharpe(np.array(returns), 10)
    assert (found.sharpe, found.psr, found.dsr, found.min_track_record) == (None,) * 4
    assert sharpe_moments(np.array(returns)) is None


def test_no_length_makes_a_sharpe_certain_that_is_below_its_benchmark():
    assert min_track_record(0.05, benchmark=0.05) is None
    assert deflated_sharpe(shaped(-0.1, 300), 20).min_track_record is None


def test_undefined_sharpes_of_trials_are_left_out_of_their_variance():
    assert trials_variance(np.array([1.0, np.nan, 3.0])) == 2.0
    assert trials_variance(np.array([1.0, np.nan])) is None
    assert expected_max_sharpe(10, math.nan) is None


def test_a_missing_return_stops_loudly():
    with pytest.raises(InvalidParams, match="not a number"):
        deflated_sharpe(np.array([0.1, np.nan, 0.2, 0.1, 0.3]))
    with pytest.raises(InvalidParams, match="at least one trial"):
        deflated_sharpe(shaped(0.1, 50), 0)
