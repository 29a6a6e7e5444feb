"""The report of a run without a browser: its address, its trades in columns, its tabs."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk

from components.cards import CARD_GROUPS
from components.report import TAB_CONTENTS
from components.report_head import report_heading
from components.report_parts import colour_of, local_time, signed_text
from components.report_state import read_state
from components.trade_card import card_of
from components.trades import trade_columns
from dashboard.app import create_app
from services.analysis.story import trade_story
from services.backtest import BacktestRequest, run_backtest
from services.ingest import SourceBars, ingest, ingest_sample
from services.look_ahead import LookAhead
from services.metrics import METRIC_SPECS
from services.research import run_request
from strategies.registry import load_strategy

MOST_BYTES = 300_000


@pytest.fixture
def app(workspace):
    """Give a dashboard: small charts name a file of its assets."""
    return create_app(workspace.settings)


@pytest.fixture
def run(workspace, app):
    """Give a saved run of thirteen years, with many trades."""
    ingest_sample(workspace.database, "AAPL")
    return run_request(workspace, BacktestRequest("AAPL", "1d", "macd"), load_strategy("macd"))


@pytest.fixture
def quiet_run(workspace, app):
    """Give a saved run that made no trade."""
    bars = closes(*np.linspace(100, 130, 40).round(2).tolist())
    ingest(workspace.database, "CALM", "1d", SourceBars(bars, range(1, 41), "test"))
    return run_request(workspace, BacktestRequest("CALM", "1d", "rsi"), load_strategy("rsi"))


def text_of(content) -> str:
    return json.dumps(content, default=lambda part: part.to_plotly_json(), ensure_ascii=False)


def test_every_metric_has_one_card():
    names = [name for group in CARD_GROUPS.values() for name in group]
    assert sorted(names) == sorted(METRIC_SPECS)


def test_an_address_is_read_as_it_is_meant():
    state = read_state({"tab": "costs", "trade": "3", "from": "2004-01-01", "log": "1"}, 5)
    assert (state.tab, state.trade, state.complaints) == ("costs", 3, ())
    assert state.view == {"from": "2004-01-01", "log": "1"}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"tab": "trads"}, 'There is no tab "trads". Did you mean "trades"?'),
        ({"trade": "6"}, 'This run has no trade "6".'),
        ({"trade": "0"}, 'This run has no trade "0".'),
        ({"trade": "1e3"}, 'This run has no trade "1e3".'),
        ({"trade": "³"}, 'This run has no trade "³".'),
        ({"tabb": "costs"}, 'The address knows no "tabb". Did you mean "tab"?'),
    ],
)
def test_what_an_address_cannot_mean_falls_back_and_is_named(query, sentence):
    state = read_state(query, 5)
    assert (state.tab, state.trade) == ("overview", None)
    assert state.complaints == (sentence,)


def test_a_long_value_is_named_by_its_beginning():
    (sentence,) = read_state({"tab": "x" * 5000}, 5).complaints
    assert len(sentence) < 100


@pytest.mark.parametrize("name", TAB_CONTENTS)
def test_a_tab_is_small_enough_for_one_answer(run, name):
    assert len(text_of(TAB_CONTENTS[name](run, "UTC"))) < MOST_BYTES


@pytest.mark.parametrize("name", TAB_CONTENTS)
def test_a_run_without_a_trade_has_every_tab(quiet_run, name):
    assert len(quiet_run.result.trades) == 0
    assert TAB_CONTENTS[name](quiet_run, "America/New_York")


def test_the_trades_come_in_columns_of_the_same_numbers(app, run):
    client = app.server.test_client()
    answer = client.get(f"/api/runs/{run.id}/trades").get_json()
    columns, trades = answer["columns"], run.result.trades
    assert answer["is_daily"] is True
    for name in ("entry_price", "profit", "return", "mae", "mfe", "costs"):
        assert columns[name] == pytest.approx(trades[name].tolist(), rel=1e-7), name
    entries = pd.to_datetime(columns["entry"], unit="s", utc=True)
    assert entries.tolist() == trades["entry_time"].tolist()


def test_a_trade_still_open_has_no_exit(run):
    result = run.result
    last = int(result.trades["entry_bar"].iloc[-1]) + 1
    cut = run_backtest(result.bars.iloc[: last + 1], load_strategy("macd"))
    columns = trade_columns(cut)
    assert columns["exit"][-1] is None
    assert columns["exit_price"][-1] is None
    assert "Not sold yet" in text_of(card_of(trade_story(cut, len(cut.trades)), "1d", "UTC"))


def test_times_of_intraday_trades_are_those_of_the_exchange():
    bars = random_walk(600, 3, start="2024-01-02 14:30", resolution="15m")
    result = run_backtest(bars, load_strategy("rsi"))
    utc, there = (trade_columns(result, zone)["entry"] for zone in ("UTC", "America/New_York"))
    assert [a - b for a, b in zip(utc, there, strict=True)] == [5 * 3600] * len(utc)
    assert local_time(bars["ts"][0], "15m", "America/New_York") == "2024-01-02 09:30"
    assert local_time(bars["ts"][0], "1d", "America/New_York") == "2024-01-02"


@pytest.mark.parametrize(
    ("value", "text", "colour"),
    [
        (0.05, "+5.00 %", "up"),
        (-0.05, "\N{MINUS SIGN}5.00 %", "down"),
        (0.0, "0.00 %", ""),
        (None, "n/a", ""),
        (float("nan"), "n/a", ""),
    ],
)
def test_a_gain_is_told_from_a_loss(value, text, colour):
    assert (signed_text("percent", value), colour_of(value)) == (text, colour)


def test_a_strategy_that_looks_ahead_is_named_before_the_numbers(run):
    found = LookAhead("peeks", 10, pd.Timestamp("2024-03-01", tz="UTC"))
    said = text_of(report_heading(replace(run, look_ahead=found)))
    assert "its signal of 2024-03-01" in said
    assert "Look-ahead not checked" not in said
