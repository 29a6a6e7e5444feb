"""What a page asks of a saved run: what has changed since, and whether it looked ahead."""

import pytest
from builders import random_walk
from sqlalchemy import select

from dashboard.app import create_app
from db.models import BacktestRun
from services.backtest import BacktestRequest
from services.ingest import SourceBars, ingest
from services.research import run_request
from services.runs import delete_runs, load_run
from services.runs.store import keep_look_ahead
from services.series import delete_series
from strategies.base import Strategy
from strategies.registry import STRATEGIES, load_strategy


class Hasty(Strategy):
    """Buys when the next bar closes higher."""

    def on_bar(self, i, row, df):
        return "BUY" if i + 1 < len(df) and df["close"].iloc[i + 1] > row["close"] else "SELL"


def store(workspace, bars):
    ingest(workspace.database, "TEST", "1d", SourceBars(bars, range(1, len(bars) + 1), "test"))


@pytest.fixture
def run(workspace):
    """Give a saved run of 400 days that was not checked yet."""
    store(workspace, random_walk(400, 5))
    made = run_request(workspace, BacktestRequest("TEST", "1d", "rsi"), load_strategy("rsi"))
    return unchecked(workspace, made.id)


def unchecked(workspace, number):
    with workspace.database.writing() as session:
        session.get(BacktestRun, number).look_ahead = None
    return load_run(workspace.database, number)


@pytest.fixture
def client(workspace, run):
    return create_app(workspace.settings).server.test_client()


def changes(client, run):
    answer = client.get(f"/api/runs/{run.id}/changes")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    return answer.get_json()


def ask(client, run, **headers):
    return client.post(f"/api/runs/{run.id}/look-ahead", json={}, headers=headers)


def test_a_run_of_which_nothing_changed_has_nothing_to_tell(client, run):
    assert changes(client, run) == {"text": "", "bars": False, "code": False}


def test_deleted_bars_and_a_strategy_that_is_gone_are_told(workspace, client, run, monkeypatch):
    delete_series(workspace.database, "TEST", "1d")
    monkeypatch.delitem(STRATEGIES, "rsi")
    told = changes(client, run)
    assert (told["bars"], told["code"]) == (None, None)
    assert 'the 1d bars of TEST and the strategy "rsi"' in told["text"]


def test_a_strategy_that_was_rewritten_is_told(client, run, monkeypatch):
    monkeypatch.setitem(STRATEGIES, "rsi", STRATEGIES["macd"])
    assert changes(client, run)["text"] == (
        "The strategy's code changed since this run: re-run and compare."
    )


def test_a_check_that_was_asked_for_is_kept_with_the_run(workspace, client, run):
    told = ask(client, run).get_json()
    assert (told["status"], told["peeked_at"]) == ("passed", None)
    assert told["text"].startswith("No look-ahead found")
    kept = load_run(workspace.database, run.id).look_ahead
    assert (kept.status, kept.bars_checked) == ("passed", told["bars_checked"])


def test_a_strategy_that_peeks_is_named_with_its_bar(workspace, client, run, monkeypatch):
    monkeypatch.setitem(STRATEGIES, "hasty", Hasty)
    made = run_request(workspace, BacktestRequest("TEST", "1d", "hasty"), Hasty())
    made = unchecked(workspace, made.id)
    bars = made.result.bars
    first = bars["ts"][(bars["close"].shift(-1) > bars["close"]).idxmax()]
    told = ask(client, made).get_json()
    assert (told["status"], told["peeked_at"]) == ("peeks", f"{first:%Y-%m-%dT%H:%M:%SZ}")
    assert f"{first:%Y-%m-%d}" in told["text"]


def test_what_was_found_is_not_looked_for_again(workspace, client, run, monkeypatch):
    ask(client, run)
    monkeypatch.setitem(STRATEGIES, "rsi", STRATEGIES["macd"])
    assert ask(client, run).get_json()["status"] == "passed"


@pytest.mark.parametrize("gone", ["code", "strategy", "bars"])
def test_a_run_whose_code_or_bars_changed_cannot_be_checked(
    workspace, client, run, monkeypatch, gone
):
    if gone == "code":
        monkeypatch.setitem(STRATEGIES, "rsi", STRATEGIES["macd"])
    elif gone == "strategy":
        monkeypatch.delitem(STRATEGIES, "rsi")
    else:
        delete_series(workspace.database, "TEST", "1d")
    told = ask(client, run).get_json()
    assert told["status"] == "unchecked"
    assert "for this run" in told["text"]
    with workspace.database.reading() as session:
        assert session.scalar(select(BacktestRun.look_ahead)) is None


def test_a_check_is_asked_for_by_the_dashboard_alone(client, run):
    assert ask(client, run, Origin="http://elsewhere.example").status_code == 403
    assert client.post(f"/api/runs/{run.id}/look-ahead").status_code == 403


@pytest.mark.parametrize("number", ["0", "999", "abc", "1;drop", "<script>"])
def test_a_run_that_is_not_there_is_a_sentence_and_404(client, number):
    for answer in (
        client.get(f"/api/runs/{number}/changes"),
        client.post(f"/api/runs/{number}/look-ahead", json={}),
    ):
        assert answer.status_code == 404
        assert answer.text.startswith("There is no saved run")


def test_a_deleted_run_says_that_it_can_be_restored(workspace, client, run):
    delete_runs(workspace.database, [run.id])
    answer = client.get(f"/api/runs/{run.id}/changes")
    assert answer.status_code == 404
    assert "was deleted" in answer.text
    assert "restored" in answer.text


def test_a_finding_of_another_process_shows_at_once(workspace, client, run):
    changes(client, run)
    peeking = load_run(workspace.database, run.id).look_ahead.__class__("peeks", 7, run.result.end)
    keep_look_ahead(workspace.database, run.id, peeking)
    assert ask(client, run).get_json()["status"] == "peeks"
