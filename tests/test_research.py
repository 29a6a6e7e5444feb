"""From a request to a saved run: which bars are tested, and what is said about them."""

import inspect
from datetime import date
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from builders import random_walk
from sqlalchemy import update

from components.report import report_values
from db.models import SymbolEvent
from pages.shown_run import shown
from services.backtest import BacktestRequest, SimulationSettings
from services.bars import PRICE_COLUMNS
from services.errors import InvalidParams, InvalidSignals, NoBars, RuleFailed, UnknownSymbol
from services.ingest.pipeline import ingest
from services.ingest.source import SourceBars
from services.instruments import add_instrument
from services.research import run_request
from services.runs import load_run
from services.series import delete_series
from services.settings import Settings
from services.workspace import Workspace
from strategies.base import Strategy
from strategies.registry import load_strategy

DAILY, MINUTES = random_walk(500, 3), random_walk(900, 4, resolution="5m")


def store(database, symbol, bars, resolution="1d"):
    ingest(database, symbol, resolution, SourceBars(bars, np.arange(1, len(bars) + 1), "test"))


@pytest.fixture
def research(database, tmp_path):
    """Give a workspace with TEST: 500 days from 2024-01-01 on, and three days of 5 minutes."""
    store(database, "TEST", DAILY)
    store(database, "TEST", MINUTES, "5m")
    return Workspace(Settings(data_dir=tmp_path), database)


def run(workspace, symbol="TEST", resolution="1d", strategy="ma_cross", params=None, **asked):
    request = BacktestRequest(symbol, resolution, strategy, **asked)
    return run_request(workspace, request, load_strategy(strategy, **(params or {})), save=False)


def span(result) -> tuple[str, str, int]:
    return f"{result.start:%Y-%m-%d}", f"{result.end:%Y-%m-%d}", len(result.bars)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ("2024-01-01", "2025-05-14", 500)),
        ({"duration": "1 Y"}, ("2024-05-14", "2025-05-14", 366)),
        ({"duration": "1 M"}, ("2025-04-14", "2025-05-14", 31)),
        ({"duration": "2 W"}, ("2025-04-30", "2025-05-14", 15)),
        ({"duration": "10 D"}, ("2025-05-04", "2025-05-14", 11)),
        ({"duration": "86400 S"}, ("2025-05-13", "2025-05-14", 2)),
        ({"duration": "99 Y"}, ("2024-01-01", "2025-05-14", 500)),
        ({"start": "2025-05-01"}, ("2025-05-01", "2025-05-14", 14)),
        ({"end": "2024-01-31"}, ("2024-01-01", "2024-01-31", 31)),
        ({"start": "2024-02-01", "end": "2024-02-29"}, ("2024-02-01", "2024-02-29", 29)),
        ({"start": "2024-02-01", "end": "2024-02-01"}, ("2024-02-01", "2024-02-01", 1)),
        ({"start": "1900-01-01", "end": "2100-01-01"}, ("2024-01-01", "2025-05-14", 500)),
        ({"start": "0001-01-01", "end": "9999-12-31"}, ("2024-01-01", "2025-05-14", 500)),
    ],
)
def test_the_span_is_counted_from_the_last_bar_or_has_both_its_dates(research, asked, expected):
    assert span(run(research, **asked).result) == expected


@pytest.mark.parametrize("strategy", ["ma_cross", "db_ma_cross", "macd", "supertrend"])
def test_the_first_bar_of_a_slice_has_its_averages(research, strategy):
    whole = run(research, strategy=strategy).result
    slice_ = run(research, strategy=strategy, start="2024-08-01").result
    assert any(np.isfinite(line.values[0]) for line in slice_.lines)
    for line, part in zip(whole.lines, slice_.lines, strict=True):
        tail = line.values[-len(slice_.bars) :]
        np.testing.assert_allclose(part.values, tail, rtol=1e-12)
    np.testing.assert_array_equal(slice_.signals, whole.signals[-len(slice_.bars) :])


def test_bars_after_the_end_change_nothing(research):
    early = run(research, end="2024-08-31").result
    whole = run(research).result
    count = len(early.bars)
    np.testing.assert_array_equal(early.signals, whole.signals[:count])
    np.testing.assert_array_equal(early.equity, whole.equity[:count])


def test_an_end_date_is_that_whole_day_on_intraday_bars(research):
    result = run(research, resolution="5m", start="2024-01-02", end="2024-01-02").result
    assert result.start == pd.Timestamp("2024-01-02 00:00Z")
    assert result.end == pd.Timestamp("2024-01-02 23:55Z")
    assert len(result.bars) == 288


