"""Samples of a space: even ones against SciPy's, and what is drawn instead of what cannot be."""

from typing import Literal

import numpy as np
import pytest

from services.errors import InvalidParams
from services.optimise.samples import random_combinations, sobol_combinations
from services.optimise.sobol import MOST_DIMENSIONS, sobol_points
from services.optimise.space import axes_of
from services.parameters import Parameters, param
from strategies.ath_breakout import AthBreakout
from strategies.base import Strategy
from strategies.db_ma_cross import DbMaCross
from strategies.ma_cross import MaCross
from strategies.rsi import Rsi

both = pytest.mark.parametrize("draw", [random_combinations, sobol_combinations])


class Mixed(Strategy):
    """Has a parameter of every kind."""

    name = "mixed"

    class Params(Parameters):
        length: int = param(20, "bars", ge=2, le=400)
        factor: float = param(1.5, "times", ge=0, le=10)
        short: bool = param(False, "go short")
        line: Literal["sma", "ema"] = param("sma", "which average")


@pytest.mark.parametrize("dimensions", [1, 2, 3, 8, MOST_DIMENSIONS])
def test_sobol_points_are_those_of_scipy(dimensions):
    qmc = pytest.importorskip("scipy.stats").qmc
    theirs = qmc.Sobol(dimensions, scramble=False, bits=32).random(2048)
    assert np.array_equal(sobol_points(2048, dimensions), theirs)
    assert np.array_equal(sobol_points(48, dimensions, first=2000), theirs[2000:])


def test_shifted_sobol_points_stay_far_more_even_than_chance():
    qmc = pytest.importorskip("scipy.stats").qmc
    for seed in range(5):
        even = qmc.discrepancy(sobol_points(512, 4, seed=seed))
        chance = qmc.discrepancy(np.random.default_rng(seed).random((512, 4)))
        assert even < chance / 4


def test_every_sixteenth_of_every_dimension_gets_its_share_of_sobol_points():
    points = sobol_points(256, MOST_DIMENSIONS, seed=7)
    for column in points.T:
        assert np.bincount((column * 16).astype(int)).tolist() == [16] * 16


