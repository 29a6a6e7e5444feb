"""The Pareto front: against a comparison of every row with every other."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.optimise.front import front_places
from services.optimise.objective import objectives_of
from services.studies.front import front_order, front_text


def slow_front(frame, better):
    """Compare every row with every other."""
    rows = frame[list(better)].to_numpy(float) * [1 if b == "high" else -1 for b in better.values()]
    return [
        i
        for i, row in enumerate(rows)
        if not np.isnan(row).any()
        and not any((other >= row).all() and (other > row).any() for other in rows)
    ]


small = st.one_of(st.integers(0, 4).map(float), st.just(np.nan))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(small, small, small), max_size=60), st.integers(1, 3))
def test_a_pareto_front_is_that_of_brute_force(rows, count):
    directions = {"sharpe": "high", "volatility": "low", "max_drawdown": "high"}
    better = dict(list(directions.items())[:count])
    frame = pd.DataFrame(rows, columns=["sharpe", "volatility", "max_drawdown"], dtype=float)
    frame.index = frame.index + 7
    assert front_places(frame, objectives_of(list(better))).tolist() == slow_front(frame, better)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("shape", ["cloud", "curve"])
def test_the_front_of_many_rows_is_that_of_brute_force(shape, count):
    chance = np.random.default_rng(count)
    values = chance.normal(size=(400, 3))
    if shape == "curve":  # hardly any row is beaten
        values[:, -1 if count == 3 else 1] = -(values[:, :1].ravel() ** 3)
    frame = pd.DataFrame(values, columns=["sharpe", "total_return", "cagr"])
    better = dict.fromkeys(list(frame)[:count], "high")
    found = front_places(frame, objectives_of(list(better)))
    assert found.tolist() == slow_front(frame, better)


def test_a_million_rows_that_all_are_on_the_front_are_found_at_once():
    x = np.linspace(0, 1, 1_000_000)
    frame = pd.DataFrame({"sharpe": x, "total_return": 1 - x})
    assert len(front_places(frame, objectives_of("sharpe, total_return"))) == len(x)


COUNT = 200_000
RANK = np.arange(COUNT, dtype=float)
MIXED = np.random.default_rng(8).permutation(COUNT).astype(float)


@pytest.mark.parametrize("second", [RANK, -RANK, MIXED], ids=["rising", "falling", "mixed"])
def test_many_rows_that_all_are_on_the_front_of_three_are_found_at_once(second):
    frame = pd.DataFrame({"sharpe": -RANK, "total_return": second, "cagr": -second})
    objectives = objectives_of(list(frame))
    front_places(frame.head(9), objectives)  # compiles
    start = time.process_time()
    assert len(front_places(frame, objectives)) == COUNT
    assert time.process_time() - start < 3


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(0, 150))
def test_the_front_of_three_with_many_ties_is_that_of_brute_force(seed, most, count):
    chance = np.random.default_rng(seed)
    values = chance.integers(-most, most, size=(count, 3), endpoint=True) / 4
    values = np.where(chance.random(values.shape) < 0.05, np.nan, values)
    values = np.where(chance.random(values.shape) < 0.2, -values, values)  # there is a -0.0, too
    better = {"sharpe": "high", "volatility": "low", "max_drawdown": "high"}
    frame = pd.DataFrame(values, columns=list(better))
    assert front_places(frame, objectives_of(list(better))).tolist() == slow_front(frame, better)


def test_too_few_trades_are_not_on_the_front():
    frame = pd.DataFrame({"sharpe": [3.0, 1.0], "max_drawdown": [-0.1, -0.2], "trades": [1, 30]})
    assert front_places(frame, objectives_of("sharpe, max_drawdown", 10)).tolist() == [1]


def test_a_front_begins_with_the_best_in_the_first_and_ends_with_the_best_in_the_second():
    frame = pd.DataFrame(
        {"win_rate": [0.5, 0.7, 0.7, 0.2, 0.6], "max_drawdown": [-0.3, -0.6, -0.5, -0.1, -0.9]}
    )
    objectives = objectives_of("win_rate, max_drawdown")
    assert front_order(frame, objectives).tolist() == [2, 0, 3]


@pytest.mark.parametrize(
    ("count", "metrics", "words"),
    [
        (0, "sharpe, cagr", "There is no front: no combination has a value of Sharpe and CAGR."),
        (
            1,
            "sharpe, cagr",
            "One of 90 is on the front: none that has both is better in Sharpe or CAGR.",
        ),
        (
            1,
            "sharpe, cagr, volatility",
            "One of 90 is on the front: none that has all three is better in Sharpe or CAGR or "
            "Volatility.",
        ),
        (
            7,
            "sharpe, max_drawdown",
            "7 of 90 are on the front: none of these is beaten in Sharpe without losing in Max "
            "drawdown, or the other way round.",
        ),
        (
            7,
            "sharpe, cagr, volatility",
            "7 of 90 are on the front: none of these is beaten in one of Sharpe, CAGR and "
            "Volatility without losing in another.",
        ),
    ],
)
def test_what_a_front_means_is_said_in_plain_words(count, metrics, words):
    assert front_text(count, 90, objectives_of(metrics)) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "no combination has a value of Sharpe and CAGR, with trades enough."),
        (1, "none that has both, with trades enough, is better in Sharpe or CAGR."),
        (7, "none of these is beaten by one with trades enough in Sharpe without losing in CAGR,"),
    ],
)
def test_what_has_too_few_trades_is_left_out_of_what_is_said_of_a_front(count, words):
    assert words in front_text(count, 90, objectives_of("sharpe, cagr", 99))
