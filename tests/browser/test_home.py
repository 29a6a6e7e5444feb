"""Home: from nothing to a first chart, and what it lists afterwards."""

import pytest
from chart_page import DRAWN
from data_page import text, texts
from patience import until

from services.market_data import catalogue
from services.runs import change_run
from services.settings import Settings
from services.workspace import open_workspace

pytestmark = pytest.mark.browser


@pytest.fixture
def page(home):
    """Give the page at Home."""
    return home


@pytest.fixture
def empty(tmp_path):
    return Settings(database_url="", data_dir=tmp_path)


def query(page) -> str:
    return page.driver.execute_script("return location.pathname + location.search")


def test_one_click_leads_from_nothing_to_a_first_backtest(open_browser, serve, empty):
    page = open_browser(serve(empty).url)
    page.wait_for_element("#first-start").click()
    until(lambda: "AAPL Apple Inc.: 3,270 bars stored" in texts(page, ".first-list li"), 20)
    until(lambda: query(page).startswith("/backtest?symbol=AAPL&resolution=1d"), 30)
    page.wait_for_element(DRAWN, timeout=20)
    workspace = open_workspace(empty)
    stored = [(entry.symbol, entry.bars) for entry in catalogue(workspace.database)]
    workspace.database.close()
    assert stored == [("AAPL", 3270), ("GOOG", 2148), ("IBM", 3270), ("MSFT", 3270)]


def test_an_empty_database_offers_three_ways_and_the_command_line(open_browser, serve, empty):
    page = open_browser(serve(empty).url)
    until(lambda: len(texts(page, ".first-way")) == 3)
    page.find_element(".first-commands summary").click()
    assert "python -m scripts.ingest --source sample" in text(page, ".first-commands pre")
    page.find_element(".first-way:nth-child(2) a").click()
    until(lambda: query(page) == "/data?add=1")
    page.wait_for_element(".ingest-form")


def test_home_lists_what_is_stored_and_the_latest_run(page):
    until(lambda: len(texts(page, "#stored-bars tbody tr")) == 2)
    assert texts(page, "#stored-bars tbody th") == ["AAPL Apple Inc.", "MSFT Microsoft"]
    assert texts(page, "#stored-bars tbody tr:first-child td")[:3] == [
        "1d", "2000-03-01 to 2013-03-01", "3,270",
    ]  # fmt: skip
    assert "MSFT 1d ma_cross" in texts(page, "#latest-runs tbody th")


def test_each_series_leads_to_its_chart_and_to_a_backtest(page):
    until(lambda: len(texts(page, "#stored-bars tbody tr")) == 2)
    links = page.driver.execute_script(
        "return [...document.querySelectorAll('#stored-bars tr:last-child a')]"
        ".map((a) => [a.innerText, a.getAttribute('href')])"
    )
    assert [address for _, address in links] == [
        "/chart?symbol=MSFT&resolution=1d",
        "/backtest?symbol=MSFT&resolution=1d&strategy=ma_cross",
    ]
    page.find_element("#stored-bars tr:last-child a:last-child").click()
    until(lambda: query(page).startswith(links[1][1]))
    page.wait_for_element("form")


def test_a_favourite_stands_on_top_under_its_name(page, server):
    workspace = open_workspace(server.settings)
    change_run(workspace.database, 1, name="Slow and steady", favourite=True)
    try:
        page.driver.refresh()
        until(lambda: "Slow and steady" in text(page, ".favourite-name"))
        page.find_element(".favourite").click()
        until(lambda: query(page).startswith("/runs/1"))
    finally:
        change_run(workspace.database, 1, name="", favourite=False)
        workspace.database.close()
