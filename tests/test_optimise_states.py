"""What Optimise says of studies that went wrong, came to nothing, or tried one combination."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from dash._utils import to_json

from components.evidence_parts import sure_text
from components.optimise_axes import choice_of
from components.optimise_front import front_choice
from components.optimise_map import map_data
from components.optimise_result import best_panel, result_parts
from components.optimise_table import Tried
from components.optimise_walk import walk_parts
from services.backtest import SimulationSettings
from services.charts.optimise import before_after_figure, windows_figure
from services.metrics import METRICS
from services.optimise.objective import Objective
from services.optimise.surface import surface_of
from services.optimise.walk_forward import walk_forward
from services.validation.verdict import of_luck
from strategies.registry import STRATEGIES

SHARPE = Objective("sharpe")
NAMES = ("period", "lower", "upper")


def frame_of(count: int, value: float, error: str | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"period": range(7, 7 + count), "lower": 30.0, "upper": 70.0})
    frame["lower"] += frame["period"] % 2
    frame["upper"] += frame["period"] % 3
    for spec in METRICS:
        frame[spec.name] = value
    if error:
        frame["error"] = error
    return frame


def parts_of(frame: pd.DataFrame) -> str:
    tried = Tried(frame, NAMES, SHARPE, None)
    choice = choice_of(frame, NAMES, "sharpe", {})
    return to_json(result_parts(tried, choice, front_choice([SHARPE], {}), "/rows", "/export"))


def test_a_study_of_which_all_failed_does_not_speak_of_trades():
    said = to_json(best_panel(frame_of(6, np.nan, "KeyError: 'close2'"), NAMES, [SHARPE], ""))
    assert "No combination has a result: all of them failed." in said
    assert "closed a trade" not in said
    without_trades = to_json(best_panel(frame_of(6, np.nan), NAMES, [SHARPE], ""))
    assert "none of them closed a trade" in without_trades


def test_a_cell_that_failed_is_told_from_one_without_trades():
    frame = frame_of(3, np.nan)
    frame["error"] = ["KeyError: 'close2'", None, None]
    surface = surface_of(frame, "period", "lower", SHARPE)
    texts = map_data(frame, surface, "sharpe", NAMES, "/b")["texts"].split("|")
    assert sorted(filter(None, texts)) == ["failed", "n/a", "n/a"]
    assert texts[0] == "" != texts[surface.rows.ravel().tolist().index(0)] == "failed"


@pytest.mark.parametrize(("value", "shown"), [(np.nan, False), (0.5, True)])
def test_lines_through_all_parameters_are_drawn_only_where_there_are_any(value, shown):
    assert ("All parameters at once" in parts_of(frame_of(6, value))) == shown


def test_one_combination_is_not_called_many():
    assert "1 combination; a click" in parts_of(frame_of(1, 0.5))
    assert "2 combinations; a click" in parts_of(frame_of(2, 0.5))


@pytest.mark.parametrize(
    ("value", "text"), [(0.9768, "97.6 %"), (0.98999, "98.9 %"), (0.99999, "99.9 %"), (None, "n/a")]
)
def test_a_card_writes_a_probability_as_the_sentence_beside_it(value, text):
    assert sure_text(value) == text


def walked(test: int):
    space = {"fast": [5, 10], "slow": [20, 40]}
    return walk_forward(
        random_walk(600, 3), STRATEGIES["ma_cross"], space, SimulationSettings(),
        train=200, test=test, objective=SHARPE,
    )  # fmt: skip


def test_a_walk_says_of_how_many_windows_its_means_are():
    walk = walked(10)
    both = sum(w.before is not None and w.after is not None for w in walk.windows)
    assert 0 < both < len(walk.windows)
    said = to_json(walk_parts(walk, ["fast", "slow"]))
    assert f"are means of {both} of {len(walk.windows)} windows" in said
    assert "is the embargo" not in said
    assert "is the embargo" in to_json(walk_parts(walk, ["fast", "slow"], 5))


@pytest.mark.parametrize("test", [10, 60])
def test_the_figures_of_a_walk_name_some_windows_that_there_are(test):
    walk = walked(test)
    marks = windows_figure(walk)["layout"]["yaxis"]["tickvals"]
    assert marks[0] == 1
    assert set(marks) <= {window.number for window in walk.windows}
    assert min(4, len(walk.windows)) <= len(marks) <= 10
    assert before_after_figure(walk)["layout"]["xaxis"]["tickvals"] == marks


def test_a_track_record_that_nobody_can_wait_for_is_not_told_to_a_tenth_of_a_year():
    found = SimpleNamespace(
        dsr=0.507, trials=60, sharpe=0.0227, benchmark=0.022, count=1714,
        min_track_record=12_353_746.0, expected_max=0.022,
    )  # fmt: skip
    text = of_luck(found, 252, "After 60 trials").sentence
    assert "(more than 100 years would be needed, these are 6.8)" in text
