"""Plateaus and lonely peaks: against a plain loop over cells and small maps to read."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from services.errors import InvalidParams
from services.optimise.plateau import grid_of, plateau_of

_ = np.nan  # no such cell
HILL_AND_SPIKE = np.array(
    [
        [0.1, 0.2, 0.1, 0.0, 0.1],
        [0.1, 0.8, 0.9, 0.1, 0.0],
        [0.1, 0.9, 1.0, 0.2, 0.1],
        [0.1, 0.8, 0.9, 0.1, 2.0],
        [0.0, 0.2, 0.1, 0.0, 0.1],
    ]
)


def slow_neighbours(grid, place, diagonals):
    found = []
    for step in product((-1, 0, 1), repeat=grid.ndim):
        beside = tuple(p + s for p, s in zip(place, step, strict=True))
        inside = all(0 <= b < size for b, size in zip(beside, grid.shape, strict=True))
        near = diagonals or sum(map(abs, step)) == 1
        if any(step) and inside and near and not np.isnan(grid[beside]):
            found.append(grid[beside])
    return found


@settings(max_examples=80, deadline=None)
@given(
    arrays(
        np.float64,
        array_shapes(min_dims=1, max_dims=4, max_side=4),
        elements=st.one_of(st.just(np.nan), st.integers(-4, 4).map(float)),
    ),
    st.booleans(),
)
def test_every_cell_is_scored_as_a_plain_loop_does(grid, diagonals):
    found = plateau_of(grid, diagonals)
    neighbours = {}
    for place in np.ndindex(grid.shape):
        if np.isnan(grid[place]):
            assert np.isnan(found.mean[place])
            assert np.isnan(found.worst[place])
            continue
        neighbours[place] = slow_neighbours(grid, place, diagonals)
        cells = [grid[place], *neighbours[place]]
        assert found.mean[place] == pytest.approx(np.mean(cells))
        assert found.worst[place] == min(cells)
    assert found.cells == len(neighbours)
    if neighbours:
        most = max(map(len, neighbours.values()))
        candidates = [place for place, near in neighbours.items() if 2 * len(near) >= most]
        assert found.best.mean == pytest.approx(max(found.mean[place] for place in candidates))
        assert found.peak.value == np.nanmax(grid)
        assert found.best.neighbours == len(neighbours[found.best.place])


def test_the_hill_is_preferred_to_the_spike_and_the_spike_is_lonely():
    found = plateau_of(HILL_AND_SPIKE)
    assert found.peak.place == (3, 4)
    assert found.best.place == (2, 2)
    assert found.best.mean == pytest.approx(5.7 / 9)
    assert found.peak.around == pytest.approx(0.5 / 5)
    assert found.median == 0.1
    assert found.lost == pytest.approx(1.0)
    assert found.lonely is True


def test_the_top_of_a_smooth_hill_is_not_lonely():
    x, y = np.mgrid[-6:7, -6:7]
    found = plateau_of(np.exp(-(x**2 + y**2) / 20))
    assert found.best.place == found.peak.place == (6, 6)
    assert found.lost < 0.15
    assert found.lonely is False


def test_the_peak_of_pure_noise_is_lonely_most_of_the_time():
    lonely = [
        plateau_of(np.random.default_rng(seed).normal(0, 1, (12, 12))).lonely for seed in range(100)
    ]
    assert np.mean(lonely) >= 0.95


def test_a_good_cell_among_missing_ones_is_no_plateau():
    found = plateau_of(
        np.array(
            [
                [5.0, _, 1.0, 1.0],
                [_, _, 1.0, 1.1],
                [1.0, 1.0, 1.0, 1.0],
                [1.0, 1.0, 1.0, 1.0],
            ]
        )
    )
    assert found.peak.place == (0, 0)
    assert (found.peak.neighbours, found.peak.around, found.lost) == (0, None, None)
    assert found.lonely is True
    assert found.best.place != (0, 0)


def test_three_axes_have_six_neighbours_and_two_have_eight():
    assert neighbours_of_the_middle((3, 3, 3)) == 6
    assert neighbours_of_the_middle((3, 3, 3), diagonals=True) == 26
    assert neighbours_of_the_middle((3, 3)) == 8
    assert neighbours_of_the_middle((3, 3), diagonals=False) == 4
    assert neighbours_of_the_middle((3,)) == 2


def neighbours_of_the_middle(shape, diagonals=None):
    grid = np.zeros(shape)
    grid[(1,) * len(shape)] = 1.0
    return plateau_of(grid, diagonals).peak.neighbours


def test_where_all_cells_are_alike_none_is_lonely():
    found = plateau_of(np.full((3, 4), 0.7))
    assert (found.lost, found.lonely) == (0.0, False)


def test_one_cell_and_no_cell_say_nothing_of_neighbours():
    assert plateau_of(np.array([[1.5]])).lonely is None
    nothing = plateau_of(np.full((2, 2), np.nan))
    assert (nothing.best, nothing.peak, nothing.lonely, nothing.cells) == (None, None, None, 0)


def test_the_rows_of_a_sweep_become_a_grid_with_holes():
    axes, grid = grid_of([(5, 20), (10, 20), (5, 50), (10, 200)], [1.0, 2.0, 3.0, 4.0])
    assert [axis.tolist() for axis in axes] == [[5, 10], [20, 50, 200]]
    assert np.array_equal(grid, [[1.0, 3.0, _], [2.0, _, 4.0]], equal_nan=True)


def test_an_infinite_cell_is_refused():
    with pytest.raises(InvalidParams, match="infinite"):
        plateau_of(np.array([1.0, np.inf]))
