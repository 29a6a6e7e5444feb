"""What the page Optimise asks the server of studies: lists, remarks, orders, rows of results."""

import pytest
from test_front import slow_front

from dashboard.app import create_app
from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.metrics import METRIC_SPECS
from services.palette import find_places
from services.settings import Settings
from services.studies import (
    StudyRequest,
    change_study,
    delete_studies,
    end_study,
    find_study,
    load_results,
)
from services.studies.prepare import create_prepared, prepare_study
from services.studies.work import run_study
from services.workspace import open_workspace
from strategies.registry import STRATEGIES

SPACE = {"fast": [5, 10], "slow": [20, 50, 100]}


def study_of(workspace, symbol, strategy, space):
    request = StudyRequest(BacktestRequest(symbol, "1d", strategy, duration="5 Y"), space)
    prepared = prepare_study(workspace.database, request, STRATEGIES[strategy])
    study = create_prepared(workspace.database, prepared)
    return run_study(workspace.database, study.id, STRATEGIES[strategy])


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(database_url="", data_dir=tmp_path_factory.mktemp("studies"))


@pytest.fixture(scope="module")
def workspace(settings):
    workspace = open_workspace(settings)
    ingest_sample(workspace.database, "AAPL")
    study_of(workspace, "AAPL", "ma_cross", SPACE)
    study_of(workspace, "AAPL", "rsi", {"period": [7, 14]})
    change_study(workspace.database, 1, name="Slow and steady", notes="Looked at in spring")
    yield workspace
    workspace.database.close()


@pytest.fixture(scope="module")
def client(settings, workspace):
    return create_app(settings).server.test_client()


def post(client, path, body):
    return client.post(path, json=body)


def listed(client, words=""):
    return [row["id"] for row in client.get(f"/api/studies?q={words}").get_json()["rows"]]


def test_studies_are_listed_the_newest_first_and_found_by_words(client):
    assert listed(client) == ["2", "1"]
    for words in ("steady", "spring", "ma_cross"):
        assert listed(client, words) == ["1"]
    assert listed(client, "nothing+like+this") == []


def test_studies_come_in_blocks_in_the_order_of_a_column(client):
    both = client.get("/api/studies?sort=strategy&order=asc").get_json()
    assert ([row["id"] for row in both["rows"]], both["total"]) == (["1", "2"], 2)
    rest = client.get("/api/studies?sort=strategy&order=asc&offset=1&limit=5").get_json()
    assert ([row["id"] for row in rest["rows"]], rest["total"]) == (["2"], 2)
    refused = client.get("/api/studies?sort=strategie")
    assert (refused.status_code, 'Did you mean "strategy"?' in refused.text) == (400, True)
    for odd in ("offset=-1&limit=x", "limit=999999999999", "offset=999999999&limit=5"):
        assert client.get(f"/api/studies?{odd}").get_json()["total"] == 2


def test_the_count_says_what_was_found(client):
    def said(words):
        return client.get(f"/api/studies?q={words}").get_json()["text"]

    assert said("") == "2 studies"
    assert said("steady") == "1 study found"
    assert said("nothing+like+this") == "No study has all of these words"


def test_a_row_says_what_was_asked_how_far_it_is_and_its_best(client, workspace):
    row = client.get("/api/studies?q=steady").get_json()["rows"][0]
    assert (row["series"], row["method"]) == ("AAPL 1d", "All combinations")
    assert (row["combinations"], row["share"], row["state"]) == (6, 1.0, "done")
    assert row["best"] == load_results(workspace.database, 1)["sharpe"].max()
    assert (row["objective"], row["best_text"]) == ("Sharpe", f"{row['best']:.2f}")


def test_name_and_notes_are_read_and_changed(client, workspace):
    said = client.get("/api/studies/2/remarks").get_json()
    assert said == {"name": "", "notes": ""}
    answer = post(client, "/api/studies/2/remarks", {"name": " Short  one "})
    assert answer.get_json()["row"]["name"] == "Short one"
    assert find_study(workspace.database, 2).name == "Short one"
    assert post(client, "/api/studies/2/remarks", {"name": ""}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"tags": []}, {"name": 3}, []])
def test_a_change_that_is_none_is_refused(client, body):
    assert post(client, "/api/studies/2/remarks", body).status_code == 400


def test_deleted_studies_come_back(client, workspace):
    assert post(client, "/api/studies/delete", {"ids": ["2", "77"]}).get_json() == {"count": 1}
    assert listed(client) == ["1"]
    assert client.get("/api/studies/2/rows").status_code == 404
    assert post(client, "/api/studies/restore", {"ids": ["2"]}).get_json() == {"count": 1}
    assert listed(client) == ["2", "1"]


