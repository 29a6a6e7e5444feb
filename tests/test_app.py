"""The app as a server answers it: pages, errors, headers, health, all without a browser."""

import base64
import hashlib
import json
import logging
import re

import dash
import pytest
from dash import Input, Output

from dashboard.app import create_app
from dashboard.errors import UNEXPECTED, guarded
from services.errors import NoBars
from services.ingest import ingest_sample
from services.instruments import add_instrument
from services.settings import ROOT, Settings
from services.workspace import open_workspace

ROUTER = ".._pages_content.children..._pages_store.data.."


@pytest.fixture
def app(workspace):
    """Give a dashboard on an empty database."""
    return create_app(workspace.settings)


@pytest.fixture
def client(app):
    return app.server.test_client()


def open_page(client, path: str, search: str = "") -> str:
    """Return what the router shows for an address, as the text of its JSON."""
    answer = call(
        client,
        ROUTER,
        [("_pages_content", "children"), ("_pages_store", "data")],
        [("_pages_location", "pathname", path), ("_pages_location", "search", search)],
    )
    assert answer.status_code == 200
    return json.dumps(answer.get_json(), ensure_ascii=False)


def call(client, output: str, outputs: list, inputs: list):
    """Press what a browser would press: post a callback with the values of its inputs."""
    parts = [{"id": name, "property": what} for name, what in outputs]
    body = {
        "output": output,
        "outputs": parts if output.startswith("..") else parts[0],
        "inputs": [{"id": i, "property": p, "value": v} for i, p, v in inputs],
        "changedPropIds": [f"{inputs[0][0]}.{inputs[0][1]}"],
    }
    client.get("/_dash-layout")
    return client.post("/_dash-update-component", json=body)


def fail_with(app, monkeypatch, error: Exception) -> None:
    def layout(**_query):
        raise error

    monkeypatch.setitem(app.server.config["LAYOUTS"], "pages.home", guarded(layout))


def test_home_of_an_empty_database_says_what_to_type(client):
    assert "python -m scripts.ingest --source sample" in open_page(client, "/")


def test_home_lists_a_stored_series_with_a_link_to_its_backtest(workspace, client):
    ingest_sample(workspace.database, "GOOG")
    page = open_page(client, "/")
    assert "Alphabet Inc." in page
    assert "2,148" in page
    assert "/backtest?symbol=GOOG&resolution=1d&strategy=ma_cross" in page


def test_the_list_of_runs_is_empty_at_first(client):
    assert "No runs are saved yet" in open_page(client, "/runs")


def test_an_unknown_address_is_a_page_that_says_so(client):
    assert client.get("/no/such/page").status_code == 200
    assert "No page has this address" in open_page(client, "/no/such/page")


@pytest.mark.parametrize("search", ["?a=1&a=2", "?=&&", "?%00=%ff", "?self=1&app=2&path=x"])
def test_a_nonsense_query_does_no_harm(client, search):
    assert "From nothing to a first chart" in open_page(client, "/", search)


def test_two_apps_in_one_process_show_each_its_own_database(workspace, tmp_path):
    other = open_workspace(Settings(database_url="", data_dir=tmp_path / "other"))
    add_instrument(other.database, "ONLYHERE")
    ingest_sample(other.database, "IBM")
    first = create_app(workspace.settings).server.test_client()
    second = create_app(other.settings).server.test_client()
    assert "International Business Machines" in open_page(second, "/")
    assert "From nothing to a first chart" in open_page(first, "/")


def test_a_known_error_in_a_layout_is_a_state_of_the_page(app, client, monkeypatch):
    fail_with(app, monkeypatch, NoBars("There is nothing; do this."))
    page = open_page(client, "/")
    assert "There is nothing; do this." in page
    assert "Try again" in page


def test_an_unknown_run_leads_to_the_list_of_runs(client):
    page = open_page(client, "/runs/77")
    assert 'no saved run \\"77\\"' in page
    assert "See all runs" in page


