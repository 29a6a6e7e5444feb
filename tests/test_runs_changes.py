"""What has become of the bars and the code of a saved run, on both engines."""

from dataclasses import replace

import numpy as np
import pytest
from builders import random_walk

from services.backtest import BacktestRequest
from services.ingest.pipeline import ingest
from services.ingest.source import SourceBars
from services.market_data import load_bars
from services.research import run_request
from services.runs import changes, load_run
from services.runs.changes import Changes, changes_since
from services.series import delete_series
from services.settings import Settings
from services.workspace import Workspace
from strategies.registry import STRATEGIES, load_strategy

BARS = random_walk(500, 3, volume=np.nan)


def store(database, bars):
    ingest(database, "TEST", "1d", SourceBars(bars, np.arange(1, len(bars) + 1), "test"))


def run_of(database, tmp_path, **asked):
    workspace = Workspace(Settings(data_dir=tmp_path), database)
    request = BacktestRequest("TEST", "1d", "macd", **asked)
    return load_run(database, run_request(workspace, request, load_strategy("macd")).id)


def since(database, run, strategy="macd"):
    return changes_since(database, run, STRATEGIES.get(strategy))


def stored_instead(database, bars):
    delete_series(database, "TEST", "1d")
    store(database, bars)


@pytest.mark.parametrize(
    "asked", [{}, {"duration": "3 M"}, {"end": "2024-06-30"}, {"end": "2100-01-01"}], ids=str
)
def test_the_same_bars_stored_again_and_new_ones_after_them_are_no_change(
    database, tmp_path, asked
):
    store(database, BARS.iloc[:400])
    run = run_of(database, tmp_path, **asked)
    assert since(database, run) == Changes(False, False, "")
    stored_instead(database, BARS.iloc[:400])
    assert since(database, run) == Changes(False, False, "")
    store(database, BARS)
    assert since(database, run) == Changes(False, False, "")


def test_indicators_that_were_computed_again_are_no_change(database, tmp_path):
    store(database, BARS)
    run = run_of(database, tmp_path)
    load_bars(database, "TEST", "1d")
    assert since(database, run).bars is False


@pytest.mark.parametrize("column", ["open", "high", "low", "close", "volume"])
def test_a_value_that_changed_is_told_with_its_day(database, tmp_path, column):
    store(database, BARS)
    run = run_of(database, tmp_path)
    at, changed = 250, BARS.copy()
    low = BARS.loc[at, "low"]
    others = {"open": low, "high": BARS.loc[at, "high"] + 1, "low": low - 0.25, "close": low}
    changed.loc[at, column] = others.get(column, 7.0)
    stored_instead(database, changed)
    day = f"{BARS['ts'][at]:%Y-%m-%d}"
    assert since(database, run) == Changes(
        True,
        False,
        f"Data changed since this run (1 bar differs, on {day}): re-run and compare.",
    )


def test_bars_that_came_or_went_are_counted_as_differing(database, tmp_path):
    store(database, BARS.drop(index=[100, 101]).reset_index(drop=True))
    run = run_of(database, tmp_path)
    stored_instead(database, BARS.drop(index=[300]).reset_index(drop=True))
    day = f"{BARS['ts'][100]:%Y-%m-%d}"
    assert f"3 bars differ, the first on {day}" in since(database, run).text


def test_history_before_the_span_counts_too(database, tmp_path):
    store(database, BARS)
    run = run_of(database, tmp_path, duration="1 M")
    stored_instead(database, BARS.iloc[1:].reset_index(drop=True))
    told = since(database, run)
    assert told.bars
    assert "before its first one" in told.text


def test_data_and_code_that_both_changed_are_one_sentence(database, tmp_path):
    store(database, BARS)
    run = run_of(database, tmp_path)
    stored_instead(database, BARS.iloc[1:].reset_index(drop=True))
    text = since(database, run, "rsi").text
    assert text.startswith("Data (1 bar differs, on 2024-01-01) and the strategy's code changed")
    assert text.endswith("re-run and compare.")
    assert text.count(".") == 1


def test_what_is_gone_cannot_be_compared_and_is_told(database, tmp_path):
    store(database, BARS)
    run = run_of(database, tmp_path)
    delete_series(database, "TEST", "1d")
    assert since(database, run) == Changes(
        None, False, "No longer there: the 1d bars of TEST. The run is shown as it was saved."
    )
    assert since(database, run, "gone").code is None


def test_other_definitions_and_another_program_are_told(database, tmp_path, monkeypatch):
    store(database, BARS)
    run = run_of(database, tmp_path)
    monkeypatch.setattr(changes, "VERSION", "99.0")
    assert "this is 99.0" in since(database, run).text
    monkeypatch.setattr(changes, "METRICS_VERSION", 99)
    assert "computed in another way" in since(database, run).text


def test_a_run_that_was_not_saved_has_nothing_to_be_held_against(database, tmp_path):
    store(database, BARS)
    run = replace(run_of(database, tmp_path), manifest=None)
    assert since(database, run) == Changes(None, None, "")


def test_intraday_bars_are_compared_to_the_last_one(database, tmp_path):
    bars = random_walk(300, 4, resolution="5m")
    ingest(database, "TEST", "5m", SourceBars(bars, np.arange(1, 301), "test"))
    workspace = Workspace(Settings(data_dir=tmp_path), database)
    request = BacktestRequest("TEST", "5m", "rsi")
    run = load_run(database, run_request(workspace, request, load_strategy("rsi")).id)
    assert changes_since(database, run, STRATEGIES["rsi"]).text == ""
    changed = bars.copy()
    changed.loc[299, "high"] += 1.0
    delete_series(database, "TEST", "5m")
    ingest(database, "TEST", "5m", SourceBars(changed, np.arange(1, 301), "test"))
    assert changes_since(database, run, STRATEGIES["rsi"]).bars
