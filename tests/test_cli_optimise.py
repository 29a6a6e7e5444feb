"""The command optimise, as a user or a script types it."""

import json
import shlex

import numpy as np
import pytest
from builders import random_walk

from scripts import optimise
from services.backtest import run_backtest
from services.ingest.store import store_bars
from services.market_data import load_bars
from services.parameters import Parameters, param
from services.settings import load_settings
from services.studies import find_studies, find_study
from services.studies import prepare as preparing
from services.studies import work as working
from services.workspace import open_workspace
from strategies.base import Strategy
from strategies.registry import STRATEGIES, load_strategy

USUAL = ["-s", "TEST", "--strategy", "ma_cross", "--grid", "fast=5:15:5", "slow=12,20"]

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def database(home, migrated_sqlite):
    (home / "data").mkdir()
    (home / "data" / "research.db").write_bytes(migrated_sqlite.read_bytes())
    database = open_workspace(load_settings()).database
    store_bars(database, "TEST", "1d", random_walk(400, 5))
    yield database
    database.close()


def spoken(capsys, *words, base=USUAL) -> str:
    status = optimise.main([*base, *words])
    printed = capsys.readouterr()
    assert (status, printed.err) == (0, "")
    return printed.out


def refusal(capsys, *words, base=USUAL, status=1) -> str:
    try:
        answer = optimise.main([*base, *words])
    except SystemExit as ended:
        answer = ended.code
    printed = capsys.readouterr()
    assert (answer, printed.out, printed.err.count("\n")) == (status, "", 1)
    return printed.err


def test_a_parameter_given_twice_in_one_grid_is_refused(database, capsys):
    said = refusal(capsys, "--grid", "fast=5", "fast=6", "slow=20")
    assert '"fast" is given twice' in said
    later = json.loads(spoken(capsys, "--grid", "fast=6", "--json"))
    assert {row["params"]["fast"] for row in later["best"]} == {6}


def test_the_best_is_that_of_single_backtests(database, capsys):
    said = json.loads(spoken(capsys, "--json"))
    assert (said["combinations"], said["dropped"], said["failed"]) == (5, 1, 0)
    assert len(said["best"]) == 5
    bars = load_bars(database, "TEST", "1d")
    for row in said["best"]:
        assert (
            row["metrics"] == run_backtest(bars, load_strategy("ma_cross", **row["params"])).metrics
        )
    sharpes = [row["metrics"]["sharpe"] for row in said["best"]]
    assert sharpes == sorted(sharpes, reverse=True)


EXAMPLES = optimise.EPILOG.replace("\\\n", " ").splitlines()[1:-2]  # without --resume and --list


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_help_work_as_written(database, capsys, example):
    store_bars(database, "MSFT", "1d", random_walk(1000, 5))
    words = shlex.split(example.partition("scripts.optimise ")[2])
    assert json.loads(spoken(capsys, "--samples", "8", "--json", base=words))["combinations"] > 0


def test_a_rule_without_parameters_is_one_combination(database, capsys):
    out = spoken(capsys, base=["-s", "TEST", "--strategy", "db_ma_cross"])
    assert out.startswith("TEST 1d db_ma_cross: 1 combination, 400 bars, ")
    assert "\n1 combination tried, 0 dropped" in out


@pytest.mark.parametrize("method", [(), ("--method", "search", "--samples", "5")])
def test_whole_numbers_are_written_as_such(database, capsys, method):
    said = json.loads(spoken(capsys, *method, "--holdout", "20", "--json"))
    for row in (*said["best"], *said["unseen"]["best"]):
        assert {type(v) for v in row["params"].values()} == {int}
        assert type(row["metrics"]["trades"]) is int


def test_on_a_random_walk_there_is_no_evidence_of_skill(database, capsys):
    said = json.loads(spoken(capsys, "--json"))
    assert said["verdict"]["level"] == "no evidence"
    assert said["deflated_sharpe"]["trials"] == said["trials"]["total"] == 5
    assert "no evidence of skill" in spoken(capsys)


def test_the_same_again_is_the_same_study_and_no_more_trials(database, capsys):
    first = json.loads(spoken(capsys, "--json"))
    assert json.loads(spoken(capsys, "--json")) == first
    assert len(find_studies(database).rows) == 1
    other = json.loads(spoken(capsys, "--json", "--slippage", "2"))
    assert other["trials"]["total"] == 10


def test_what_is_not_saved_is_not_there(database, capsys):
    said = json.loads(spoken(capsys, "--json", "--no-save"))
    assert (said["study_id"], said["combinations"], said["trials"]["total"]) == (None, 5, 0)
    assert find_studies(database).rows == []