def test_a_defect_in_a_layout_is_logged_and_not_shown(app, client, monkeypatch, caplog):
    fail_with(app, monkeypatch, RuntimeError("secret detail"))
    page = open_page(client, "/")
    assert UNEXPECTED in page
    assert "secret detail" not in page
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("error", "shown"),
    [(NoBars("There is nothing; do this."), "There is nothing; do this."),
     (RuntimeError("secret detail"), UNEXPECTED)],
)  # fmt: skip
def test_a_failing_callback_shows_a_toast_and_changes_nothing(app, caplog, error, shown):
    @app.callback(Output("a", "children"), Output("b", "children"), Input("c", "value"))
    def _fail(_value):
        raise error

    answer = call(
        app.server.test_client(),
        "..a.children...b.children..",
        [("a", "children"), ("b", "children")],
        [("c", "value", 1)],
    )
    data = answer.get_json()
    assert data["sideUpdate"]["toast-message"]["data"] == {"text": shown, "kind": "error"}
    assert not set(data.get("response", {})) & {"a", "b"}
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert bool(logged) == isinstance(error, RuntimeError)


def test_health_is_good_while_the_database_answers(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"ok": True})


def test_health_is_bad_with_a_sentence_when_the_database_is_gone(workspace, client):
    client.get("/healthz")
    path = workspace.settings.data_dir / "research.db"
    for file in workspace.settings.data_dir.glob("research.db*"):
        file.write_bytes(b"this is no database" * 100)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert str(path) in answer.get_json()["error"]


@pytest.mark.parametrize("path", ["/api/nothing", "/export/runs/1.doc", "/api/a/b/<i>"])
def test_an_unknown_address_of_data_is_not_found(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")


def test_an_address_without_a_file_is_one_plain_sentence(client):
    answer = client.get("/assets/nothing.js")
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")


def test_the_policy_allows_exactly_the_scripts_of_the_document(client):
    client.get("/")
    answer = client.get("/")
    scripts = re.findall(
        r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>",
        answer.get_data(as_text=True),
        re.DOTALL,
    )
    policy = answer.headers["Content-Security-Policy"]
    assert scripts
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]


def test_the_document_asks_no_other_host_for_anything(client):
    document = client.get("/").get_data(as_text=True)
    addresses = re.findall(r"(?:src|href)=\"([^\"]*)\"", document)
    assert addresses
    for address in addresses:
        assert address.startswith("/") and not address.startswith("//"), address
        assert client.get(address).status_code == 200, address


def test_every_font_and_picture_of_a_style_sheet_is_there():
    for sheet in (ROOT / "assets").rglob("*.css"):
        for address in re.findall(r"url\([\"']?([^)\"']+)", sheet.read_text()):
            if address.startswith("data:") or ".woff?" in address:
                continue  # the icon font's second form, for browsers that lack woff2
            file = sheet.parent / address.split("?")[0].split("#")[0]
            assert file.resolve().is_file(), f"{sheet.name}: {address}"


def test_vendored_files_come_with_their_licence():
    for folder in (ROOT / "assets" / "vendor").iterdir():
        assert list(folder.glob("LICENSE*")), folder.name


def test_the_chart_library_is_named_by_every_page_and_not_in_the_way_of_any(client):
    document = client.get("/").get_data(as_text=True)
    address = re.search(r'data-plotly="([^"]+)"', document).group(1)
    assert address.startswith("/assets/vendor/plotly/plotly-finance.min.js?m=")
    assert f'src="{address}"' not in document
    assert client.get(address).status_code == 200


def test_what_the_page_is_made_of_is_kept_as_long_as_its_address_names_its_version(client):
    sheet = re.search(r'href="(/assets/zz/[^"]+)"', client.get("/").get_data(as_text=True)).group(1)
    assert "immutable" in client.get(sheet).headers["Cache-Control"]
    assert client.get("/assets/favicon.svg").headers["Cache-Control"] == "no-cache"
    font = "/assets/vendor/bootstrap-icons/bootstrap-icons.min.css"
    assert client.get(font).headers["Cache-Control"] == "public, max-age=86400"
    assert "Cache-Control" not in client.get("/assets/nothing.js?m=1").headers


def test_every_page_names_the_tab(app):
    assert all(page["title"] for page in dash.page_registry.values())
