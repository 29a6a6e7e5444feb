"""Bar replay: at every bar what was known then, against a slow walk with a simulator of its own."""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from builders import closes, random_walk
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import Scripted
from slow_simulator import slow_simulation

from dashboard.app import create_app
from services.backtest import BacktestRequest, BacktestResult, SimulationSettings, run_backtest
from services.errors import InvalidParams
from services.ingest import SourceBars, ingest
from services.replay import LAST_TRADES, jump_from, replay_state
from services.research import run_request
from strategies.registry import load_strategy

FILLS = ("next_open", "close")


def run_of(bars, signals, fill="next_open", commission="ibkr_fixed", slippage=5.0):
    return run_backtest(
        bars,
        Scripted(signals),
        SimulationSettings(commission=commission, slippage_bps=slippage, fill=fill),
    )


def cut(result: BacktestResult, at: int, fill: str) -> BacktestResult:
    """Run the backtest again as if there were no bar after `at`."""
    bars = result.bars.iloc[: at + 1].reset_index(drop=True)
    return run_of(bars, result.signals[: at + 1], fill, result.settings.commission)


signals_of_60 = st.lists(st.sampled_from([-1, 0, 0, 1]), min_size=60, max_size=60)


@settings(deadline=None, max_examples=60)
@given(signals_of_60, st.integers(0, 59), st.sampled_from(FILLS), st.integers(0, 5))
def test_a_bar_shows_what_the_run_would_be_if_no_later_bar_existed(signals, at, fill, seed):
    result = run_of(random_walk(60, seed), signals, fill)
    state, then = replay_state(result, at), cut(result, at, fill)
    assert state.equity == result.equity.iloc[at] == pytest.approx(then.equity.iloc[-1])
    assert state.fraction == pytest.approx(then.metrics["total_return"])
    assert state.benchmark_fraction == pytest.approx(then.benchmark_metrics["total_return"])
    assert state.position == then.position[-1]
    assert state.closed == then.metrics["trades"]
    assert state.won == int((then.trades["profit"][then.trades["exit_bar"] >= 0] > 0).sum())
    assert_same_trades(state, then.trades)


def assert_same_trades(state, table):
    shown = table[table["exit_bar"] >= 0].iloc[::-1].head(LAST_TRADES)
    assert [t.number for t in state.trades] == [n + 1 for n in shown.index]
    assert [t.profit for t in state.trades] == pytest.approx(shown["profit"].tolist())
    assert [t.exit_bar for t in state.trades] == shown["exit_bar"].tolist()
    still = table[table["exit_bar"] < 0]
    assert (state.open_trade is None) == (len(still) == 0)
    if state.open_trade:
        trade = still.iloc[0]
        assert state.open_trade.profit == pytest.approx(trade["profit"])
        assert state.open_trade.fraction == pytest.approx(trade["return"])
        assert state.quantity == state.open_trade.quantity == pytest.approx(trade["quantity"])


