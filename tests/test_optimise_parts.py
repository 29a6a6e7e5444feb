"""What the page Optimise draws of results: the map's cells, their colours, the table's rows."""

import itertools

import numpy as np
import pandas as pd

from components.optimise_axes import choice_of
from components.optimise_map import map_data, shades
from components.optimise_table import MOST_ROWS, table_rows
from services.charts.optimise import parallel_figure
from services.metrics import METRICS
from services.optimise.estimate import span_text
from services.optimise.objective import Objective
from services.optimise.surface import surface_of

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
    assert data["cells"][1][0] == ["2.50", data["cells"][1][0][1], ["5", "20", "2"]]
    assert data["best"] == (1, 1)
    assert data["cells"][0][0][2] == ["5", "20", "0.5"]


def test_the_better_the_stronger_and_losses_in_the_other_colour():
    both = shades(np.array([[-1.0, 0.0, 2.0, np.nan]]))[0]
    assert both[0] < 0 == both[1] < both[2]
    up = shades(np.array([[1.0, 1.5, 2.0]]))[0]
    assert 0 < up[0] < up[1] < up[2]
    falls = shades(np.array([[-0.6, -0.1]]))[0]
    assert falls[0] < falls[1] < 0
    costs = shades(np.array([[10.0, 90.0]]), low_is_better=True)[0]
    assert costs[0] > costs[1] > 0


def test_a_table_of_too_many_keeps_the_best():
    frame = frame_of(range(1, 61), range(100, 201), [1.0])
    rows = table_rows(frame, NAMES, SHARPE)
    assert len(rows) == MOST_ROWS
    assert max(row["sharpe"] for row in rows) == frame["sharpe"].max()
    assert frame["fast"].iloc[int(rows[-1]["id"])] == rows[-1]["fast"]


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
    said = [span_text(seconds) for seconds in (0.2, 42, 600, 7200, 864_000)]
    assert said == [
        "under a second",
        "about 40 seconds",
        "about 10 minutes",
        "about 2 hours",
        "about 10 days",
    ]
