"""The addresses that answer with a chart: of a run, and of a stored series."""

import numpy as np
import pytest
from builders import random_walk
from chart_sources import named, sessions, x_range
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.app import create_app
from db.models import SymbolEvent
from services.backtest import BacktestRequest
from services.charts.market import closes_at, market_source, run_source
from services.charts.options import STYLES
from services.errors import InvalidParams
from services.ingest import SourceBars, ingest
from services.instruments import add_instrument
from services.research import run_request
from services.series import delete_series
from strategies.registry import load_strategy

NEW_YORK = "America/New_York"
WILD = [
    "",
    " ",
    "0",
    "-1",
    "1",
    "7",
    "1e400",
    "nan",
    "-inf",
    "null",
    "9" * 5000,
    "x" * 10_000,
    "'; DROP TABLE market_prices; --",
    "<script>alert(1)</script>",
    "2024-02-30",
    "0001-01-01",
    "9999-12-31T23:59:59-14:00",
    "sma:20,rsi",
    ":::,,,",
    "TEST",
    "OTHER",
    "\0",
    "💥",
    "heikin_ashi",
    "Asia/Tokyo",
    "1Y",
]
NAMES = [
    "lo", "hi", "from", "to", "range", "trade", "mark", "style", "log", "zone", "until", "symbol",
    "resolution", "ind", "compare", "nonsense",
]  # fmt: skip


def put(database, bars, symbol, resolution):
    rows = range(1, len(bars) + 1)
    ingest(database, symbol, resolution, SourceBars(bars, rows, "test"))


@pytest.fixture
def stored(workspace):
    """Store two symbols: a year of days of each, and three sessions of minutes of the first."""
    put(workspace.database, random_walk(400, 5), "TEST", "1d")
    put(workspace.database, random_walk(300, 6, start="2024-02-01"), "OTHER", "1d")
    minutes = sessions(["2024-03-06", "2024-03-07", "2024-03-08"], 300)
    bars = random_walk(900, 7, resolution="1m").assign(ts=minutes)
    put(workspace.database, bars, "TEST", "1m")
    add_instrument(workspace.database, "TEST", timezone=NEW_YORK)
    return workspace


@pytest.fixture
def run(stored):
    return run_request(stored, BacktestRequest("TEST", "1d", "rsi"), load_strategy("rsi"))


@pytest.fixture
def client(stored, run):
    return create_app(stored.settings).server.test_client()