def test_sobol_samples_reach_every_corner_of_a_grid_sooner():
    space = {"fast": (2, 65), "slow": (100, 163)}
    even, chance = (
        {(row["fast"] // 8, row["slow"] // 8) for row in draw(MaCross, space, 64).rows}
        for draw in (sobol_combinations, random_combinations)
    )
    assert len(even) > len(chance) + 5


@both
def test_samples_are_valid_different_and_in_range(draw):
    sample = draw(MaCross, {"fast": (2, 100), "slow": (3, 120, 3)}, 300)
    assert len(sample.rows) == sample.asked == 300
    assert sample.note == ""
    assert len({(row["fast"], row["slow"]) for row in sample.rows}) == 300
    for row in sample.rows:
        assert 2 <= row["fast"] <= 100
        assert row["slow"] in range(3, 121, 3)
        assert row["fast"] < row["slow"]
        MaCross(**row)


@both
def test_every_kind_of_parameter_keeps_its_kind(draw):
    space = {
        "length": (5, 50),
        "factor": (0.5, 3.0),
        "short": [True, False],
        "line": ["ema", "sma"],
    }
    sample = draw(Mixed, space, 100)
    assert {tuple(type(v) for v in row.values()) for row in sample.rows} == {
        (int, float, bool, str)
    }
    assert {row["line"] for row in sample.rows} == {"sma", "ema"}
    assert {row["short"] for row in sample.rows} == {True, False}
    assert [c.dtype.kind for c in sample.columns.values()] == ["i", "f", "b", "O"]
    assert all(0.5 <= row["factor"] <= 3.0 for row in sample.rows)


@both
def test_parameters_that_are_not_in_the_space_have_their_defaults(draw):
    sample = draw(Rsi, {"lower": (10, 40)}, 20)
    assert {(row["period"], row["upper"]) for row in sample.rows} == {(14, 70.0)}
    assert list(sample.columns) == ["period", "lower", "upper"]


def test_steps_of_a_range_are_round_numbers_and_both_ends_belong():
    axis = axes_of(Mixed, {"factor": (0.1, 0.7, 0.1)})[0]
    assert [axis.value(k) for k in range(axis.count)] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    whole = axes_of(Mixed, {"length": (5, 21, 5)})[0]
    assert [whole.value(k) for k in range(whole.count)] == [5, 10, 15, 20]
    assert axes_of(Mixed, {"length": (5, 5)})[0].listed == (5,)


@both
def test_the_same_seed_draws_the_same_and_a_longer_sample_begins_as_the_shorter(draw):
    space = {"fast": (2, 100), "slow": (50, 400)}
    assert draw(MaCross, space, 50, seed=3).rows == draw(MaCross, space, 900, seed=3).rows[:50]
    assert draw(MaCross, space, 50, seed=3).rows != draw(MaCross, space, 50, seed=4).rows


@both
def test_a_space_smaller_than_the_sample_is_taken_as_a_whole_and_that_is_said(draw):
    sample = draw(MaCross, {"fast": [5, 10, 60], "slow": [20, 50]}, 100)
    pairs = {(row["fast"], row["slow"]) for row in sample.rows}
    assert pairs == {(5, 20), (5, 50), (10, 20), (10, 50)}
    assert "only 4 valid combinations" in sample.note


@both
def test_too_few_valid_combinations_are_said_after_a_limit_of_draws(draw):
    # Of 7,980 pairs only 210 are valid.
    sample = draw(MaCross, {"fast": (2, 400), "slow": (3, 22)}, 500)
    assert 100 < len(sample.rows) <= 210
    assert f"Only {len(sample.rows)} of 500" in sample.note


def test_a_text_choice_is_drawn_as_well():
    sample = sobol_combinations(AthBreakout, {"trend": ["ma20", "ma50", "supertrend"]}, 3)
    assert sorted(row["trend"] for row in sample.rows) == ["ma20", "ma50", "supertrend"]


@pytest.mark.parametrize(
    ("strategy", "space", "said"),
    [
        (MaCross, {}, "at least one parameter"),
        (MaCross, {"fats": [1]}, 'Did you mean "fast"'),
        (DbMaCross, {"fast": [1]}, "takes no parameters"),
        (MaCross, {"fast": []}, "fast has no value"),
        (MaCross, {"fast": [1]}, "fast must be a whole number, 2 to 400, not '1'"),
        (MaCross, {"fast": ["x"]}, "fast must be a whole number"),
        (MaCross, {"fast": (2, 401)}, "2 to 400"),
        (MaCross, {"fast": (50, 20)}, "swap the two"),
        (MaCross, {"fast": (5, 20, 0)}, "step of fast must be a whole number above 0"),
        (MaCross, {"fast": (5, 20, 2.5)}, "step of fast must be a whole number above 0"),
        (MaCross, {"fast": (5, 20, "x")}, "step of fast"),
        (Rsi, {"lower": (5, 20, -0.5)}, "a number above 0"),
        (Rsi, {"lower": (5, float("nan"))}, "lower must be"),
        (MaCross, {"fast": (5,)}, r"\(low, high\) or"),
        (AthBreakout, {"trend": ("ma20", "ma50")}, "as a list"),
        (AthBreakout, {"trend": "ma20"}, "as a list of values"),
        (MaCross, {"fast": 5}, "as a list of values"),
        (MaCross, {"fast": [50], "slow": [20]}, "No combination of that space is valid.*below"),
    ],
)
def test_a_space_that_cannot_be_is_refused_with_the_remedy(strategy, space, said):
    with pytest.raises(InvalidParams, match=said):
        random_combinations(strategy, space, 10)


def test_an_impossible_number_of_samples_is_refused():
    for count in (0, 10**12):
        with pytest.raises(InvalidParams, match="1 to 1,000,000"):
            random_combinations(MaCross, {"fast": (2, 20)}, count)
