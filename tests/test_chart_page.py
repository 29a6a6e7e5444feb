"""The chart page without a browser: what an address shows, and what it answers to nonsense."""

import json

import pytest

from components.chart import chart_spec
from components.chart_head import chart_head, chip_text
from components.chart_toolbar import RANGES, STYLES, chart_toolbar
from components.indicator_form import indicator_form
from components.plot import plot
from dashboard.app import create_app
from pages.chart import _changed, layout, shown_values
from pages.chart_query import first_figure, query_text, read_query
from services.charts import options, time_ranges
from services.charts.market import market_source
from services.errors import InvalidParams
from services.indicators.catalogue import CHART_INDICATORS, parse_indicators
from services.ingest import ingest_sample
from services.market_data import catalogue

LARGEST = 300_000


@pytest.fixture
def stocked(workspace):
    """Give a workspace that holds the bars of AAPL and MSFT, with an app that pages need."""
    for symbol in ("AAPL", "MSFT"):
        ingest_sample(workspace.database, symbol)
    create_app(workspace.settings)
    return workspace


def texts(part) -> str:
    """Return a piece of page as the text of its JSON."""
    return json.dumps(part, default=lambda one: one.to_plotly_json(), ensure_ascii=False)


def shown(workspace, search: str) -> dict:
    names = ("head", "notes", "hidden", "spec", "state", "title")
    return dict(zip(names, shown_values(workspace, search), strict=True))


def test_an_empty_database_leads_to_the_page_of_data(workspace):
    create_app(workspace.settings)
    page = texts(layout(workspace, symbol="AAPL"))
    assert "No bars are stored yet" in page
    assert '"/data"' in page


def test_a_page_without_a_symbol_shows_the_first_that_is_stored(stocked):
    page = shown(stocked, "")
    assert page["spec"]["url"] == "/api/chart?symbol=AAPL&resolution=1d"
    assert page["title"] == "AAPL 1d · Chart · Trading Research"


def test_the_first_figure_is_of_the_span_that_the_address_names(stocked):
    spec = shown(stocked, "?symbol=MSFT&resolution=1d&start=2010-01-04&end=2010-12-31")["spec"]
    assert spec["figure"]["view"] == {"from": "2010-01-04", "to": "2010-12-31"}
    assert spec["name"] == "MSFT 1d"


def test_indicators_comparison_and_look_reach_the_chart(stocked):
    search = "?symbol=AAPL&ind=sma:10,rsi&compare=msft&style=ohlc&log=1&zone=utc"
    page = shown(stocked, search)
    spec = page["spec"]
    names = [trace["name"] for trace in spec["figure"]["data"]]
    assert {"SMA 10", "RSI 14", "MSFT (rebased)"} <= set(names)
    assert spec["figure"]["data"][0]["type"] == "ohlc"
    assert spec["state"] == {"style": "ohlc", "log": True, "zone": "utc"}
    assert spec["url"].endswith("ind=sma:10,rsi:14&compare=MSFT")
    assert page["notes"] == []


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("?symbol=NOPE", 'No symbol \\"NOPE\\" is stored'),
        ("?symbol=<script>alert(1)</script>", "stored"),
        ("?symbol=AAPL&resolution=7x", 'Unknown resolution \\"7x\\"'),
        ("?symbol=AAPL&resolution=1m", "No 1m bars of AAPL are stored"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence_with_ways_on(stocked, search, said):
    page = shown(stocked, search)
    assert said in texts(page["state"])
    assert "/chart?symbol=AAPL&resolution=1d" in texts(page["state"])
    assert page["hidden"]
    assert page["spec"] is None


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("&ind=smma:20", 'no indicator \\"smma\\"'),
        ("&ind=sma:0", "period"),
        ("&ind=vwap", "session"),
        ("&compare=NOPE", 'No symbol \\"NOPE\\" is stored'),
        ("&compare=AAPL", "cannot be compared with itself"),
        ("&start=yesterday", '\\"yesterday\\" is not a date'),
        ("&start=2012-01-01&end=2011-01-01", "must not be later"),
        ("&style=pie", '\\"pie\\" is no style'),
        ("&zone=Mars/Base", "Mars/Base"),
        ("&log=perhaps", "log must be"),
        ("&drop=table", 'does not know: \\"drop\\"'),
    ],
)
def test_a_bad_value_is_named_and_the_rest_is_shown(stocked, search, said):
    page = shown(stocked, f"?symbol=AAPL&resolution=1d{search}")
    assert said in texts(page["notes"])
    assert page["spec"]["figure"]["bars"] > 3000
    assert page["state"] is None


