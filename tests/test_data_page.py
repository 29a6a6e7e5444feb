"""The page of data as a server answers it: layout, exports, uploads; without a browser."""

import io
import json
import math
import re

import pandas as pd
import pytest
from builders import random_walk
from sqlalchemy import text
from statements import statements

from components.data_catalogue import (
    catalogue_rows,
    export_path,
    row_id,
    series_of_row,
)
from components.ingest_form import job_lines
from components.quality import quality_panel
from components.quarantine import quarantine_block
from components.upload_preview import bars_preview_body
from dashboard.app import create_app
from pages.data_fetch import _offer
from services.broker_search import Candidate, exact
from services.ingest import ingest_sample
from services.ingest.preview import preview_file
from services.ingest.quarantine import list_quarantine, quarantine
from services.ingest.store import store_bars
from services.ingest.uploads import LARGEST, uploads_dir
from services.instruments import add_instrument
from services.jobs import JobView, list_jobs
from services.market_data import catalogue
from services.quality import quality_report

ODD = "^A/B:C.D+E=F!"


@pytest.fixture
def app(workspace):
    return create_app(workspace.settings)


@pytest.fixture
def client(app):
    client = app.server.test_client()
    client.get("/_dash-layout")
    return client


def page(app, **query):
    """Return the page's layout as a browser gets it."""
    with app.server.test_request_context():
        return json.loads(
            json.dumps(app.server.config["LAYOUTS"]["pages.data"](**query), cls=_Plain)
        )


class _Plain(json.JSONEncoder):
    def default(self, o):
        return o.to_plotly_json()


def part(node, id):
    """Find a component of a layout by its id."""
    if isinstance(node, dict):
        if node.get("props", {}).get("id") == id:
            return node["props"]
        node = list(node.values())
    if isinstance(node, list):
        return next((found for child in node if (found := part(child, id)) is not None), None)
    return None


def test_an_empty_database_offers_three_ways_to_begin(app):
    layout = page(app)
    assert part(layout, "data-list")["hidden"]
    assert not part(layout, "data-empty")["hidden"]
    assert not part(layout, "data-add")["hidden"]
    assert "Load the samples" in json.dumps(layout)
    assert part(layout, "drop-zone")


def test_the_address_chooses_a_series_only_when_it_is_stored(workspace, app):
    ingest_sample(workspace.database, "IBM")
    chosen = part(page(app, symbol="ibm", resolution="1d"), "data-grid")["selectedRows"]
    assert chosen == {"ids": ["IBM|1d"]}
    assert part(page(app, symbol="NONE", resolution="1d"), "data-grid")["selectedRows"] == []


def test_coverage_is_said_to_be_whole_only_when_it_is(workspace):
    ingest_sample(workspace.database, "IBM")
    (entry,) = catalogue(workspace.database)
    (row,) = catalogue_rows([entry])
    assert row["coverage"] == 100.0
    almost = [type("Entry", (), {**vars(entry), "coverage": 0.99999})()]
    assert catalogue_rows(almost)[0]["coverage"] == 99.9


def test_a_row_names_its_series_whatever_signs_the_symbol_has():
    assert series_of_row(row_id(ODD, "1h")) == (ODD, "1h")


@pytest.mark.parametrize("symbol", ["IBM", "BRK.B", ODD, "EURUSD=X", "A B&C"])
def test_a_series_is_exported_with_its_indicators_under_any_symbol(workspace, client, symbol):
    bars = random_walk(60)
    store_bars(workspace.database, symbol, "1d", bars)
    answer = client.get(export_path(symbol, "1d", "csv"))
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    frame = pd.read_csv(io.BytesIO(answer.data))
    assert len(frame) == 60
    assert frame["close"].tolist() == pytest.approx(bars["close"].tolist())
    assert frame["ma20"].isna().sum() == 19
    parquet = client.get(export_path(symbol, "1d", "parquet"))
    stored = pd.read_parquet(io.BytesIO(parquet.data))
    assert stored["close"].tolist() == bars["close"].tolist()
    assert "/" not in parquet.headers["Content-Disposition"]


def test_an_export_of_what_is_not_stored_is_one_sentence(client):
    answer = client.get("/export/bars/NONE/1d.csv")
    assert answer.text.count("\n") == 1
    assert "NONE" in answer.text
    assert answer.status_code == 404
    assert client.get("/export/bars/NONE/99d.csv").status_code == 400


def send(client, name: str, body: bytes, **headers):
    return client.post("/api/uploads", data=body, headers={"X-File-Name": name, **headers})


def test_a_sent_file_is_kept_and_named(workspace, client):
    answer = send(client, "K%C3%B6ln%20a.csv", b"a,b\n").get_json()
    assert answer["name"] == "Köln a.csv"
    assert (uploads_dir(workspace.settings) / answer["key"] / "Köln a.csv").read_bytes() == b"a,b\n"


def test_another_sites_form_cannot_send_a_file(workspace, client):
    answer = client.post("/api/uploads", data=b"a,b\n")
    assert answer.status_code == 400
    assert not uploads_dir(workspace.settings).exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(client):
    answer = client.post(
        "/api/uploads",
        headers={"X-File-Name": "a.csv"},
        environ_overrides={"CONTENT_LENGTH": str(LARGEST + 1), "wsgi.input": io.BytesIO(b"")},
    )
    assert answer.status_code == 413
    assert "200 MB" in answer.get_json()["error"]


def test_an_empty_file_is_refused_with_a_sentence(client):
    answer = send(client, "a.csv", b"")
    assert answer.status_code == 400
    assert "empty" in answer.get_json()["error"]


