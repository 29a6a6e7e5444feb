"""The results of combinations as a map over two of their parameters."""

import itertools

import numpy as np
import pandas as pd

from services.optimise.objective import Objective
from services.optimise.surface import choices_of, searched, surface_of

SHARPE = Objective("sharpe")


def frame_of(fast, slow, mode, sharpe) -> pd.DataFrame:
    rows = list(itertools.product(fast, slow, mode))
    frame = pd.DataFrame(rows, columns=["fast", "slow", "mode"])
    frame["sharpe"] = [sharpe(*row) for row in rows]
    frame["max_drawdown"] = -frame["sharpe"].abs() / 10
    frame["trades"] = 10
    return frame


def test_each_cell_shows_its_combination():
    frame = frame_of([5, 10], [20, 50, 100], ["a"], lambda f, s, _: f + s / 1000)
    surface = surface_of(frame, "fast", "slow", SHARPE)
    values = surface.values(frame, "sharpe")
    assert values.shape == (3, 2)
    assert values[2, 0] == 5.1
    assert surface.x.label(1) == "10"
    assert surface.best == (2, 1)
    assert not surface.shared


def test_a_combination_that_is_not_there_leaves_its_cell_empty():
    frame = frame_of([5, 30], [20, 50], ["a"], lambda f, s, _: f)
    frame = frame[frame["fast"] < frame["slow"]].reset_index(drop=True)
    values = surface_of(frame, "fast", "slow", SHARPE).values(frame, "sharpe")
    assert np.isnan(values[0, 1])
    assert np.isfinite(values).sum() == 3


def test_of_several_combinations_in_a_cell_the_best_is_shown():
    frame = frame_of([5, 10], [20, 50], ["a", "b"], lambda f, s, m: f + (m == "b"))
    surface = surface_of(frame, "fast", "slow", SHARPE)
    assert surface.shared
    assert frame["mode"].iloc[surface.rows.ravel()].eq("b").all()


def test_a_fixed_parameter_keeps_the_others_out():
    frame = frame_of([5, 10], [20, 50], ["a", "b"], lambda f, s, m: f + (m == "b"))
    surface = surface_of(frame, "fast", "slow", SHARPE, {"mode": "a"})
    assert not surface.shared
    assert surface.values(frame, "sharpe").max() == 10


def test_what_is_to_be_kept_low_is_best_where_it_is_lowest():
    frame = frame_of([5, 10], [20, 50], ["a"], lambda f, s, _: f + s)
    frame["volatility"] = frame["sharpe"]
    assert surface_of(frame, "fast", "slow", Objective("volatility")).best == (0, 0)


def test_the_plateau_is_not_the_lonely_peak():
    def sharpe(f, s, _):
        return 3.0 if (f, s) == (1, 1) else 1.0 if f >= 6 and s >= 6 else 0.0

    frame = frame_of(range(10), range(10), ["a"], sharpe)
    surface = surface_of(frame, "fast", "slow", SHARPE)
    assert surface.best == (1, 1)
    assert min(surface.plateau) >= 6


def test_many_values_share_steps_and_no_best_one_is_lost():
    frame = frame_of(range(500), [1, 2], ["a"], lambda f, s, _: 9 if f == 333 else f / 1000)
    surface = surface_of(frame, "fast", "slow", SHARPE, most=50)
    assert len(surface.x) == 50
    assert surface.x.label(0) == "0 to 9"
    assert np.nanmax(surface.values(frame, "sharpe")) == 9


def test_one_parameter_makes_a_line():
    frame = frame_of([5, 10, 20], [50], ["a"], lambda f, s, _: f)
    surface = surface_of(frame, "fast", "", SHARPE)
    assert surface.rows.tolist() == [[0, 1, 2]]


def test_a_row_without_a_value_is_shown_where_there_is_no_other():
    frame = frame_of([5, 10], [20, 50], ["a"], lambda f, s, _: np.nan)
    surface = surface_of(frame, "fast", "slow", SHARPE)
    assert (surface.rows >= 0).all()
    assert surface.best is None


def test_parameters_that_vary_come_first_with_most_values():
    frame = frame_of([5, 10], [20, 50, 70], ["a"], lambda f, s, _: f)
    assert searched(frame, ["fast", "slow", "mode"]) == ("slow", "fast")
    assert choices_of(frame, "slow") == [20, 50, 70]
