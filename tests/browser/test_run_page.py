"""The page of a saved run in a real browser: what was stored, downloads, the link to it."""

import io
import urllib.request

import pandas as pd
import pytest
from chart_page import cards, click_row, open_run, selection, trace, view, wait_for_view
from patience import until
from PIL import Image
from sqlalchemy import delete

from db.models import MarketPrice
from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.research import run_request
from services.settings import Settings
from services.workspace import open_workspace
from strategies.registry import load_strategy

pytestmark = pytest.mark.browser


def fetch(url: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.headers["Content-Type"].split(";")[0], answer.read()


@pytest.fixture
def saved_run(tmp_path):
    """Give settings of a database that keeps a run of MSFT but no bars any more, and the run."""
    settings = Settings(database_url="", data_dir=tmp_path)
    workspace = open_workspace(settings)
    ingest_sample(workspace.database, "MSFT")
    request = BacktestRequest("MSFT", "1d", "bollinger", duration="5 Y")
    run = run_request(workspace, request, load_strategy("bollinger"))
    with workspace.database.writing() as session:
        session.execute(delete(MarketPrice))
    workspace.database.close()
    return settings, run


def test_a_run_is_drawn_from_what_was_stored_after_its_bars_are_gone(
    open_browser, serve, saved_run
):
    settings, run = saved_run
    page = open_browser(serve(settings).url, home=False)
    open_run(page, f"/runs/{run.id}")
    assert page.driver.title == f"Run {run.id}: MSFT 1d bollinger · Trading Research"
    assert trace(page, "Buy")["x"] == run.result.trades["entry_bar"].tolist()
    assert cards(page)["trades"][0] == str(int((run.result.trades["exit_bar"] >= 0).sum()))
    whole = view(page)
    click_row(page, 1)
    wait_for_view(page, lambda shown: shown != whole)
    first = run.result.trades.iloc[0]
    assert selection(page) == [[first.entry_bar - 0.5, first.exit_bar + 0.5]]
    shown = trace(page, "Price")
    bars = run.result.bars
    assert shown["close"] == pytest.approx(bars["close"].iloc[[int(x) for x in shown["x"]]])


def test_a_number_that_is_no_run_gets_a_sentence_and_a_way_on(page):
    for wrong in ("999", "abc", "0", "%3Cb%3E"):
        page.wait_for_page(f"{page.server_url}/runs/{wrong}", timeout=20)
        page.wait_for_contains_text(".state-text", "There is no saved run")
        assert page.driver.title == "No such run · Trading Research"
    page.find_element(".state-action a[href='/runs']").click()
    page.wait_for_text_to_equal("h1", "Runs")


def download(page, kind: str) -> tuple[str, bytes]:
    """Fetch what the menu of downloads offers under an ending."""
    page.find_element(".report-actions summary").click()
    link = page.wait_for_element(f".report-actions a[href$='.{kind}']")
    address = link.get_attribute("href")
    page.find_element(".report-actions summary").click()
    return fetch(address)


def test_the_downloads_hold_the_run(page, server, sample_settings):
    open_run(page, "/runs/1")
    kind, content = download(page, "png")
    assert kind == "image/png"
    picture = Image.open(io.BytesIO(content))
    picture.load()
    assert min(picture.size) > 500
    kind, content = download(page, "csv")
    assert kind == "text/csv"
    workspace = open_workspace(sample_settings)
    run = workspace.recent_runs.get(workspace.database, 1)
    workspace.database.close()
    written = pd.read_csv(io.BytesIO(content), parse_dates=["entry_time", "exit_time"])
    trades = run.result.trades
    assert written["entry_time"].tolist() == trades["entry_time"].tolist()
    for name in ("entry_price", "exit_price", "quantity", "profit", "return"):
        assert written[name].tolist() == pytest.approx(trades[name].tolist(), nan_ok=True), name


def allow_clipboard(page) -> None:
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
            "origin": page.server_url,
        },
    )


def clipboard(page) -> str:
    return page.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](String(e)))"
    )


def test_the_copied_link_leads_to_the_run(page):
    allow_clipboard(page)
    open_run(page, "/backtest?symbol=MSFT&resolution=1d&strategy=ma_cross&duration=5 Y")
    title = page.find_element(".report-name").text
    page.find_element("#copy-link").click()
    page.wait_for_element("#copy-dialog[open]")
    assert "Run 1: MSFT 1d ma_cross" in page.find_element("#copy-carries").text
    page.find_element("#copy-now").click()
    page.wait_for_contains_text("#copy-status", "The link is copied")
    link = clipboard(page)
    assert link == f"{page.server_url}/runs/1"
    page.wait_for_page(link, timeout=20)
    page.wait_for_text_to_equal(".report-name", title)


def test_a_run_leads_back_to_the_form_that_made_it(page):
    open_run(page, "/runs/1")
    page.find_element(".page-head a").click()
    until(lambda: "/backtest?symbol=MSFT" in page.driver.current_url, 5)
    page.wait_for_element("form")
    until(lambda: "MSFT" in page.find_element(".report-name").text, 10)