def test_count_and_time_are_told_before_the_table(database, capsys):
    out = spoken(capsys, "--top", "2").splitlines()
    assert out[0] == (
        "TEST 1d ma_cross: 5 combinations (1 more are not valid) of fast 5,10,15, slow 12,20, "
        "400 bars, under a second"
    )
    assert out[3].split()[:3] == ["fast", "slow", "Sharpe"]
    assert len(out[4 : out.index("", 4)]) == 2


@pytest.mark.parametrize("method", ["random", "sobol", "search"])
def test_combinations_are_drawn_from_ranges(database, capsys, method):
    base = [*USUAL[:4], "--grid", "fast=2:30", "slow=31:90", "--method", method, "--samples", "8"]
    said = json.loads(spoken(capsys, "--json", base=base))
    assert (said["combinations"], said["method"]) == (8, method)
    assert json.loads(spoken(capsys, "--json", base=base))["best"] == said["best"]


def test_the_best_are_tried_on_the_bars_kept_unseen(database, capsys):
    said = json.loads(spoken(capsys, "--holdout", "25", "--json"))
    bars = load_bars(database, "TEST", "1d")
    unseen = said["unseen"]
    assert (said["bars"], unseen["start"]) == (300, f"{bars['ts'].iloc[300]:%Y-%m-%d}")
    assert (unseen["tried"], len(unseen["best"])) == (5, 5)
    for row, promised in zip(unseen["best"], said["best"], strict=True):
        strategy = load_strategy("ma_cross", **row["params"])
        alone = run_backtest(bars, strategy, start=bars["ts"].iloc[300])
        assert (row["params"], row["metrics"]) == (promised["params"], alone.metrics)
    text = spoken(capsys, "--holdout", "25")
    best, after = (rows[0]["metrics"]["sharpe"] for rows in (said["best"], unseen["best"]))
    assert "On the bars kept unseen (" in text
    assert f"Sharpe {after:.2f} after {best:.2f} in-sample for the best" in text.replace("−", "-")


def test_a_walk_forward_shows_its_windows(database, capsys):
    words = ["--walk-forward", "--train", "6 M", "--test", "3 M"]
    said = json.loads(spoken(capsys, "--json", *words))
    windows = said["walk_forward"]["windows"]
    assert len(windows) >= 2
    assert said["combinations"] == 5 * len(windows)
    assert windows[0]["test_start"][:10] in spoken(capsys, *words)


def interrupt_after_a_chunk(monkeypatch):
    add, calls = working.add_chunk, []

    def add_one(*args, **how):
        if calls:
            raise KeyboardInterrupt
        calls.append(args)
        return add(*args, **how)

    monkeypatch.setattr(working, "add_chunk", add_one)


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(database, capsys, monkeypatch):
    monkeypatch.setattr(preparing, "_MOST_ROWS", 2)
    with monkeypatch.context() as during:
        interrupt_after_a_chunk(during)
        assert optimise.main(USUAL) == 130
    assert capsys.readouterr().err == (
        "Stopped: 2 of 5 combinations are kept. Go on with: python -m scripts.optimise --resume 1\n"
    )
    assert find_study(database, 1).state == "cancelled"
    said = json.loads(spoken(capsys, "--json", base=["--resume", "1"]))
    assert (said["combinations"], said["study_id"]) == (5, 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--grid", "fats=1"], 'Did you mean "fast"'),
        (["--grid", "fast=x"], "must be a whole number"),
        (["--grid", "fast="], "fast: give at least one value"),
        (["--grid", "fast=50", "slow=20"], "fast must be below slow"),
        (["--objective", "sharp"], 'Did you mean "sharpe"'),
        (["--walk-forward"], "needs the lengths"),
        (["--resume", "77"], 'There is no study "77"'),
    ],
)
def test_a_mistake_is_one_sentence(database, capsys, words, sentence):
    assert sentence in refusal(capsys, *words)
    assert find_studies(database).rows == []


