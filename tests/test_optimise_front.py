"""The front on the page Optimise: the points that are drawn, where they lie, and what is said."""

import json

import numpy as np
import pandas as pd
import pytest
from dash._utils import to_json

from components.optimise_front import FrontChoice, front_choice, front_data, front_view
from services.backtest import BacktestRequest
from services.metrics import METRICS
from services.optimise.cloud import cloud_of, ends_of
from services.optimise.objective import Objective, objectives_of
from services.studies.front import unseen_front_text
from services.studies.holdout import Unseen

NAMES = ("fast", "slow")
OWN = (Objective("sharpe"),)
BOTH = objectives_of("sharpe, max_drawdown")
_ = np.nan


def frame_of(sharpe, max_drawdown, **more) -> pd.DataFrame:
    frame = pd.DataFrame({"fast": range(1, len(sharpe) + 1), "slow": 50.5})
    for spec in METRICS:
        frame[spec.name] = 1.0
    return frame.assign(sharpe=sharpe, max_drawdown=max_drawdown, **more)


FIVE = frame_of([2.0, 1.0, 0.5, _, 1.5], [-0.4, -0.1, -0.3, -0.1, -0.2])


def data_of(frame, objectives=BOTH, own=OWN):
    cloud = cloud_of(frame, objectives)
    return front_data(frame, NAMES, cloud, objectives, own, "/backtest?symbol=AAPL")


def words(view) -> str:
    return json.dumps(json.loads(to_json(view)), ensure_ascii=False)


def test_the_front_comes_first_from_left_to_right_and_what_is_undefined_not_at_all():
    data = data_of(FIVE)
    assert (data["front"], data["best"]) == (3, 2)
    fast = data["params"][0]
    rows = [int(fast["words"][int(code)]) for code in fast["of"].split()]
    assert rows == [2, 5, 1, 3]
    assert data["params"][1] == {"words": ["50.5"], "of": "0 0 0 0"}
    assert data["texts"][0] == "1.00|1.50|2.00|0.50"
    assert data["texts"][1] == "−10.00 %|−20.00 %|−40.00 %|−30.00 %"


def test_points_lie_on_the_axes_as_their_values_do():
    data = data_of(FIVE)
    x = np.array(data["x"].split(), float)
    values = np.array([1.0, 1.5, 2.0, 0.5])
    assert np.corrcoef(x, values)[0, 1] == pytest.approx(1.0)
    assert (x.min() > 0) and (x.max() < 10_000)
    at = {text: place for place, text in data["ticks"][0]}
    assert abs(at["1.00"] - x[0]) <= 1


def test_a_third_objective_is_the_colour_the_better_the_stronger():
    frame = FIVE.assign(volatility=[0.1, 0.2, 0.3, 0.1, 0.4])  # low is better
    data = data_of(frame, objectives_of("sharpe, max_drawdown, volatility"))
    shades = dict(zip(data["texts"][2].split("|"), map(int, data["shades"].split()), strict=True))
    assert shades["10.00 %"] > shades["20.00 %"] > shades["30.00 %"] > shades["40.00 %"]


def test_the_best_is_that_of_the_study_whatever_is_looked_at():
    data = data_of(FIVE, objectives_of("max_drawdown, sharpe"), OWN)
    fast = data["params"][0]
    assert fast["words"][int(fast["of"].split()[data["best"]])] == "1"


def test_the_words_say_what_a_front_means_and_what_is_not_drawn():
    said = words(front_view(FIVE, NAMES, FrontChoice(("sharpe", "max_drawdown")), OWN, "/b"))
    assert "3 of 5 are on the front: none of these is beaten in Sharpe without losing" in said
    assert "1 not drawn: a value is undefined" in said
    few = (Objective("sharpe", 9),)
    frame = FIVE.assign(trades=[1, 20, 20, 20, 20])
    said = words(front_view(frame, NAMES, FrontChoice(("sharpe", "max_drawdown")), few, "/b"))
    assert "2 of 5 are on the front" in said
    assert "2 not drawn: a value is undefined or has too few trades" in said


def test_where_no_front_can_be_the_reason_stands():
    twice = front_view(FIVE, NAMES, FrontChoice(("sharpe", "sharpe")), OWN, "/b")
    assert "Choose different metrics." in words(twice)
    nothing = frame_of([_, _], [-0.1, -0.2])
    view = front_view(nothing, NAMES, FrontChoice(("sharpe", "max_drawdown")), OWN, "/b")
    assert "There is no front" in words(view)


@pytest.mark.parametrize(
    ("later", "sentence"),
    [
        ([0.1, 0.3, 0.2, 0.2], "1 of these 3 is on the front of the 4 that were tried there"),
        ([0.1, 0.1, 0.1, 0.9], "none of these 3 is on the front"),
    ],
)
def test_what_became_of_the_front_on_unseen_bars_is_said(later, sentence):
    frame = pd.DataFrame({"sharpe": later, "max_drawdown": -0.1})
    unseen = Unseen(BacktestRequest("AAPL", "1d", "ma_cross"), np.array([0, 4, 1, 2]), frame)
    choice = FrontChoice(("sharpe", "max_drawdown"))
    assert sentence in words(front_view(FIVE, NAMES, choice, OWN, "/b", unseen))


