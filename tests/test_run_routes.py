"""The addresses of a run that are not pages: chart data, reports, trades, all its data."""

import io
import json

import pandas as pd
import pytest
from builders import random_walk
from matplotlib import image

from dashboard.app import create_app
from services.backtest import BacktestRequest
from services.ingest import SourceBars, ingest
from services.research import run_request
from strategies.registry import load_strategy


@pytest.fixture
def run(workspace):
    """Give a saved run of 400 days."""
    bars = random_walk(400, 5)
    ingest(workspace.database, "TEST", "1d", SourceBars(bars, range(1, 401), "test"))
    return run_request(workspace, BacktestRequest("TEST", "1d", "rsi"), load_strategy("rsi"))


@pytest.fixture
def client(workspace, run):
    return create_app(workspace.settings).server.test_client()


def test_a_view_holds_the_candles_between_two_bars(client, run):
    figure = client.get(f"/api/runs/{run.id}/chart?lo=100&hi=150").get_json()
    assert (figure["bars"], figure["step"]) == (400, 1)
    assert figure["labels"][15] == f"{run.result.bars['ts'][100]:%Y-%m-%d}"


@pytest.mark.parametrize("query", ["", "?lo=&hi=", "?lo=abc&hi=1", "?lo=nan&hi=inf", "?lo=9&hi=1"])
def test_nonsense_for_a_view_shows_something_that_can_be_shown(client, run, query):
    answer = client.get(f"/api/runs/{run.id}/chart{query}")
    assert answer.status_code == 200
    assert len(answer.get_json()["labels"]) > 0


@pytest.mark.parametrize("kind", ["full", "simple"])
def test_the_report_is_a_png_named_after_the_run(client, run, kind):
    answer = client.get(f"/export/runs/{run.id}.png?kind={kind}")
    assert f"TEST_1d_rsi_run{run.id}_{kind}.png" in answer.headers["Content-Disposition"]
    assert image.imread(io.BytesIO(answer.data)).shape[0] > 1000


def test_the_trades_are_numbered_from_one_as_on_the_page(client, run):
    table = pd.read_csv(io.StringIO(client.get(f"/export/runs/{run.id}.csv").text))
    assert table["trade"].tolist() == list(range(1, len(run.result.trades) + 1))
    assert table["profit"].tolist() == pytest.approx(run.result.trades["profit"].tolist())


def test_the_page_is_to_be_saved_and_not_shown_by_the_browser(client, run):
    answer = client.get(f"/export/runs/{run.id}.html")
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=TEST_1d_rsi_run{run.id}.html"
    )
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")


def test_the_pdf_is_named_after_the_run_and_can_be_read_in_a_tab(client, run):
    answer = client.get(f"/export/runs/{run.id}.pdf")
    assert answer.headers["Content-Disposition"] == f"inline; filename=TEST_1d_rsi_run{run.id}.pdf"
    assert (answer.mimetype, answer.data[:5]) == ("application/pdf", b"%PDF-")


def test_all_the_data_are_those_of_the_run(client, run):
    answer = client.get(f"/export/runs/{run.id}.json")
    assert f"TEST_1d_rsi_run{run.id}.json" in answer.headers["Content-Disposition"]
    data = json.loads(answer.data)
    assert data["series"]["equity"] == run.result.equity.tolist()
    assert data["manifest"]["fingerprint"] == run.manifest.fingerprint
    assert data["run"]["id"] == run.id


@pytest.mark.parametrize(
    "path",
    [
        "/api/runs/{}/chart",
        "/export/runs/{}.png",
        "/export/runs/{}.csv",
        "/export/runs/{}.html",
        "/export/runs/{}.pdf",
        "/export/runs/{}.json",
    ],
)
@pytest.mark.parametrize("number", ["0", "999", "abc", "1;drop", "9" * 30, "-1", "1.5"])
def test_a_run_that_is_not_there_is_a_sentence_and_404(client, path, number):
    answer = client.get(path.format(number))
    assert answer.status_code == 404
    assert answer.text.startswith("There is no saved run")