def chart(client, **query):
    answer = client.get("/api/chart", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def refused(client, code, path="/api/chart", **query):
    answer = client.get(path, query_string=query)
    assert answer.status_code == code
    assert answer.mimetype == "text/plain"
    assert len(answer.text) < 400
    assert answer.text.strip().endswith((".", "?", "csv")), answer.text
    return answer.text


def test_a_stored_series_is_drawn_with_its_indicators(client):
    figure = chart(client, symbol="test", resolution="1d", ind="sma:20,rsi:14")
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["Price", "Volume", "SMA 20", "RSI 14"]
    assert figure["bars"] == 400
    assert named(figure, "SMA 20")["y"][18] is None
    assert named(figure, "SMA 20")["y"][19] is not None


def test_days_are_drawn_where_no_resolution_is_named(client):
    assert chart(client, symbol="TEST") == chart(client, symbol="TEST", resolution="1d")


def test_the_last_session_with_vwap_is_by_the_clock_of_the_exchange(client):
    figure = chart(client, symbol="TEST", resolution="1m", ind="vwap", range="1D")
    assert figure["zone"] == "New York"
    assert x_range(figure) == (600, 899)
    at = named(figure, "Price")["x"].index(600)
    assert figure["labels"][at] == "2024-03-08 09:30 New York"
    price, vwap = named(figure, "Price"), named(figure, "VWAP")
    typical = np.mean([price[name][at] for name in ("high", "low", "close")])
    assert vwap["y"][at] == pytest.approx(typical)  # a session's first bar is all it knows


def test_a_second_symbol_is_rebased_and_ends_with_its_own_bars(client):
    figure = chart(client, symbol="TEST", compare="other")
    line = named(figure, "OTHER (rebased)")
    known = [i for i, y in enumerate(line["y"]) if y is not None]
    assert (known[0], known[-1]) == (31, 330)
    assert line["y"][31] == pytest.approx(named(figure, "Price")["close"][31])


def test_a_run_and_a_series_answer_to_the_same_questions(client, run):
    run_chart = f"/api/runs/{run.id}/chart"
    query = {"from": "2024-06-01", "to": "2024-08-01", "style": "ohlc", "log": "1", "until": "350"}
    of_run = client.get(run_chart, query_string=query).get_json()
    of_series = chart(client, symbol="TEST", **query)
    for name in ("labels", "step", "bars", "view", "zone", "style", "log"):
        assert of_run[name] == of_series[name]
    assert named(of_run, "Price") == named(of_series, "Price")


def test_a_trade_of_a_run_is_shown_and_marked(client, run):
    number = len(run.result.trades)
    figure = client.get(f"/api/runs/{run.id}/chart?trade={number}").get_json()
    trade = run.result.trades.iloc[-1]
    assert figure["selected"]["entry"] == trade["entry_bar"]
    low, high = x_range(figure)
    assert low <= trade["entry_bar"] <= high


def test_events_are_seen_on_both(client, stored, run):
    with stored.database.writing() as session:
        session.add(
            SymbolEvent(
                symbol="TEST", date=run.result.bars["ts"][50].date(), event_type="split", value=2.0
            )
        )
    other = create_app(stored.settings).server.test_client()  # nothing is remembered
    for path in ("/api/chart?symbol=TEST", f"/api/runs/{run.id}/chart?"):
        (flag,) = other.get(f"{path}&lo=20&hi=100").get_json()["events"]
        assert (flag["x"], flag["letter"], flag["text"][11:]) == (50, "S", "Split 2:1")


def test_new_bars_are_on_the_chart_at_once(client, stored):
    assert chart(client, symbol="TEST", ind="sma:20")["bars"] == 400
    put(stored.database, random_walk(10, 1, start="2025-06-01"), "TEST", "1d")
    figure = chart(client, symbol="TEST", ind="sma:20")
    assert figure["bars"] == 410
    assert len(named(figure, "SMA 20")["y"]) == 410


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "Name a symbol"),
        ({"symbol": "../.."}, "is not a symbol"),
        ({"symbol": "x" * 10_000}, "is not a symbol"),
        ({"symbol": "TEST", "resolution": "1y"}, "Unknown resolution"),
        ({"symbol": "TEST", "ind": "smaa:20"}, 'Did you mean "sma"'),
        ({"symbol": "TEST", "ind": "vwap"}, "choose bars of less than a day"),
        ({"symbol": "TEST", "ind": ",".join(["sma"] * 100)}, "at most 12 indicators, not 100"),
        ({"symbol": "TEST", "compare": "TEST"}, "compared with itself"),
        ({"symbol": "TEST", "range": "2W"}, "is no range"),
        ({"symbol": "TEST", "from": "2024-05-01", "to": "2024-04-01"}, "must not be later"),
        ({"symbol": "TEST", "from": "soon"}, "is not a date"),
        ({"symbol": "TEST", "style": "renko"}, "is no style of chart"),
        ({"symbol": "TEST", "zone": "Mars"}, "is no time zone"),
        ({"symbol": "TEST", "log": "maybe"}, "log must be 1 or 0"),
        ({"symbol": "TEST", "until": "-1"}, "until must be a whole number"),
        ({"symbol": "TEST", "until": "3.5"}, "until must be a whole number"),
        ({"symbol": "TEST", "trade": "1"}, "There is no trade 1 in this chart: there is none"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_drawn_is_a_sentence_and_400(client, query, sentence):
    assert sentence in refused(client, 400, **query)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"symbol": "NOPE"}, 'No symbol "NOPE" is stored'),
        ({"symbol": "TESTT"}, "TEST"),
        ({"symbol": "TEST", "resolution": "1h"}, "there are 1m, 1d"),
        ({"symbol": "TEST", "compare": "NOPE"}, 'No symbol "NOPE" is stored'),
        ({"symbol": "TEST", "resolution": "1m", "compare": "OTHER"}, "No 1m bars of OTHER"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_not_stored_is_a_sentence_and_404(client, query, sentence):
    assert sentence in refused(client, 404, **query)


def test_a_trade_that_a_run_has_not_is_a_sentence_and_400(client, run):
    path = f"/api/runs/{run.id}/chart"
    for number in ("0", "999", "9" * 5000):
        assert "There is no trade" in refused(client, 400, path, trade=number)
    for number in ("-1", "one", "1.5"):
        assert "trade must be a whole number" in refused(client, 400, path, trade=number)


def test_a_series_that_was_deleted_is_no_chart_but_its_run_is(client, stored, run):
    chart(client, symbol="TEST")
    delete_series(stored.database, "TEST", "1d")
    assert "No 1d bars of TEST" in refused(client, 404, symbol="TEST")
    assert client.get(f"/api/runs/{run.id}/chart").get_json()["bars"] == 400


@settings(
    deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(WILD) | st.text(max_size=20)),
    st.booleans(),
)
def test_no_query_is_a_defect_or_comes_back_as_html(client, run, query, of_run):
    path = f"/api/runs/{run.id}/chart" if of_run else "/api/chart"
    answer = client.get(path, query_string={"symbol": "TEST", **query})
    assert answer.status_code in (200, 400, 404)
    if answer.status_code == 200:
        assert answer.get_json()["labels"]
        assert answer.mimetype == "application/json"
    else:
        assert answer.mimetype == "text/plain"
        assert len(answer.text) < 500


@pytest.mark.parametrize("style", STYLES)
def test_what_does_not_change_is_made_once(stored, run, style):
    first = market_source(stored, "TEST", "1d", "sma:20", "OTHER")
    assert market_source(stored, "TEST", "1d", "sma", " other ") is first
    assert run_source(stored, run) is run_source(stored, run)
    other = market_source(stored, "TEST", "1d", "sma:20,rsi")
    assert other.lines[0] is first.lines[0]


def test_the_bars_of_a_chart_are_those_that_are_stored(stored, run):
    source = market_source(stored, "TEST", "1d")
    assert source.close.tolist() == run.result.bars["close"].tolist()
    assert source.timezone == NEW_YORK
    assert source.session_based


def test_a_symbol_is_not_compared_with_itself(stored):
    with pytest.raises(InvalidParams, match="itself"):
        market_source(stored, "TEST", "1d", compare="test")


def test_the_second_symbols_last_close_counts_until_its_next(stored):
    first, second = market_source(stored, "TEST", "1d"), stored.columns.load("OTHER", "1d")
    values = closes_at(first.ts + np.timedelta64(5, "h"), second)
    # Five hours after a bar of its own: that bar's close; after its last bar nothing is known.
    assert values[31] == second.close[0]
    assert np.isnan(values[30])
    assert np.isnan(values[330])