@pytest.mark.parametrize(
    ("tried", "later", "sentence"),
    [
        ([0], [0.1], "1 of them was tried; 1 is on the front of the 1 that was tried there."),
        ([0, 2], [0.1, 0.2], "1 of them was tried; none is on the front of the 2 that were tried"),
        ([0, 4, 2], [0.1, 0.1, 0], "2 of them were tried; 2 are on the front of the 3 that were"),
        ([2, 3], [0.1, 0.2], "none of them was tried."),
    ],
)
def test_of_a_front_that_was_tried_in_part_it_is_said_how_many_were(tried, later, sentence):
    frame = pd.DataFrame({"sharpe": later, "max_drawdown": -0.1})
    unseen = Unseen(BacktestRequest("AAPL", "1d", "ma_cross"), np.array(tried), frame)
    said = unseen_front_text(FIVE, unseen, BOTH)
    assert said.startswith(f"On the bars kept unseen {sentence}")


@pytest.mark.parametrize(
    ("tried", "later", "sentence"),
    [
        ([0], [0.1], "it is on the front of the 1 that was tried there."),
        ([0, 1], [0.1, 0.2], "it is not on the front of the 2 that were tried there."),
        ([1], [0.1], "it was not tried."),
    ],
)
def test_a_front_of_one_is_spoken_of_as_one(tried, later, sentence):
    frame = pd.DataFrame({"sharpe": later, "max_drawdown": -0.1})
    unseen = Unseen(BacktestRequest("AAPL", "1d", "ma_cross"), np.array(tried), frame)
    said = unseen_front_text(frame_of([2.0, 1.0], [-0.1, -0.2]), unseen, BOTH)
    assert said == f"On the bars kept unseen {sentence}"


@pytest.mark.parametrize("least", [0, 30])
def test_the_few_unseen_bars_are_not_asked_for_the_trades_of_the_searched_ones(least):
    seen = frame_of([2.0, 1.5, 1.0, 0.5], [-0.4, -0.3, -0.2, -0.1], trades=[35, 40, 50, 60])
    later = seen.assign(trades=[9, 11, 13, 15])
    unseen = Unseen(BacktestRequest("AAPL", "1d", "ma_cross"), np.arange(4), later)
    said = unseen_front_text(seen, unseen, objectives_of("sharpe, max_drawdown", least))
    assert "4 of these 4 are on the front of the 4" in said


@pytest.mark.parametrize(
    ("own", "wanted", "metrics"),
    [
        ("sharpe", {}, ("sharpe", "max_drawdown")),
        ("max_drawdown", {}, ("max_drawdown", "sharpe")),
        ("cagr, sqn, costs", {}, ("cagr", "sqn", "costs")),
        ("cagr, sqn, costs", {"colour": "none"}, ("cagr", "sqn")),
        ("sharpe", {"x": "cagr", "y": "trades", "colour": "sqn"}, ("cagr", "max_drawdown", "sqn")),
    ],
)
def test_the_usual_front_is_of_the_objectives_and_can_be_chosen(own, wanted, metrics):
    assert front_choice(objectives_of(own), wanted).metrics == metrics


def test_many_points_are_thinned_but_never_the_front():
    chance = np.random.default_rng(4)
    frame = frame_of(*chance.normal(size=(2, 50_000)))
    cloud = cloud_of(frame, BOTH)
    assert len(cloud.front) == cloud.on_front > 5
    assert 500 < len(cloud.others) < 3_500
    assert cloud.known == 50_000
    view = front_view(frame, NAMES, FrontChoice(("sharpe", "max_drawdown")), OWN, "/b")
    assert len(to_json(view).encode()) < 200_000


def test_the_front_alone_fills_the_picture():
    chance = np.random.default_rng(4)
    frame = frame_of(*chance.normal(size=(2, 2_000)))
    whole, near = cloud_of(frame, BOTH), cloud_of(frame, BOTH, near=True)
    assert near.front.tolist() == whole.front.tolist()
    assert near.x.low > whole.x.low
    inside = frame.iloc[near.others]
    assert inside["sharpe"].between(near.x.low, near.x.high).all()


@pytest.mark.parametrize("values", [[2.0], [0.0, 0.0], [-0.31, 0.47], [1e9, 3e9], [1e-9, 2e-9]])
def test_an_axis_has_a_few_round_ticks_and_room_for_all(values):
    ends = ends_of(np.array(values))
    assert ends.low < min(values) <= max(values) < ends.high
    assert 2 <= len(ends.ticks) <= 8
    assert all(ends.low <= tick <= ends.high for tick in ends.ticks)
