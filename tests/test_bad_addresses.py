"""Every page and address with each query parameter full of nonsense: never a defect."""

import itertools
import json
from urllib.parse import quote, urlencode

import pytest
from test_app import open_page

from dashboard.app import PAGES, create_app
from dashboard.errors import UNEXPECTED
from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.research import run_request
from services.settings import Settings
from services.workspace import open_workspace
from strategies.registry import load_strategy

NONSENSE = (
    "<script>window.hacked=1</script>",
    "'; DROP TABLE backtest_runs; --",
    "1e400",
    "-99999999999999999999",
    "nan",
    "\x00\ud7ff%ff",
    "x" * 5000,
    "2024-02-31",
    "__proto__",
    "1,2,3,a,,",
    "",
)
MARKET = ("symbol", "resolution", "start", "end", "ind", "compare", "style", "log", "zone", "range")
VIEW = ("from", "to", "tab", "trade", "style", "log", "zone")
LIST = ("q", "text", "tag", "tags", "favourite", "symbol", "strategy", "sort", "order", "page")
BACKTEST = (
    "symbol",
    "resolution",
    "strategy",
    "duration",
    "start",
    "end",
    "cash",
    "commission",
    "slippage",
    "fill",
    "side",
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "intrabar",
    "sizing",
    "fractional",
    "max_exposure",
    "cash_interest",
    "borrow_rate",
    "p.fast",
    "p.<b>",
)
OPTIMISE = (
    *BACKTEST[:-2],
    "g.fast",
    "g.<b>",
    "method",
    "samples",
    "seed",
    "objective",
    "minimum_trades",
    "train",
    "test",
    "anchored",
    "embargo",
    "study",
)
# What each page's address may hold, beside what it cannot know.
ADDRESSES = {
    "/": ("a",),
    "/data": ("symbol", "resolution", "add", "exchange"),
    "/chart": MARKET,
    "/backtest": BACKTEST,
    "/optimise": OPTIMISE,
    "/runs": LIST,
    "/runs/1": VIEW,
    "/runs/compare": ("ids",),
    "/no/such": ("a",),
}
GOOD = {
    "/chart": {"symbol": "AAPL", "resolution": "1d"},
    "/backtest": {"symbol": "AAPL", "strategy": "ma_cross"},
    "/optimise": {"symbol": "AAPL", "strategy": "ma_cross", "method": "walk_forward"},
    "/runs/compare": {"ids": "1,1"},
}
NUMBERS = ("lo", "hi", "from", "to", "range", "trade", "mark", "style", "log", "zone", "until")
ROUTES = {
    "/api/runs/1/chart": NUMBERS,
    "/api/chart?symbol=AAPL&resolution=1d": (*NUMBERS, "symbol", "resolution", "ind", "compare"),
    "/api/runs/1/replay": ("at",),
    "/api/runs/1/trades": ("a",),
    "/api/runs/1/changes": ("a",),
    "/api/palette": ("q",),
    "/export/runs/1.png": ("kind",),
}
NUMBERED = (
    "/api/runs/{}/chart",
    "/api/runs/{}/replay?at=1",
    "/api/runs/{}/trades",
    "/api/runs/{}/changes",
    "/export/runs/{}.png",
    "/export/runs/{}.csv",
    "/export/runs/{}.json",
    "/export/runs/{}.html",
    "/export/runs/{}.pdf",
    "/export/studies/{}.csv",
)
NO_RUN = ("0", "-1", "7777", "9" * 30, "1.5", "abc", "<b>", "１", "%00", "1e3")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Give a dashboard with the bars of AAPL and one saved run, asked without a browser."""
    workspace = open_workspace(Settings(database_url="", data_dir=tmp_path_factory.mktemp("bad")))
    ingest_sample(workspace.database, "AAPL")
    request = BacktestRequest("AAPL", "1d", "ma_cross", duration="2 Y")
    run_request(workspace, request, load_strategy("ma_cross"))
    return create_app(workspace.settings).server.test_client()


def shows(client, path: str, query: dict) -> str:
    return open_page(client, path, f"?{urlencode(query, errors='replace')}")


def test_every_page_is_among_those_asked():
    asked = {path.split("/")[1] for path in ADDRESSES}
    names = {module.__name__.removeprefix("pages.") for module in PAGES}
    pages = {"home": "", "not_found": "no", "run": "runs", "compare": "runs"}
    assert {pages.get(name, name) for name in names} == asked


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_page_answers_nonsense_with_a_page(client, path):
    for name, wrong in itertools.product((*ADDRESSES[path], "unknown"), NONSENSE):
        page = shows(client, path, {**GOOD.get(path, {}), name: wrong})
        assert UNEXPECTED not in page, (name, wrong[:40])
        assert "children" in page


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_query_may_have_the_names_of_the_program_itself(client, path):
    for name in ("workspace", "run_id", "raw", "query", "layout", "self", "page", "title"):
        page = shows(client, path, {**GOOD.get(path, {}), name: "2"})
        assert UNEXPECTED not in page, name
        assert "children" in page


def test_the_path_alone_says_which_run_is_shown(client):
    page = open_page(client, "/runs/1", "?run_id=7777")
    assert "/api/runs/1/" in page
    assert "There is no saved run" not in page


def test_an_address_without_a_query_has_nothing_to_complain_of(client):
    assert "The address knows no" not in open_page(client, "/runs/1")


@pytest.mark.parametrize("number", ["0", "abc", "9" * 30, "%00"])
def test_a_run_that_is_not_there_is_a_page_with_a_way_on(client, number):
    page = open_page(client, f"/runs/{number}")
    assert UNEXPECTED not in page
    assert "/runs" in page or "No page has this address" in page


@pytest.mark.parametrize("route", ROUTES)
def test_an_address_of_data_answers_nonsense_without_a_defect(client, route):
    for name, wrong in itertools.product(ROUTES[route], NONSENSE):
        joint = "&" if "?" in route else "?"
        answer = client.get(f"{route}{joint}{urlencode({name: wrong}, errors='replace')}")
        told = (name, wrong[:40], answer.status_code, answer.get_data()[:200])
        assert answer.status_code in (200, 400, 404), told
        if answer.status_code != 200:
            assert answer.mimetype == "text/plain", told
            assert len(answer.get_data(as_text=True).split()) > 3, told  # a sentence


@pytest.mark.parametrize("route", NUMBERED)
@pytest.mark.parametrize("number", NO_RUN)
def test_no_run_of_that_number_is_not_found(client, route, number):
    answer = client.get(route.format(quote(number, safe="%")))
    assert answer.status_code == 404, answer.get_data()[:200]
    assert answer.mimetype == "text/plain"


def test_no_answer_of_data_holds_a_number_that_json_does_not_know(client):
    for route in ROUTES:
        answer = client.get(route)
        if answer.mimetype == "application/json":
            json.loads(answer.get_data(), parse_constant=pytest.fail)
