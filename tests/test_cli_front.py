"""The command optimise with several objectives: the front, in words, as a table and in JSON."""

import json

import pandas as pd
import pytest
from test_cli_optimise import database, refusal, spoken  # noqa: F401  (a fixture)
from test_front import slow_front

from services.backtest import run_backtest
from services.market_data import load_bars
from services.optimise.objective import OBJECTIVES
from services.studies import find_studies
from strategies.registry import load_strategy

GRID = ["-s", "TEST", "--strategy", "ma_cross", "--grid", "fast=3:15:3", "slow=20:80:10"]
SEARCH = [*GRID[:4], "--grid", "fast=2:30", "slow=31:90", "--method", "search", "--samples", "60"]
BOTH = ["--objective", "sharpe,max_drawdown"]
BETTER = {"sharpe": "high", "max_drawdown": "high"}

pytestmark = pytest.mark.usefixtures("home")


def as_json(capsys, *words, base=GRID):
    return json.loads(spoken(capsys, "--json", *words, base=base))


@pytest.mark.parametrize("base", [GRID, SEARCH])
def test_the_front_is_that_of_all_that_was_tried(database, capsys, base):  # noqa: F811
    said = as_json(capsys, *BOTH, "--top", "1000", base=base)
    assert (said["objective"], said["further_objectives"]) == ("sharpe", ["max_drawdown"])
    front = said["front"]
    assert front["objectives"] == ["sharpe", "max_drawdown"]
    frame = pd.DataFrame([row["metrics"] for row in said["best"]])
    wanted = [said["best"][place]["params"] for place in slow_front(frame, BETTER)]
    assert [row["params"] for row in front["combinations"]] == wanted
    bars = load_bars(database, "TEST", "1d")
    for row in front["combinations"]:
        strategy = load_strategy("ma_cross", **row["params"])
        assert row["metrics"] == run_backtest(bars, strategy).metrics


def test_the_first_objective_chooses_what_is_judged(database, capsys):  # noqa: F811
    one, both = (as_json(capsys, "--no-save", *words) for words in ([], BOTH))
    for name in ("verdict", "best", "look_ahead", "bootstrap", "stress"):
        assert both[name] == one[name], name
    assert both["front"]["combinations"][0]["params"] == one["best"][0]["params"]
    assert "front" not in one


def test_the_front_is_told_in_words_and_as_a_table(database, capsys):  # noqa: F811
    said = as_json(capsys, *BOTH)["front"]["combinations"]
    lines = spoken(capsys, *BOTH, base=GRID).splitlines()
    (at,) = (k for k, line in enumerate(lines) if f"{len(said)} of 35 are on the front" in line)
    assert "beaten in Sharpe without losing in Max drawdown" in lines[at]
    assert lines[at + 1].split()[:3] == ["fast", "slow", "Sharpe"]
    rows = lines[at + 2 : at + 2 + len(said)]
    assert [line.split()[:2] for line in rows] == [
        [str(row["params"][name]) for name in ("fast", "slow")] for row in said
    ]
    assert "the one with the best Sharpe" in lines[at + 2 + len(said)]


def test_an_option_each_means_the_same_as_a_list(database, capsys):  # noqa: F811
    listed = as_json(capsys, *BOTH)
    each = as_json(capsys, "--objective", "Sharpe", "--objective", "Max drawdown")
    assert each == listed
    assert find_studies(database).total == 1


def test_a_stored_sweep_shows_its_front_by_any_objectives(database, capsys):  # noqa: F811
    stored = as_json(capsys, "--top", "1000")
    names = ["cagr", "volatility", "win_rate"]
    said = as_json(capsys, "--objective", ",".join(names), base=["--resume", "1"])
    assert (said["objective"], said["front"]["objectives"]) == ("sharpe", names)
    frame = pd.DataFrame([row["metrics"] for row in stored["best"]])
    better = {"cagr": "high", "volatility": "low", "win_rate": "high"}
    wanted = {json.dumps(stored["best"][k]["params"]) for k in slow_front(frame, better)}
    assert {json.dumps(row["params"]) for row in said["front"]["combinations"]} == wanted
    assert said["trials"]["total"] == stored["trials"]["total"] == 35  # nothing was tried again


@pytest.mark.parametrize(
    ("own", "which"),
    [([], "the objective"), (["--objective", "sharpe,volatility"], "the first objective")],
)
def test_of_a_front_of_other_metrics_it_is_said_what_is_judged(database, capsys, own, which):  # noqa: F811
    spoken(capsys, *own, base=GRID)
    other = spoken(capsys, "--resume", "1", "--objective", "cagr,max_drawdown", base=[])
    wanted = f"What is judged is the combination with the best Sharpe, {which} of the study."
    assert wanted in other
    assert "the first objective. " not in other
    again = ["--resume", "1", "--objective", "sharpe,volatility"]
    assert (wanted in spoken(capsys, *again, base=[])) == (not own)


def test_the_front_is_tried_on_the_bars_kept_unseen(database, capsys):  # noqa: F811
    said = as_json(capsys, *BOTH, "--holdout", "25")
    bars = load_bars(database, "TEST", "1d")
    for row in said["front"]["combinations"]:
        strategy = load_strategy("ma_cross", **row["params"])
        alone = run_backtest(bars, strategy, start=bars["ts"].iloc[300])
        assert row["unseen"] == alone.metrics


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--objective", "sharpe,sharpe"], "Sharpe is named as an objective twice"),
        (["--objective", ",".join(OBJECTIVES[:4])], "3 objectives are the most"),
        (["--objective", "sharpe,trades"], "neither more nor less of it is better"),
        (["--objective", "sharpe,max_drawdwn"], 'Did you mean "max_drawdown"'),
        (["--objective", "sharpe,"], "use one of"),
        (
            [*BOTH, "--walk-forward", "--train", "6 M", "--test", "3 M"],
            "A walk-forward chooses by one objective",
        ),
    ],
)
def test_objectives_that_make_no_front_are_refused(database, capsys, words, sentence):  # noqa: F811
    assert sentence in refusal(capsys, *words, base=GRID)
    assert find_studies(database).total == 0


def test_a_stored_study_keeps_its_objective(database, capsys):  # noqa: F811
    words = ["--resume", "1", "--objective", "cagr"]
    assert "a study keeps its objective" in refusal(capsys, *words, base=[], status=2)
