"""The list of runs as a server answers it: the address, the rows, what may be changed and how."""

import json

import pytest
from builders import closes
from dash.development.base_component import Component
from test_runs import made, saved

from components.runs import run_rows
from dashboard.app import create_app
from pages.list_query import filter_or_default
from pages.runs_query import filter_of, query_of
from services.look_ahead import LookAhead
from services.runs import RunFilter, change_run, find_runs

NASTY = '<img src=x onerror="alert(1)">'


@pytest.fixture
def app(workspace):
    return create_app(workspace.settings)


@pytest.fixture
def client(app):
    client = app.server.test_client()
    client.get("/_dash-layout")
    return client


@pytest.fixture
def three(workspace):
    """Save three small runs of AAPL, numbered 1 to 3."""
    for n in range(3):
        saved(workspace.database, made(closes(10.0, 11.0), params={"fast": 5 + n, "slow": 50}))
    return workspace.database


def parts(app, **query) -> dict[str, dict]:
    """Return the properties of every component of the page that has an id."""
    with app.server.test_request_context():
        root = app.server.config["LAYOUTS"]["pages.runs"](**query)
    named = [one for one in root._traverse() if isinstance(one, Component) and hasattr(one, "id")]
    return {one.id: one.to_plotly_json()["props"] for one in named}


def post(client, path, body, **headers):
    return client.post(path, json=body, headers=headers)


def test_the_address_says_what_the_page_asks_for_and_back():
    query = {"q": " fast ", "tag": ["Trend", "b,c", "trend"], "favourite": "1", "symbol": "aapl",
             "strategy": "rsi", "sort": "sharpe", "order": "asc"}  # fmt: skip
    wanted = filter_of(query)
    assert wanted == RunFilter("fast", ("trend", "b,c"), True, "AAPL", "rsi", "sharpe", False)
    written = query_of(wanted)
    again = {name: [v for n, v in written if n == name] for name, _ in written}
    assert filter_of(again) == wanted
    assert query_of(RunFilter()) == []


def test_an_unknown_order_is_named_and_the_newest_come_first():
    wanted, trouble = filter_or_default(filter_of, {"q": "a", "sort": "sharp", "order": "asc"})
    assert wanted == RunFilter("a")
    assert 'Did you mean "sharpe"?' in trouble


@pytest.mark.parametrize(
    "query",
    [
        {"sort": NASTY, "order": NASTY},
        {"q": "'; drop table backtest_runs; --", "symbol": "\0", "strategy": "\ud800"},
        {"tag": [NASTY] * 50, "favourite": "x" * 9999},
        {"q": "%" * 9999, "order": ["asc", "desc"], "sort": []},
        {"path": "/x", "workspace": "1"},
    ],
)
def test_a_nonsense_address_shows_the_page(app, three, query):
    page = parts(app, **query)
    assert page["runs-search"]["type"] == "search"
    assert len(find_runs(three).rows) == 3


def test_the_first_rows_come_with_the_page_and_are_what_the_address_asks_for(app, three):
    change_run(three, 2, tags=["trend"], favourite=True)
    first = parts(app, tag="trend", favourite="1")["runs-first"]["data"]
    assert ([row["id"] for row in first["rows"]], first["total"]) == (["2"], 1)
    assert first["query"] == [("tag", "trend"), ("favourite", "1")]
    assert parts(app)["runs-tag"]["options"][1:] == [{"value": "trend", "label": "trend"}]


def test_a_page_of_long_names_and_notes_stays_small(app, workspace):
    for n in range(100):
        saved(workspace.database, made(closes(10.0, 11.0), params={"fast": n + 2, "slow": 400}))
        tags = [f"{k}{'t' * 38}" for k in range(20)]
        change_run(workspace.database, n + 1, name="n" * 200, notes="o" * 10_000, tags=tags)
    data = parts(app)["runs-first"]["data"]
    assert len(data["rows"]) == 100
    assert len(json.dumps(data)) < 300_000


def test_rows_come_in_blocks_and_never_more_than_200(client, three):
    answer = client.get("/api/runs?offset=1&limit=1").get_json()
    assert ([row["id"] for row in answer["rows"]], answer["total"]) == (["2"], 3)
    for odd in ("offset=-1&limit=x", "limit=999999999999", "offset=999999999&limit=5"):
        assert client.get(f"/api/runs?{odd}").status_code == 200
    refused = client.get("/api/runs?sort=sharp")
    assert refused.status_code == 400
    assert 'Did you mean "sharpe"?' in refused.text


def test_a_row_says_what_the_check_for_look_ahead_found(three):
    run = find_runs(three).rows[0]
    assert run_rows([run])[0]["look_ahead"] == "unchecked"
    object.__setattr__(run, "look_ahead", LookAhead("passed", 40))
    row = run_rows([run])[0]
    assert row["look_ahead"] == "passed"
    assert "40 bars" in row["look_ahead_text"]


def test_what_is_said_of_a_run_is_read_and_changed(client, three):
    answer = post(client, "/api/runs/2/remarks", {"name": NASTY, "tags": ["Trend"]})
    assert answer.get_json()["row"]["name"] == NASTY
    assert answer.get_json()["known"] == ["trend"]
    post(client, "/api/runs/2/remarks", {"notes": "a\nb", "favourite": True})
    said = client.get("/api/runs/2/remarks").get_json()
    assert said == {
        "name": NASTY, "notes": "a\nb", "tags": ["trend"], "favourite": True, "known": ["trend"],
    }  # fmt: skip


def test_deleted_runs_leave_the_list_and_come_back(client, three):
    assert post(client, "/api/runs/delete", {"ids": ["1", "3", "77"]}).get_json() == {"count": 2}
    assert client.get("/api/runs").get_json()["total"] == 1
    assert post(client, "/api/runs/restore", {"ids": [1, 3]}).get_json() == {"count": 2}
    assert client.get("/api/runs").get_json()["total"] == 3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("1/remarks", {}),
        ("1/remarks", {"name": 5}),
        ("1/remarks", {"deleted_at": "now"}),
        ("1/remarks", ["name"]),
        ("1/remarks", {"tags": ["x" * 41]}),
        ("1/remarks", {"name": "x" * 201}),
        ("delete", {"ids": "1"}),
        ("delete", {}),
        ("restore", {"ids": [{}]}),
    ],
)
def test_an_order_that_makes_no_sense_changes_nothing(client, three, path, body):
    before = find_runs(three)
    answer = post(client, f"/api/runs/{path}", body)
    assert answer.status_code == 400
    assert len(answer.text.strip()) > 20
    assert find_runs(three) == before


@pytest.mark.parametrize("path", ["delete", "restore", "1/remarks"])
def test_orders_of_other_sites_are_refused(client, three, path):
    body = {"ids": [1], "name": "x"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        assert post(client, f"/api/runs/{path}", body, **headers).status_code == 403
    assert client.post(f"/api/runs/{path}", data="ids=1").status_code == 403
    assert find_runs(three).total == 3


@pytest.mark.parametrize("run", ["77", "abc", "0", "-1", "9" * 30])
def test_remarks_of_no_run_are_404_with_a_sentence(client, three, run):
    for answer in (
        client.get(f"/api/runs/{run}/remarks"),
        post(client, f"/api/runs/{run}/remarks", {"name": "x"}),
    ):
        assert answer.status_code == 404
        assert "There is no saved run" in answer.text
