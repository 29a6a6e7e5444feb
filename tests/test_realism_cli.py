"""The flags of risk and sizing: they reach the run, and nonsense is one line."""

import json

import pytest
from test_cli_backtest import USUAL, database  # noqa: F401  (a fixture)

from scripts.backtest import main
from services.backtest import SimulationSettings, run_backtest
from services.market_data import load_bars
from services.runs import load_run
from strategies.registry import load_strategy

pytestmark = pytest.mark.usefixtures("home")


def test_the_flags_of_risk_and_sizing_reach_the_run(database, capsys):  # noqa: F811
    words = [
        "--side", "both", "--stop-loss", "2%", "--take-profit", "3ATR",
        "--trailing-stop", "4%", "--intrabar", "target_first", "--sizing", "percent:60",
        "--max-exposure", "0.5", "--whole-shares", "--interest", "2", "--borrow", "3",
    ]  # fmt: skip
    assert main([*USUAL, "--json", *words]) == 0
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert "margin calls" in printed.err
    settings = SimulationSettings(
        side="both", stop_loss="2%", take_profit="3ATR", trailing_stop="4%",
        intrabar="target_first", sizing="percent:60", max_exposure=0.5, fractional=False,
        cash_interest=2, borrow_rate=3,
    )  # fmt: skip
    assert load_run(database, said["run_id"]).request.settings == settings
    bars = load_bars(database, "TEST", "1d")
    expected = run_backtest(bars, load_strategy("ma_cross", fast=5, slow=20), settings)
    assert said["metrics"] == expected.metrics
    assert {trade["side"] for trade in said["trades"]} == {"long", "short"}
    assert {"stop", "trailing"} & {trade["exit_reason"] for trade in said["trades"]}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--stop-loss", "five"], "stop_loss must be like 5%"),
        (["--side", "shrt"], 'Did you mean "short"?'),
        (["--sizing", "half"], 'Unknown sizing "half"'),
        (["--max-exposure", "2"], "max_exposure must be between 0.01 and 1"),
    ],
)
def test_nonsense_is_answered_in_one_line(database, capsys, words, sentence):  # noqa: F811
    assert main([*USUAL, *words]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
