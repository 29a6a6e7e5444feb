"""The flags of risk and sizing: they reach the run, and nonsense is one line."""

import json

import numpy as np
import pandas as pd
import pytest
from test_cli_backtest import USUAL, database  # noqa: F401  (a fixture)

from scripts.backtest import main
from services.backtest import SimulationSettings, run_backtest
from services.ingest.pipeline import ingest
from services.ingest.source import SourceBars
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


def test_finer_bars_are_named_in_the_run_and_refused_where_there_are_none(
    database,  # noqa: F811
    capsys,
):
    words = [*USUAL, "--json", "--stop-loss", "2%", "--intrabar"]
    assert main([*words, "finer_bars"]) == 1
    assert "No bars finer than 1d of TEST are stored" in capsys.readouterr().err
    bars = load_bars(database, "TEST", "1d", with_indicators=False)
    bars = bars.assign(ts=bars["ts"] + pd.Timedelta(hours=15)).iloc[:-40]
    ingest(database, "TEST", "1h", SourceBars(bars, np.arange(1, len(bars) + 1), "test"))
    assert main([*words, "finer_bars"]) == 0
    printed = capsys.readouterr()
    assert "FINER BARS: of" in printed.err
    run = load_run(database, json.loads(printed.out)["run_id"])
    assert run.request.settings.intrabar == "finer_bars:1h"
    assert main([*words, "finer_bars:1w"]) == 1
    assert "intrabar must be one of stop_first, target_first, finer_bars" in capsys.readouterr().err