def test_an_end_with_a_time_is_that_bar(research):
    result = run(research, resolution="5m", end="2024-01-02 12:00").result
    assert result.end == pd.Timestamp("2024-01-02 12:00Z")


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        ({"symbol": "TSET"}, UnknownSymbol, 'No symbol "TSET" is stored. Did you mean "TEST"?'),
        ({"symbol": "<b>"}, InvalidParams, '"<B>" is not a symbol'),
        ({"symbol": "A'; DROP TABLE x"}, InvalidParams, "is not a symbol"),
        ({"symbol": "BARE"}, NoBars, "No 1d bars of BARE are stored"),
        ({"resolution": "1h"}, NoBars, r"No 1h bars of TEST are stored \(there are 5m, 1d\)"),
        ({"start": "2026-01-01"}, NoBars, "No bars lie in that span: those at hand run from 2024"),
        ({"end": "2023-12-31"}, NoBars, "No bars lie in that span"),
    ],
)
def test_what_cannot_be_tested_is_said_with_the_remedy(research, asked, error, sentence):
    add_instrument(research.database, "BARE")
    with pytest.raises(error, match=sentence):
        run(research, **asked)


def test_a_run_has_all_parameters_and_the_name_in_capitals(research):
    made = run(research, symbol="test", params={"fast": "7"})
    assert made.request.params == {"fast": 7, "slow": 50}
    assert made.request.symbol == "TEST"
    assert made.result.strategy.params == {"fast": 7, "slow": 50}


def test_a_saved_run_is_at_hand_and_in_the_database(research):
    request = BacktestRequest("TEST", "1d", "rsi", settings=SimulationSettings(cash=5000))
    made = run_request(research, request, load_strategy("rsi"))
    assert research.recent_runs.get(research.database, made.id) is made
    assert load_run(research.database, made.id).result.metrics == made.result.metrics


def test_a_run_that_is_not_saved_has_no_number(research):
    assert run(research).id is None


def test_new_bars_after_the_end_make_no_other_run_and_new_ones_before_it_do(research):
    def number(**asked):
        request = BacktestRequest("TEST", "1d", "rsi", **asked)
        return run_request(research, request, load_strategy("rsi")).id

    closed, open_end = number(end="2024-12-31"), number()
    store(research.database, "TEST", random_walk(510, 3))
    assert number(end="2024-12-31") == closed
    assert number() != open_end
    changed = DAILY.copy()
    changed.loc[10, "close"] = changed.loc[10, "open"]
    store(research.database, "TEST", changed)
    assert number(end="2024-12-31") != closed


def test_intraday_metrics_end_a_day_where_the_exchange_does(database, tmp_path):
    workspace = Workspace(Settings(data_dir=tmp_path), database)
    for symbol, zone in (("UTCX", "UTC"), ("TOKY", "Asia/Tokyo")):
        store(database, symbol, MINUTES, "5m")
        add_instrument(database, symbol, timezone=zone)
    here, there = (
        run(workspace, symbol=s, resolution="5m", params={"fast": 5, "slow": 20}).result
        for s in ("UTCX", "TOKY")
    )
    np.testing.assert_array_equal(here.equity, there.equity)
    assert here.metrics["total_return"] == there.metrics["total_return"]
    assert here.metrics["volatility"] != there.metrics["volatility"]


SPLITS = ("2024-06-10", "2024-09-02")


@pytest.fixture
def split(research):
    """Give the workspace with splits of TEST on two days that its bars show, and other events."""
    store(research.database, "TEST", halved(DAILY, SPLITS))
    add_instrument(research.database, "OTHER")
    events = [
        ("TEST", SPLITS[0], "split"),
        ("TEST", SPLITS[1], "split"),
        ("TEST", "2024-03-01", "dividend"),
        ("OTHER", "2024-04-01", "split"),
    ]
    with research.database.writing() as session:
        session.add_all(
            SymbolEvent(symbol=symbol, date=date.fromisoformat(day), event_type=kind, value=2.0)
            for symbol, day, kind in events
        )
    return research


