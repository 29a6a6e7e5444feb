"""Grids of parameters: what is tried, in which order, and what is refused with which words."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import model_validator

from services.errors import InvalidParams
from services.optimise.grid import combinations_from, combinations_of, grid_size
from services.parameters import Parameters, param
from strategies.base import Strategy
from strategies.registry import STRATEGIES

MaCross, Rsi, Ath, Bollinger = (
    STRATEGIES[name] for name in ("ma_cross", "rsi", "ath_breakout", "bollinger")
)


def rows(combinations):
    return [combinations.row(i) for i in range(len(combinations))]


def one_model_each(strategy_class, grid):
    """Build a model for every product, and keep those that can be built."""
    found = []
    for values in product(*grid.values()):
        try:
            made = strategy_class.Params(**dict(zip(grid, values, strict=True)))
        except ValueError:
            continue
        found.append(made.model_dump())
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(2, 40), min_size=1, max_size=6),
    st.lists(st.integers(3, 60), min_size=1, max_size=6),
    st.booleans(),
)
def test_a_grid_is_what_models_of_its_product_are(fast, slow, slow_first):
    grid = {"slow": slow, "fast": fast} if slow_first else {"fast": fast, "slow": slow}
    expected = one_model_each(MaCross, grid)
    if not expected:
        with pytest.raises(InvalidParams, match="none of .* valid|the only .* not valid"):
            combinations_of(MaCross, grid)
        return
    found = combinations_of(MaCross, grid)
    assert rows(found) == expected
    assert found.dropped == grid_size(grid) - len(expected)


def test_what_is_not_in_the_grid_has_its_default():
    found = combinations_of(Rsi, {"upper": [65, 80]})
    assert rows(found) == [
        {"period": 14, "lower": 30.0, "upper": 65.0},
        {"period": 14, "lower": 30.0, "upper": 80.0},
    ]
    assert list(found.columns) == ["period", "lower", "upper"]


def test_columns_have_the_type_of_the_declaration():
    kinds = {name: c.dtype for name, c in combinations_of(Rsi, {"lower": [20, 30]}).columns.items()}
    assert kinds == {"period": np.int64, "lower": np.float64, "upper": np.float64}
    assert combinations_of(Ath, {"trend": ["ma20"]}).columns["trend"].dtype == object
    assert [type(v) for v in combinations_of(Rsi, {"period": [3]}).row(0).values()] == [
        int,
        float,
        float,
    ]


def test_a_strategy_without_parameters_has_one_combination():
    assert rows(combinations_of(STRATEGIES["db_ma_cross"], {})) == [{}]


def test_a_value_out_of_range_is_dropped_and_counted_like_a_contradiction():
    found = combinations_of(MaCross, {"fast": range(2, 102), "slow": range(2, 102)})
    assert (len(found), found.dropped) == (4950, 5050)


class Even(Strategy):
    name = "even"

    class Params(Parameters):
        a: int = param(0, "first")
        b: int = param(0, "second")

        @model_validator(mode="after")
        def _check(self):
            if (self.a + self.b) % 2:
                raise ValueError("a plus b must be even.")
            return self


def test_a_check_of_the_models_own_is_honoured():
    assert [tuple(r.values()) for r in rows(combinations_of(Even, {"a": [1, 2], "b": [1, 2]}))] == [
        (1, 1),
        (2, 2),
    ]
    refused = "the only combination is not valid: a plus b must be even"
    with pytest.raises(InvalidParams, match=refused):
        combinations_of(Even, {"a": [1]})


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({}, "ma_cross: name at least one parameter"),
        ({"fast": []}, "ma_cross: give fast at least one value"),
        ({"fats": [1]}, 'no parameter "fats".*Did you mean "fast"'),
        ({"fast": [0, 1]}, "fast must be a whole number, 2 to 400, not '1'"),
        ({"fast": [5, "x"]}, "fast must be a whole number"),
        (
            {"fast": [60], "slow": [50, 55]},
            "none of 2 combinations is valid.*fast must be below slow",
        ),
    ],
)
def test_a_grid_that_cannot_be_tried_is_refused_in_a_sentence(grid, words):
    with pytest.raises(InvalidParams, match=words):
        combinations_of(MaCross, grid)


def test_a_grid_beyond_counting_is_refused_with_its_size_and_a_way_out():
    steps = [0.5 + k / 1000 for k in range(9_500)]
    grid = {"period": list(range(2, 400)), "deviations": steps}
    with pytest.raises(InvalidParams, match=r"3,781,000 combinations.*sample"):
        combinations_of(Bollinger, grid)
    assert grid_size({"a": range(10**6), "b": range(10**6)}) == 10**12


def test_a_grid_is_counted_as_it_was_asked_also_where_most_values_are_out_of_range():
    grid = {"fast": range(10**6), "slow": range(10**6)}
    with pytest.raises(InvalidParams, match=r"1,000,000,000,000 combinations.*sample"):
        combinations_of(MaCross, grid)


def test_candidates_are_kept_where_they_are_valid():
    found = combinations_from(
        MaCross, {"fast": np.array([5, 60, 1, 7]), "slow": np.array([50, 50, 50, 9])}
    )
    assert rows(found) == [{"fast": 5, "slow": 50}, {"fast": 7, "slow": 9}]
    assert found.dropped == 2
    with pytest.raises(InvalidParams, match="within the ranges"):
        combinations_from(MaCross, {"fast": [0, 1]})
    with pytest.raises(InvalidParams, match='no parameter "fats"'):
        combinations_from(MaCross, {"fats": [3]})


def test_a_part_and_a_choice_are_combinations_again():
    found = combinations_of(Rsi, {"period": [5, 6, 7, 8]})
    assert [r["period"] for r in rows(found.part(1, 3))] == [6, 7]
    assert [r["period"] for r in rows(found.take(np.array([3, 0])))] == [8, 5]
