"""What the page Optimise draws of results: the map's cells, their colours, the table's rows."""

import itertools

import numpy as np
import pandas as pd
import pytest
from dash._utils import to_json

from components.optimise_axes import choice_of
from components.optimise_map import map_data, map_view, shades
from components.optimise_table import Tried, places_by, table_columns, table_rows
from services.backtest import BacktestRequest
from services.charts.optimise import parallel_figure
from services.metrics import METRICS
from services.optimise.estimate import span_text
from services.optimise.objective import Objective
from services.optimise.surface import surface_of
from services.studies.holdout import Unseen, values_of

SHARPE = Objective("sharpe")
NAMES = ("fast", "slow", "width")


def frame_of(fast, slow, width) -> pd.DataFrame:
    frame = pd.DataFrame(list(itertools.product(fast, slow, width)), columns=NAMES)
    for spec in METRICS:
        frame[spec.name] = frame["fast"] / 10 + frame["width"]
    return frame


def test_a_cell_carries_all_parameters_as_an_address_reads_them():
    frame = frame_of([5, 10], [20], [0.5, 2.0])
    surface = surface_of(frame, "fast", "width", SHARPE)
    data = map_data(frame, surface, "sharpe", NAMES, "/backtest?symbol=AAPL")
    assert data["texts"].split("|") == ["1.00", "1.50", "2.50", "3.00"]
    assert data["best"] == (1, 1)
    assert data["params"] == [
        {"words": ["5", "10"], "places": {"by": "x", "of": [0, 1]}},
        {"words": ["20"]},
        {"words": ["0.5", "2"], "places": {"by": "y", "of": [0, 1]}},
    ]


def test_a_parameter_that_follows_neither_axis_is_told_cell_by_cell():
    frame = frame_of([5, 10], [20, 50], [0.5, 2.0])
    frame["sharpe"] = [1, 0, 0, 3, 0, 3, 2, 0]  # the best width of the four cells in turn
    data = map_data(frame, surface_of(frame, "fast", "slow", SHARPE), "sharpe", NAMES, "/b")
    assert data["params"][2] == {"words": ["0.5", "2"], "places": {"by": "cell", "of": "0 1 1 0"}}


def test_a_cell_without_a_combination_has_no_text():
    frame = frame_of([5, 10], [20, 50], [1.0]).drop(index=1).reset_index(drop=True)
    data = map_data(frame, surface_of(frame, "fast", "slow", SHARPE), "sharpe", NAMES, "/b")
    assert data["texts"].split("|") == ["1.50", "2.00", "", "2.00"]
    assert data["params"][0]["places"] == {"by": "x", "of": [0, 1]}


@pytest.mark.parametrize("width", [[1.0], [0.5, 1.0, 2.0]])
def test_a_map_of_ten_thousand_cells_stays_light(width):
    frame = frame_of(range(5, 105), range(106, 206), width)
    frame["sharpe"] = np.random.default_rng(1).normal(size=len(frame))
    surface = surface_of(frame, "fast", "slow", SHARPE)
    view = map_view(frame, surface, "sharpe", SHARPE, NAMES, "/backtest?symbol=AAPL")
    assert surface.rows.size == 10_000
    # As a callback sends it: the map is a text within JSON.
    assert len(to_json(view).encode()) < 200_000


def test_the_better_the_stronger_and_losses_in_the_other_colour():
    both = shades(np.array([[-1.0, 0.0, 2.0, np.nan]]))[0]
    assert both[0] < 0 == both[1] < both[2]
    up = shades(np.array([[1.0, 1.5, 2.0]]))[0]
    assert 0 < up[0] < up[1] < up[2]
    falls = shades(np.array([[-0.6, -0.1]]))[0]
    assert falls[0] < falls[1] < 0
    costs = shades(np.array([[10.0, 90.0]]), low_is_better=True)[0]
    assert costs[0] > costs[1] > 0