def test_a_bad_indicator_takes_no_good_one_away(stocked):
    query = read_query("?symbol=AAPL&ind=sma:20,nonsense,rsi:14,sma:20")
    assert [chip_text(one) for one in query.chosen] == ["SMA 20", "RSI 14"]
    assert len(query.notes) == 1


def test_the_answer_for_many_lines_stays_small(stocked):
    everything = ",".join(name for name in CHART_INDICATORS if name != "vwap")
    values = shown_values(stocked, f"?symbol=AAPL&ind={everything}&compare=MSFT")
    assert len(texts(values).encode()) < LARGEST


def test_a_value_twice_in_the_address_counts_once():
    assert read_query({"symbol": ["AAPL", "MSFT"]}).symbol == "MSFT"


def test_queries_are_written_readable():
    text = query_text({"symbol": "BRK B", "ind": "sma:20,rsi:14", "compare": ""})
    assert text == "symbol=BRK%20B&ind=sma:20,rsi:14"


def test_a_figure_without_its_bad_values_is_the_one_without_them(stocked):
    source = market_source(stocked, "AAPL", "1d")
    good = {"from": "2012-01-03", "to": "2012-06-29"}
    figure, values, notes = first_figure(source, {**good, "style": "pie", "zone": "Nowhere"})
    assert figure == first_figure(source, good)[0]
    assert values == good
    assert len(notes) == 2


def test_an_indicator_is_added_changed_and_checked():
    chosen = parse_indicators("sma:20,rsi:14")
    added = _changed({"name": "bb", "at": 2}, {"period": "10", "deviations": "2.5"}, chosen)
    assert added == "sma:20,rsi:14,bb:10:2.5"
    assert _changed({"name": "sma", "at": 0}, {"period": 50}, chosen) == "sma:50,rsi:14"
    with pytest.raises(InvalidParams) as caught:
        _changed({"name": "sma", "at": 0}, {"period": "many"}, chosen)
    assert caught.value.field == "period"


@pytest.mark.parametrize("name", sorted(CHART_INDICATORS))
def test_every_indicator_has_a_form_and_an_offer(name):
    spec = CHART_INDICATORS[name]
    form = texts(indicator_form(spec, {}))
    assert all(f'"name": "{field}"' in form for field in spec.Params.model_fields)
    assert spec.label in texts(chart_head([], "A", "1d", [], ""))


def test_a_chip_says_what_the_address_becomes_without_it(stocked):
    chosen = parse_indicators("sma:20,ath,rsi:14")
    head = texts(chart_head(catalogue(stocked.database), "AAPL", "1d", chosen, "MSFT"))
    for left in ("ath,rsi:14", "sma:20,rsi:14", "sma:20,ath"):
        assert f'"data-value": "{left}"' in head
    assert '"aria-label": "Remove MSFT"' in head


def test_the_toolbar_offers_what_the_server_knows():
    assert tuple(STYLES) == options.STYLES
    assert tuple(RANGES) == time_ranges.RANGES
    toolbar = texts(chart_toolbar())
    assert all(f'"data-range": "{name}"' in toolbar for name in RANGES)


def test_a_small_plot_carries_its_figure_and_says_what_it_is(stocked):
    figure = {"data": [{"y": [1, None], "marker": {"color": "--up"}}], "layout": {}}
    drawn = plot(figure, "Returns by month", height=200).to_plotly_json()["props"]
    assert json.loads(drawn["data-figure"]) == {**figure, "layout": {"height": 200}}
    assert (drawn["aria-label"], drawn["role"]) == ("Returns by month", "img")


def test_a_spec_names_its_run_and_counts_its_trades():
    spec = chart_spec("/api/runs/5/chart", {"data": []}, run=5, trades=12, note="bars")
    assert (spec["run"], spec["trades"], spec["note"], spec["state"]) == (5, 12, "bars", {})