@pytest.mark.parametrize("order", ["cancel", "go-on", "remarks"])
def test_orders_from_another_site_are_refused(client, workspace, order):
    foreign = {"Origin": "http://elsewhere.example"}
    answer = client.post(f"/api/studies/1/{order}", json={"name": "x"}, headers=foreign)
    assert answer.status_code == 403
    assert find_study(workspace.database, 1).name == "Slow and steady"


def test_a_stopped_study_waits_for_a_worker_when_it_shall_go_on(client, workspace):
    request = StudyRequest(BacktestRequest("AAPL", "1d", "macd"), {"fast": [8, 12]})
    prepared = prepare_study(workspace.database, request, STRATEGIES["macd"])
    study = create_prepared(workspace.database, prepared)
    end_study(workspace.database, study.id, "cancelled")
    path = f"/api/studies/{study.id}"
    assert post(client, f"{path}/go-on", {}).get_json() == {"state": "waiting"}
    assert client.get("/api/studies?q=macd").get_json()["rows"][0]["state"] == "waiting"
    post(client, f"{path}/cancel", {})
    assert find_study(workspace.database, study.id).can_go_on
    assert delete_studies(workspace.database, [study.id]) == 1


def test_a_walk_forward_has_windows_and_no_rows(client, workspace):
    backtest = BacktestRequest("AAPL", "1d", "ma_cross", duration="4 Y")
    how = {"method": "walk_forward", "train": "2 Y", "test": "1 Y"}
    request = StudyRequest(backtest, SPACE, **how)
    prepared = prepare_study(workspace.database, request, STRATEGIES["ma_cross"])
    study = create_prepared(workspace.database, prepared)
    run_study(workspace.database, study.id, STRATEGIES["ma_cross"])
    answer = client.get(f"/api/studies/{study.id}/rows").get_json()
    assert answer == {"rows": [], "total": 0}
    assert delete_studies(workspace.database, [study.id]) == 1


def test_rows_of_results_come_in_blocks_in_any_order(client, workspace):
    frame = load_results(workspace.database, 1)
    first = client.get("/api/studies/1/rows?sort=sharpe&order=desc&limit=2").get_json()
    assert first["total"] == len(frame)
    best = sorted(frame["sharpe"])[:-3:-1]
    assert [row["sharpe"] for row in first["rows"]] == pytest.approx(best, rel=1e-7)
    rest = client.get("/api/studies/1/rows?sort=sharpe&order=desc&offset=2&limit=50").get_json()
    assert len(rest["rows"]) == len(frame) - 2
    slow = client.get("/api/studies/1/rows?sort=slow&order=asc").get_json()["rows"]
    assert [row["slow"] for row in slow] == sorted(frame["slow"])


def rows_of(client, query):
    return client.get(f"/api/studies/1/rows?{query}").get_json()


@pytest.mark.parametrize("front", ["sharpe,max_drawdown", "cagr,volatility,win_rate"])
def test_the_front_is_marked_in_the_rows_and_can_be_had_alone(client, workspace, front):
    metrics = front.split(",")
    frame = load_results(workspace.database, 1)
    better = {name: METRIC_SPECS[name].better for name in metrics}
    wanted = {str(place) for place in slow_front(frame, better)}
    every = rows_of(client, f"front={front}")
    marked = {row["id"] for row in every["rows"] if row["front"]}
    assert (marked, every["total"]) == (wanted, 6)
    alone = rows_of(client, f"front={front}&only=front&sort=slow&order=asc")
    assert ({row["id"] for row in alone["rows"]}, alone["total"]) == (wanted, len(wanted))
    assert [row["slow"] for row in alone["rows"]] == sorted(row["slow"] for row in alone["rows"])
    first = rows_of(client, f"front={front}&sort=front&order=desc")["rows"]
    assert [bool(row["front"]) for row in first] == [True] * len(wanted) + [False] * (
        6 - len(wanted)
    )


@pytest.mark.parametrize("front", ["", "beauty", "sharpe,sharpe,,", "trades"])
def test_an_odd_front_is_answered(client, front):
    assert rows_of(client, f"front={front}")["total"] == 6


@pytest.mark.parametrize("query", ["offset=x", "limit=-1", "sort=no_such", "offset=999999999"])
def test_an_odd_question_for_rows_is_answered(client, query):
    assert client.get(f"/api/studies/1/rows?{query}").get_json()["total"] == 6


def test_the_palette_finds_studies(workspace):
    def titles(words):
        return [place.title for place in find_places(workspace.database, words).studies]

    assert titles("steady") == titles("study 1") == ["Study 1: Slow and steady"]
    place = find_places(workspace.database, "steady").studies[0]
    assert place.address == "/optimise?study=1"
    assert place.detail.startswith("AAPL 1d ma_cross · all combinations · Sharpe ")