def tried(frame, objective=SHARPE) -> Tried:
    return Tried(frame, NAMES, objective)


def test_rows_come_the_best_first_and_carry_their_place():
    frame = frame_of(range(1, 61), range(100, 201), [1.0])
    places = places_by(tried(frame))
    rows = table_rows(tried(frame), places[:5])
    assert rows[0]["sharpe"] == frame["sharpe"].max()
    assert [frame["fast"].iloc[int(row["id"])] for row in rows] == [row["fast"] for row in rows]


@pytest.mark.parametrize(
    ("column", "descending", "order"),
    [
        ("sharpe", True, [2, 0, 1]),
        ("sharpe", False, [0, 2, 1]),
        ("fast", True, [2, 1, 0]),
        ("fast", False, [0, 1, 2]),
        ("no_such", True, [2, 0, 1]),
    ],
)
def test_all_rows_are_sorted_by_any_column_the_undefined_last(column, descending, order):
    frame = frame_of([5, 10, 20], [50], [1.0])
    frame["sharpe"] = [0.5, np.nan, 2.0]
    assert places_by(tried(frame), column, descending).tolist() == order


def test_the_first_order_is_that_of_the_objective_with_its_least_number_of_trades():
    frame = frame_of([5, 10, 20], [50], [1.0])
    frame["sharpe"], frame["trades"] = [3.0, 1.0, 2.0], [1, 30, 30]
    objective = Objective("sharpe", 10)
    assert places_by(tried(frame, objective), "sharpe").tolist() == [2, 1, 0]


def on_unseen(places, **metrics) -> Unseen:
    backtest = BacktestRequest("AAPL", "1d", "ma_cross")
    return Unseen(backtest, np.array(places), pd.DataFrame(metrics))


def test_what_was_tried_on_unseen_bars_stands_beside_its_row():
    frame = frame_of([5, 10, 20], [50], [1.0])
    found = on_unseen([2, 0], sharpe=[0.3, -0.2], total_return=[0.1, 0.2], max_drawdown=[0.0, 0.0])
    shown = Tried(frame, NAMES, SHARPE, found)
    rows = table_rows(shown, np.arange(3))
    assert [row["unseen_sharpe"] for row in rows] == [-0.2, None, 0.3]
    names = [column["field"] for column in table_columns(shown)]
    assert names[names.index("sharpe") + 1] == "unseen_sharpe"
    assert places_by(shown, "unseen_sharpe").tolist() == [2, 0, 1]


def test_in_sample_stands_beside_unseen_for_the_same_combination():
    frame = frame_of([5, 10, 20], [50], [1.0])
    before, after = values_of(frame, on_unseen([2, 0], sharpe=[0.3, -0.2]), SHARPE)
    assert (before.tolist(), after.tolist()) == ([3.0, 1.5], [0.3, -0.2])


def test_a_choice_that_cannot_be_falls_back():
    frame = frame_of([5, 10, 20], [20, 50], [0.5, 2.0])
    wanted = {"metric": "beauty", "x": "no", "y": "slow"}
    choice = choice_of(frame, NAMES, "sharpe", wanted, {"width": "2", "slow": "50"})
    assert (choice.metric, choice.x, choice.y) == ("sharpe", "fast", "slow")
    assert choice.fixed == {"width": 2.0}


def test_parallel_lines_end_at_the_objective():
    figure = parallel_figure(frame_of([5, 10, 20], [20, 50], [0.5, 2.0]), NAMES, SHARPE)
    best = next(trace for trace in figure["data"] if trace["name"] == "best tenth")
    assert best["x"][:4] == [0, 1, 2, 3]
    assert best["y"][3] == 1.0


def test_a_span_is_said_as_a_person_would():
    said = [span_text(seconds) for seconds in (0.2, 1.2, 42, 600, 7200, 864_000)]
    assert said == [
        "under a second",
        "about 1 second",
        "about 40 seconds",
        "about 10 minutes",
        "about 2 hours",
        "about 10 days",
    ]