@settings(deadline=None, max_examples=40)
@given(signals_of_60, st.sampled_from(FILLS))
def test_every_bar_equals_a_slow_walk_through_the_run(signals, fill):
    bars = random_walk(60, 3)
    result = run_of(bars, signals, fill)
    equity, position, trades = slow_simulation(
        bars, signals, cash=100_000.0, commission="ibkr_fixed", slippage_bps=5.0, fill=fill
    )
    for at in range(60):
        state = replay_state(result, at)
        assert state.equity == pytest.approx(equity[at])
        assert state.position == position[at]
        done = [t for t in trades if 0 <= t["exit_bar"] <= at]
        held = [t for t in trades if t["entry_bar"] <= at and not 0 <= t["exit_bar"] <= at]
        assert state.closed == len(done)
        assert [t.profit for t in state.trades] == pytest.approx(
            [t["gain"] for t in done[::-1][:LAST_TRADES]]
        )
        assert bool(state.open_trade) == bool(held)
        if held:
            worth = held[0]["shares"] * bars["close"][at] - held[0]["spent"]
            assert state.open_trade.profit == pytest.approx(worth, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(signals_of_60, st.integers(0, 58), st.sampled_from(FILLS), st.randoms())
def test_what_comes_later_changes_nothing(signals, at, fill, random):
    other = signals[: at + 1] + [random.choice([-1, 0, 1]) for _ in range(59 - at)]
    bars = random_walk(60, 1)
    twin = bars.copy()
    twin.loc[at + 1 :, ["open", "high", "low", "close"]] *= 1.5
    known = asdict(replay_state(run_of(bars, signals, fill), at))
    assert known == asdict(replay_state(run_of(twin, other, fill), at))


def test_a_signal_is_told_a_bar_before_its_fill():
    result = run_of(closes(10, 11, 12, 13, 14), [0, 1, 1, -1, -1])
    said = [(s.signal, s.fill, s.position) for s in (replay_state(result, i) for i in range(5))]
    assert said == [
        ("", "", 0),
        ("BUY, fills at the next open", "", 0),
        ("BUY, already long", "bought at the open", 1),
        ("SELL, fills at the next open", "", 1),
        ("SELL, nothing to sell", "sold at the open", 0),
    ]


def test_a_fill_at_the_close_is_told_at_its_own_bar():
    result = run_of(closes(10, 11, 12), [1, 0, -1], fill="close")
    said = [(s.signal, s.fill) for s in (replay_state(result, i) for i in range(3))]
    assert said == [("BUY", "bought at the close"), ("", ""), ("SELL", "sold at the close")]


def test_jumps_lead_to_the_first_signal_and_from_entry_to_entry():
    result = run_of(closes(*range(10, 22)), [-1, 0, 1, 0, -1, 0, 0, 1, 0, -1, 0, 0])
    assert jump_from(result, 9, "start") == 2
    assert [jump_from(result, at, "next") for at in (0, 2, 3, 7, 8, 11)] == [3, 3, 8, 8, 8, 11]
    assert [jump_from(result, at, "previous") for at in (0, 3, 4, 8, 11)] == [0, 3, 3, 3, 8]
    assert jump_from(run_of(closes(10, 11), [0, 0]), 1, "start") == 1
    with pytest.raises(InvalidParams, match='Did you mean "next"'):
        jump_from(result, 0, "nxt")


@pytest.mark.parametrize("at", [-1, 3, 10**17])
def test_a_bar_that_is_not_there_is_named(at):
    with pytest.raises(InvalidParams, match="choose 0 to 2"):
        replay_state(run_of(closes(10, 11, 12), [0, 0, 0]), at)


# The address


@pytest.fixture
def run(workspace):
    bars = random_walk(400, 5)
    ingest(workspace.database, "TEST", "1d", SourceBars(bars, range(1, 401), "test"))
    return run_request(workspace, BacktestRequest("TEST", "1d", "rsi"), load_strategy("rsi"))


@pytest.fixture
def client(workspace, run):
    return create_app(workspace.settings).server.test_client()


def test_the_answer_is_the_stored_run_at_that_bar_and_small(client, run):
    for at in (0, 57, 250, 399):
        answer = client.get(f"/api/runs/{run.id}/replay?at={at}")
        assert len(answer.data) < 3_000
        state = answer.get_json()
        assert state["equity"] == run.result.equity.iloc[at]
        assert state["time"] == f"{run.result.bars['ts'][at]:%Y-%m-%d}"
        assert (state["at"], state["bars"]) == (at, 400)
        trades = run.result.trades
        done = trades[(trades["exit_bar"] >= 0) & (trades["exit_bar"] <= at)]
        assert state["closed"] == len(done)
        assert [t["profit"] for t in state["trades"]] == done["profit"].tolist()[::-1][:5]


def test_no_time_in_the_answer_is_later_than_its_bar(client, run):
    for at in range(0, 400, 7):
        state = client.get(f"/api/runs/{run.id}/replay?at={at}").get_json()
        told = [t[name] for t in state["trades"] for name in ("entry_time", "exit_time")]
        told += [state["open_trade"]["entry_time"]] if state["open_trade"] else []
        assert all(time <= state["time"] for time in told)
        assert state["open_trade"] is None or state["open_trade"]["exit_time"] is None


def test_a_jump_answers_for_the_bar_that_it_leads_to(client, run):
    entries = run.result.trades["entry_bar"].tolist()
    state = client.get(f"/api/runs/{run.id}/replay?at=0&jump=next").get_json()
    assert (state["at"], state["fill"]) == (entries[0], "bought at the open")
    started = client.get(f"/api/runs/{run.id}/replay?at=0&jump=start").get_json()
    assert started["at"] == int(np.flatnonzero(run.result.signals > 0)[0])


@pytest.mark.parametrize(
    "query",
    ["", "?at=", "?at=-1", "?at=400", "?at=1e9", "?at=%3Cb%3E", "?at=1&jump=%3Cb%3E", "?at=1;drop",
     "?at=99999999999999999999999", "?at=1&zone=Mars"],
)  # fmt: skip
def test_a_nonsensical_bar_is_a_sentence_and_400(client, run, query):
    answer = client.get(f"/api/runs/{run.id}/replay{query}")
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert len(answer.text) < 300


@pytest.mark.parametrize("number", ["0", "999", "abc"])
def test_a_run_that_is_not_there_is_404(client, number):
    answer = client.get(f"/api/runs/{number}/replay?at=0")
    assert answer.status_code == 404
    assert answer.text.startswith("There is no saved run")


def test_times_within_a_day_are_those_of_the_clock_that_was_asked_for(workspace):
    bars = random_walk(300, 5, resolution="1h", start="2024-07-01 14:00")
    ingest(workspace.database, "HOUR", "1h", SourceBars(bars, range(1, 301), "test"))
    run = run_request(workspace, BacktestRequest("HOUR", "1h", "rsi"), load_strategy("rsi"))
    client = create_app(workspace.settings).server.test_client()
    address = f"/api/runs/{run.id}/replay?at=0&zone="
    there = client.get(address + "America/New_York").get_json()
    assert (there["time"], there["zone"]) == ("2024-07-01 10:00", "New York")
    assert client.get(address + "utc").get_json()["time"] == "2024-07-01 14:00"
    assert json.dumps(there, allow_nan=False)
    assert pd.Timestamp(there["time"]) == pd.Timestamp("2024-07-01 10:00")
