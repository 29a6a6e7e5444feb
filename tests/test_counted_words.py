"""Sentences about one thing speak of one: bar, window, combination, trial."""

import pytest
from builders import closes, random_walk

from services.errors import InvalidParams
from services.optimise.folds import purged_folds, windows_of
from services.optimise.grid import combinations_of
from services.optimise.samples import random_combinations
from services.optimise.walk_forward import walk_forward
from services.validation.walk import _of_seen
from services.wording import counted
from strategies.ma_cross import MaCross


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 bars"), (1, "1 bar"), (2, "2 bars"), (1200, "1,200 bars")]
)
def test_a_count_stands_with_its_noun(count, said):
    assert counted(count, "bar") == said


def test_one_bar_left_out_of_a_walk_is_one():
    found = walk_forward(
        random_walk(81, seed=4), MaCross, {"fast": [2], "slow": [3]}, train=40, test=20
    )
    assert "The last bar is less than half a test and was left out." in found.notes


def test_refusals_of_folds_and_windows_speak_of_one_bar():
    with pytest.raises(InvalidParams, match="^1 bar cannot be cut into 2 folds"):
        list(purged_folds(bars=1, folds=2))
    said = "^1 bar from 2024-01-01 to 2024-01-01 is too few for 1 bar to train on, an embargo of 1"
    with pytest.raises(InvalidParams, match=f"{said} bar and at least half of 1 bar"):
        windows_of(closes(1.0)["ts"], 1, 1, embargo=1)


def test_grids_and_samples_of_one_combination_speak_of_one():
    with pytest.raises(InvalidParams, match="the only combination is not valid"):
        combinations_of(MaCross, {"fast": [50], "slow": [20]})
    sample = random_combinations(MaCross, {"fast": [5], "slow": [20]}, 10, 0)
    assert sample.note == "The space has only 1 valid combination, which is taken."


def test_one_combination_tried_besides_is_one():
    assert "1 combination was tried on this series" in _of_seen(1).sentence
    assert "2 combinations were tried on this series" in _of_seen(2).sentence