def halved(bars, days):
    """Return bars whose prices are halved from each of the days on."""
    bars = bars.copy()
    for day in days:
        bars.loc[bars["ts"] >= pd.Timestamp(day, tz="UTC"), PRICE_COLUMNS] /= 2
    return bars


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2024-01-01", "2025-01-01", ["2024-06-10", "2024-09-02"]),
        ("2024-01-01", "2024-06-10", ["2024-06-10"]),
        ("2024-06-09", "2024-06-10", ["2024-06-10"]),
        ("2024-01-01", "2024-06-09", []),
        ("2024-06-10", "2024-09-01", []),
        ("2024-06-10", "2024-09-02", ["2024-09-02"]),
        ("2024-09-02", "2025-01-01", []),
    ],
)
def test_a_split_that_the_bars_show_inside_the_span_is_a_caution(split, start, end, days):
    cautions = run(split, start=start, end=end).cautions
    assert len(cautions) == bool(days)
    for sentence in cautions:
        assert [day for day in ("2024-06-10", "2024-09-02") if day in sentence] == days
        assert "not adjusted" in sentence
        assert ("splits" in sentence) == (len(days) > 1)


def test_bars_that_were_adjusted_since_have_no_caution(split):
    store(split.database, "TEST", DAILY)
    assert run(split).cautions == ()


def test_a_split_that_is_listed_the_wrong_way_round_is_a_caution_too(split):
    with split.database.writing() as session:
        session.execute(update(SymbolEvent).values(value=0.5))
    assert len(run(split).cautions) == 1


def test_a_caution_is_kept_with_the_saved_run(split):
    made = run_request(split, BacktestRequest("TEST", "1d", "rsi"), load_strategy("rsi"))
    assert len(made.cautions) == 1
    assert load_run(split.database, made.id).cautions == made.cautions


@pytest.mark.parametrize(
    ("source", "adjustment", "note"),
    [
        ("csv", "raw", "bars from a file, not adjusted"),
        ("csv", None, "bars from a file, adjustment unknown"),
        ("ibkr", "split", "bars from Interactive Brokers, adjusted for splits"),
        ("sample", "full", "sample bars, adjusted for splits and dividends"),
    ],
)
def test_a_run_says_what_its_bars_are_and_remembers_it(
    database, tmp_path, source, adjustment, note
):
    given = SourceBars(DAILY, np.arange(1, len(DAILY) + 1), "test")
    ingest(database, "TEST", "1d", given, origin=source, adjustment=adjustment)
    workspace = Workspace(Settings(data_dir=tmp_path), database)
    request = BacktestRequest("TEST", "1d", "rsi")
    saved = run_request(workspace, request, load_strategy("rsi"))
    assert saved.bars_note == note
    assert load_run(database, saved.id).bars_note == note
    values = report_values(shown(workspace, saved))
    assert values[3]["note"] == note
    assert note in str(values[1])


def test_the_same_bars_under_another_label_are_another_run(database, tmp_path):
    given = SourceBars(DAILY, np.arange(1, len(DAILY) + 1), "test")
    workspace = Workspace(Settings(data_dir=tmp_path), database)
    request = BacktestRequest("TEST", "1d", "rsi")
    numbers = []
    for adjustment in ("raw", "split", "split"):
        delete_series(database, "TEST", "1d")
        ingest(database, "TEST", "1d", given, adjustment=adjustment)
        numbers.append(run_request(workspace, request, load_strategy("rsi")).id)
    assert numbers[0] != numbers[1] == numbers[2]


class Broken(Strategy):
    """Asks for what is not there."""

    name = "broken"

    def on_bar(self, i, row, df):
        return {"BUY": "BUY"}["SEL"] if i == 3 else None


def run_rule(workspace, rule):
    return run_request(workspace, BacktestRequest("TEST", "1d", rule.name), rule, save=False)


def test_an_error_in_a_rule_names_its_line_and_is_logged(research, caplog):
    line = inspect.getsourcelines(Broken.on_bar)[1] + 1
    with pytest.raises(RuleFailed) as caught:
        run_rule(research, Broken())
    assert str(caught.value) == (
        f"broken failed in line {line} of test_research.py with KeyError: 'SEL': mend the rule and "
        "run it again, the log has the traceback."
    )
    assert "Traceback" in caplog.text


def test_an_error_of_our_own_is_not_taken_for_the_rules(research, monkeypatch):
    monkeypatch.setattr("services.research.run_backtest", Mock(side_effect=ZeroDivisionError))
    with pytest.raises(ZeroDivisionError):
        run_rule(research, Broken())


def test_a_rule_that_answers_nonsense_is_told_as_before(research):
    class Nonsense(Broken):
        def on_bar(self, i, row, df):
            return "MAYBE"

    with pytest.raises(InvalidSignals):
        run_rule(research, Nonsense())