def test_the_map_packs_every_session_and_says_how_full_a_gap_is(workspace):
    bars = random_walk(10, start="2024-01-01").drop(index=[3]).reset_index(drop=True)
    store_bars(workspace.database, "BTC", "1d", bars)
    add_instrument(workspace.database, "BTC", exchange="PAXOS", asset_class="crypto")
    panel = quality_panel(quality_report(workspace.database, "BTC", "1d"), can_refetch=True)
    heat = json.loads(
        re.search(r'"data-heat": "(\{.*?\})"', _json(panel)).group(1).replace('\\"', '"')
    )
    assert heat["first"] == "2024-01-01"
    assert heat["status"] == "wwwmwwwwww"
    assert heat["steps"] == [1] * 9
    assert "Fetch again" in _json(panel)


def test_a_series_of_a_file_offers_no_fetching_again(workspace):
    bars = random_walk(10, start="2024-01-01").drop(index=[3]).reset_index(drop=True)
    store_bars(workspace.database, "BTC", "1d", bars)
    add_instrument(workspace.database, "BTC", exchange="PAXOS", asset_class="crypto")
    panel = _json(quality_panel(quality_report(workspace.database, "BTC", "1d"), False))
    assert "Accept" in panel
    assert "Fetch again" not in panel


def test_a_symbol_without_an_exchange_is_asked_for_it(workspace):
    store_bars(workspace.database, "NEW", "1d", random_walk(10))
    panel = _json(quality_panel(quality_report(workspace.database, "NEW", "1d"), False))
    assert '"data-exchange": "NYSE"' in panel


def test_the_quarantine_lists_the_row_and_its_reason(workspace):
    bad = random_walk(2).assign(high=math.nan, reason="price missing or not a number")
    quarantine(workspace.database, "IBM", "1d", "csv", bad)
    block = _json(quarantine_block(list_quarantine(workspace.database, "IBM", "1d"), "1d"))
    assert "Quarantine (2)" in block
    assert block.count("price missing or not a number") == 2


def _json(component) -> str:
    return json.dumps(component, cls=_Plain)


def test_a_preview_shows_the_first_bars_and_the_rejected_rows(tmp_path):
    path = tmp_path / "KO.csv"
    path.write_text("Date,Open,High,Low,Close\n2024-01-02,1,2,1,1.5\n2024-01-03,1,0.5,1,1\n")
    body = _json(bars_preview_body(preview_file(path)))
    assert "2024-01-02" in body
    assert "Row 2, 2024-01-03: high below low" in body


def job(**more) -> JobView:
    return JobView(1, "ingest", "TSLA 1d from Interactive Brokers", "broker", **more)


def test_a_running_job_shows_its_share_and_can_be_cancelled():
    line = _json(job_lines([job(state="running", progress=0.4, done=2, total=5, message="2020")]))
    assert '"width": "40.0%"' in line
    assert "2 of 5 chunks" in line
    assert '"data-do": "cancel"' in line


def test_a_failed_job_shows_its_sentence_and_can_be_asked_for_again():
    line = _json(job_lines([job(state="failed", message="Nothing listens.")]))
    assert "Nothing listens." in line
    assert '"data-do": "retry"' in line
    assert "progressbar" not in line


def candidate(symbol: str, exchange: str, currency: str = "USD", sec_type: str = "STK"):
    return Candidate(symbol, f"{symbol} Inc", exchange, currency, sec_type, "equity")


def test_one_contract_of_that_very_symbol_is_chosen_and_of_two_none():
    nasdaq, milan = candidate("TSLA", "NASDAQ"), candidate("TSLA", "BVME", "EUR")
    other = candidate("TSLL", "NASDAQ")
    assert _offer([other, nasdaq], "tsla")[2] == 1
    assert _offer([nasdaq, milan, other], "TSLA")[2] is None
    assert exact([nasdaq, milan, other], "TSLA") == [nasdaq, milan]


def test_a_pair_is_found_by_both_of_its_names():
    pair = candidate("EUR", "IDEALPRO", "USD", "CASH")
    assert exact([pair], "EURUSD") == exact([pair], "EUR.USD") == [pair]


def test_the_page_of_500_series_asks_as_little_as_that_of_one_and_reads_no_bar(
    workspace, app, monkeypatch
):
    store_bars(workspace.database, "SYM", "1d", random_walk(30))
    monkeypatch.setattr("services.market_data.read_bars", _never)
    with statements() as of_one:
        page(app)
    with workspace.database.writing() as session:
        _copy_series(session, 500)
    assert len(catalogue(workspace.database)) >= 500
    with statements() as of_all:
        layout = page(app)
    assert len(part(layout, "data-grid")["rowData"]) >= 500
    assert 0 < len(of_all) == len(of_one)


def _never(*_args, **_more):
    raise AssertionError("a bar was read")


def _copy_series(session, count: int) -> None:
    for table, names in (
        ("instruments", "symbol"),
        ("price_series", "symbol, resolution, first, last, bars"),
        ("market_prices", "symbol, resolution, ts, open, high, low, close"),
    ):
        values = names.replace("symbol", "'SYM' || n.value", 1)
        session.execute(
            text(
                f"WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n "
                f"WHERE value < {count}) INSERT INTO {table} ({names}) "
                f"SELECT {values} FROM {table} AS t, n WHERE t.symbol = 'SYM'"
            )
        )


def test_nothing_is_asked_of_the_queue_by_opening_the_page(workspace, app):
    page(app)
    assert list_jobs(workspace) == []