def test_too_many_combinations_are_refused_with_the_count_and_a_sample_offered(capsys, monkeypatch):
    monkeypatch.setattr("services.optimise.grid_text.MOST_VALUES", 10**7)
    grid = ["--grid", "fast=1:1000000", "slow=1:1000000"]
    line = refusal(capsys, base=[*USUAL[:4], *grid])
    assert "1,000,000,000,000 combinations are too many" in line
    assert "--method sobol --samples" in line


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--strategy", "rsi"], "--symbol is needed"),
        ([*USUAL[:4], "--top", "0"], "--top is too small"),
        ([*USUAL[:4], "--train", "2 Y"], "need --walk-forward"),
        ([*USUAL[:4], "--method", "sobol", "--walk-forward"], "leave --method out"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(capsys, words, sentence):
    assert sentence in refusal(capsys, *words, base=[], status=2)


def test_json_has_no_number_that_is_none(database, capsys):
    assert "NaN" not in spoken(capsys, "--json")
    assert np.isfinite(json.loads(spoken(capsys, "--json"))["deflated_sharpe"]["dsr"])


def test_saved_studies_are_listed_the_latest_first(database, capsys):
    assert spoken(capsys, base=["--list"]) == "No study is saved yet.\n"
    spoken(capsys)
    spoken(capsys, "--objective", "volatility")
    lines = spoken(capsys, base=["--list"]).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["2", "1"]
    assert "TEST 1d ma_cross: all combinations" in lines[1]
    assert "5 of 5" in lines[1]
    said = json.loads(spoken(capsys, base=["--list", "--json", "-s", "TEST", "--top", "1"]))
    (record,) = said["studies"]
    assert (said["total"], record["study_id"], record["done"]) == (2, 2, 5)
    assert (record["method"], record["objective"], record["state"]) == (
        "grid",
        "volatility",
        "done",
    )
    best = json.loads(spoken(capsys, "--json", base=["--resume", "2"]))["best"][0]
    assert record["best"] == best["metrics"]["volatility"]
    assert "1 more: show them with --top 2." in spoken(capsys, base=["--list", "--top", "1"])
    assert spoken(capsys, base=["--list", "-s", "OTHER"]) == "There are no such studies.\n"


def test_a_walk_forward_says_how_many_windows_it_tries(database, capsys):
    said = spoken(capsys, "--walk-forward", "--train", "6 M", "--test", "3 M")
    assert "5 combinations (1 more are not valid) of fast 5,10,15, slow 12,20 in each of 2" in said


class Fragile(Strategy):
    """Cannot bear one bar among the last of those it is shown."""

    name = "fragile"
    bad = None

    class Params(Parameters):
        every: int = param(4, "bars between two orders", ge=2, le=20)

    def signals(self, df):
        if (df["ts"].tail(40) == self.bad).any():
            raise ZeroDivisionError("division by nothing")
        return np.where(np.arange(len(df)) // self.params.every % 2, -1, 1).astype(np.int8)


def test_a_walk_forward_tells_of_windows_in_which_the_rule_fails(database, capsys, monkeypatch):
    monkeypatch.setitem(STRATEGIES, "fragile", Fragile)
    monkeypatch.setattr(Fragile, "bad", load_bars(database, "TEST", "1d")["ts"].iloc[230])
    asked = ["-s", "TEST", "--strategy", "fragile", "--grid", "every=3,5"]
    asked += ["--walk-forward", "--train", "4 M", "--test", "2 M"]
    shown = spoken(capsys, base=asked)
    [failed] = [line for line in shown.splitlines() if "(failed: ZeroDivisionError" in line
                and "every" in line]  # fmt: skip
    assert "n/a" in failed
    assert "what it would have gained or lost there is not known" in shown
    said = json.loads(spoken(capsys, "--json", base=asked))
    windows = said["walk_forward"]["windows"]
    [window] = [w for w in windows if w["error"] and w["params"]]
    assert window["error"] == "ZeroDivisionError: division by nothing"
    assert (window["profit"], window["out_of_sample"]) == (None, None)
    assert said["tests"]["failed"] == 1


def test_json_has_the_same_names_whether_or_not_there_is_evidence(database, capsys):
    whole = json.loads(spoken(capsys, "--json"))
    rare = json.loads(spoken(capsys, "--json", "--minimum-trades", "900"))
    assert (rare["verdict"], rare["deflated_sharpe"], rare["stress"]) == (None, None, None)
    assert set(rare) == set(whole)


def test_a_study_that_is_shown_again_tells_of_unseen_bars_as_a_first_run_does(database, capsys):
    first = spoken(capsys, "--holdout", "20")
    [line] = [line for line in first.splitlines() if line.startswith("On the bars kept unseen")]
    again = spoken(capsys, "--resume", "1", base=[])
    assert line in again.splitlines()
    table = first[first.index("\n\n") :]
    assert again.strip() == table.strip()
    said = json.loads(spoken(capsys, "--holdout", "20", "--json"))
    assert json.loads(spoken(capsys, "--resume", "1", "--json", base=[])) == said
    assert len(said["unseen"]["best"]) == 5


def test_a_stopped_study_tells_of_unseen_bars_when_it_has_gone_on(database, capsys, monkeypatch):
    whole = json.loads(spoken(capsys, "--holdout", "20", "--json", "--no-save"))
    monkeypatch.setattr(preparing, "_MOST_ROWS", 2)
    with monkeypatch.context() as during:
        interrupt_after_a_chunk(during)
        optimise.main([*USUAL, "--holdout", "20"])
    capsys.readouterr()
    gone_on = json.loads(spoken(capsys, "--resume", "1", "--json", base=[]))
    assert gone_on["unseen"] == whole["unseen"]
    assert gone_on["best"] == whole["best"]
