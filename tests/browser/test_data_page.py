"""The page of data in a real browser: choose, fetch, judge, schedule, delete."""

import pytest
from builders import closes
from data_page import (
    PATIENCE,
    choose,
    press,
    rows,
    search_of,
    select,
    text,
    wait_for_rows,
    wait_for_series,
    working,
)
from gateway import Market, StandIn
from patience import until
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from services.ingest.store import store_bars
from services.instruments import add_instrument
from services.jobs import list_jobs
from services.market_data import catalogue
from services.settings import Settings
from services.workspace import open_workspace

pytestmark = pytest.mark.browser

NOBODY = 1  # a port on which no gateway listens


@pytest.fixture
def data(tmp_path):
    """Give a workspace whose files are this test's own; no gateway answers."""
    settings = Settings(database_url="", data_dir=tmp_path, ib_port=NOBODY, ib_timeout=5)
    workspace = open_workspace(settings)
    yield workspace
    workspace.database.close()


@pytest.fixture
def crypto(data):
    """Store ten days of a coin, the fourth missing, and ten of a share without an exchange."""
    bars = closes(*range(100, 110), start="2024-01-01").drop(index=[3]).reset_index(drop=True)
    add_instrument(data.database, "BTC", name="Bitcoin", exchange="PAXOS", asset_class="crypto")
    for symbol in ("BTC", "NEW"):
        store_bars(data.database, symbol, "1d", bars, source="csv")
    return data


def open_data(open_browser, serve, workspace, search=""):
    page = open_browser(serve(workspace.settings).url, home=False)
    page.wait_for_page(f"{page.server_url}/data{search}")
    page.wait_for_element("#data-add-button")
    return page


def test_the_samples_arrive_by_one_button_and_the_table_fills(open_browser, serve, data):
    page = open_data(open_browser, serve, data)
    with working(data.settings):
        press(page, "samples")
        wait_for_rows(page, ["AAPL", "GOOG", "IBM", "MSFT"])
        until(lambda: not page.find_elements(".job-line"), PATIENCE)
    assert len(catalogue(data.database)) == 4


def test_a_sample_is_fetched_by_the_form_and_shown_with_its_quality(open_browser, serve, data):
    page = open_data(open_browser, serve, data)
    select(page, "in-source", "sample")
    until(lambda: not page.find_element("#in-find").is_displayed(), 5)
    page.find_element("#in-symbol").send_keys("IBM")
    page.find_element("#in-fetch").click()
    page.wait_for_contains_text(".job-line", "IBM 1d from the samples")
    assert "waiting" in text(page, ".job-line")
    with working(data.settings):
        wait_for_series(page, "IBM")
    assert search_of(page) == "?symbol=IBM&resolution=1d"
    page.wait_for_contains_text(".quality-summary", "3,270 daily bars", timeout=PATIENCE)
    assert len(page.find_elements("[data-heat] svg")) == 4  # the older ones are complete
    assert page.driver.title == "IBM 1d: data"


def test_what_the_form_cannot_do_is_said_beside_it(open_browser, serve, data):
    page = open_data(open_browser, serve, data)
    page.find_element("#in-fetch").click()
    page.wait_for_text_to_equal("#in-error", "Type a symbol to fetch.")
    page.find_element("#in-symbol").send_keys("TSLA")
    page.find_element("#in-fetch").click()
    page.wait_for_contains_text("#in-error", "start TWS or IB Gateway", timeout=PATIENCE)
    assert list_jobs(data) == []


def test_a_symbol_of_the_broker_is_found_chosen_fetched_and_watched(
    open_browser, serve, data, tmp_path
):
    with StandIn(Market(shifted=True)) as gateway:
        settings = data.settings.model_copy(update={"ib_port": gateway.port, "ib_timeout": 20})
        page = open_data(open_browser, serve, type(data)(settings, data.database))
        page.find_element("#in-symbol").send_keys("TSLA" + Keys.ENTER)
        page.wait_for_contains_text(".candidates", "NASDAQ · USD · Stock", timeout=PATIENCE)
        page.driver.execute_script("document.querySelector('#in-duration').select()")
        page.find_element("#in-duration").send_keys("1 Y")
        chosen = page.find_elements(".candidates input")[0]
        if not chosen.is_selected():
            chosen.click()
        page.find_element("#in-fetch").click()
        page.wait_for_contains_text(".job-line", "TSLA 1d, 1 Y from Interactive Brokers")
        # Somebody who closes the tab and comes back finds the same line.
        page.driver.refresh()
        page.wait_for_contains_text(".job-line", "TSLA 1d, 1 Y", timeout=PATIENCE)
        with working(settings):
            wait_for_rows(page, ["TSLA"])
            until(lambda: not page.find_elements(".job-line"), PATIENCE)
    (entry,) = catalogue(data.database)
    assert entry.source == "ibkr"
    assert 240 < entry.bars < 260


def test_an_ambiguous_symbol_is_fetched_only_after_a_contract_is_chosen(open_browser, serve, data):
    with StandIn(Market(shifted=True)) as gateway:
        settings = data.settings.model_copy(update={"ib_port": gateway.port, "ib_timeout": 20})
        page = open_data(open_browser, serve, type(data)(settings, data.database))
        page.find_element("#in-symbol").send_keys("BARC")
        page.find_element("#in-fetch").click()
        page.wait_for_contains_text("#in-error", "may mean 2 contracts", timeout=PATIENCE)
        assert list_jobs(data) == []
        next(
            option
            for option in page.find_elements(".candidates .form-check")
            if "LSE · GBP" in option.text
        ).find_element(By.TAG_NAME, "input").click()
        page.find_element("#in-fetch").click()
        page.wait_for_contains_text(".job-line", "BARC 1d", timeout=PATIENCE)
    (job,) = list_jobs(data)
    chosen = {name: job.arguments[name] for name in ("symbol", "exchange", "currency")}
    assert chosen == {"symbol": "BARC", "exchange": "LSE", "currency": "GBP"}


def test_choosing_a_row_is_an_address_that_back_forward_and_reload_keep(
    open_browser, serve, crypto
):
    page = open_data(open_browser, serve, crypto)
    wait_for_rows(page, ["BTC", "NEW"])
    choose(page, "BTC")
    choose(page, "NEW")
    assert search_of(page) == "?symbol=NEW&resolution=1d"
    page.driver.back()
    wait_for_series(page, "BTC")
    until(lambda: text(page, ".ag-row-selected .data-symbol") == "BTC", 5)
    page.driver.forward()
    wait_for_series(page, "NEW")
    page.driver.refresh()
    wait_for_series(page, "NEW")
    page.driver.back()
    page.driver.back()
    until(lambda: not page.find_element("#data-detail").is_displayed(), 5)


def test_an_address_of_what_is_not_stored_says_so(open_browser, serve, crypto):
    page = open_data(open_browser, serve, crypto, "?symbol=XYZ&resolution=1h")
    page.wait_for_text_to_equal("#data-head .state-title", "XYZ 1h is not stored")


def test_the_filter_narrows_the_table_and_says_when_nothing_is_left(open_browser, serve, crypto):
    page = open_data(open_browser, serve, crypto)
    wait_for_rows(page, ["BTC", "NEW"])
    page.find_element("#data-filter").send_keys("bitco")
    wait_for_rows(page, ["BTC"])
    page.find_element("#data-filter").send_keys("xx")
    page.wait_for_contains_text("#data-grid", "No series matches the filter")


def test_an_accepted_finding_leaves_the_list_and_can_come_back(open_browser, serve, crypto):
    page = open_data(open_browser, serve, crypto, "?symbol=BTC&resolution=1d")
    page.wait_for_contains_text(".finding", "Missing sessions", timeout=PATIENCE)
    press(page, "accept", ".finding")
    page.wait_for_contains_text(".quality", "Nothing is open", timeout=PATIENCE)
    page.wait_for_element(".accepted summary").click()
    press(page, "unaccept", ".accepted")
    until(lambda: "Findings (1)" in text(page, "#data-quality"), PATIENCE)


def test_a_symbol_gets_its_calendar_by_a_button(open_browser, serve, crypto):
    page = open_data(open_browser, serve, crypto, "?symbol=NEW&resolution=1d")
    page.wait_for_element(".exchange-choice", timeout=PATIENCE)
    page.find_element("[data-exchange='PAXOS']").click()
    page.wait_for_element("[data-heat] svg", timeout=PATIENCE)
    assert page.find_elements("[data-heat] .heat-m") != []


def test_a_series_is_deleted_only_after_the_second_button(open_browser, serve, crypto):
    page = open_data(open_browser, serve, crypto, "?symbol=BTC&resolution=1d")
    wait_for_series(page, "BTC")
    with working(crypto.settings):
        press(page, "delete", ".series-actions")
        page.wait_for_text_to_equal(".modal-title", "Delete BTC 1d?")
        assert "9 bars of BTC (Bitcoin)" in text(page, ".modal-body")
        press(page, "keep", ".modal")
        until(lambda: not page.find_elements(".modal.show"), 5)
        assert rows(page) == ["BTC", "NEW"]
        press(page, "delete", ".series-actions")
        press(page, "delete-now", ".modal")
        wait_for_rows(page, ["NEW"])
        until(lambda: search_of(page) == "", 5)
    assert [entry.symbol for entry in catalogue(crypto.database)] == ["NEW"]


def test_a_schedule_is_kept_for_a_series_of_the_broker(open_browser, serve, data):
    store_bars(data.database, "KO", "1d", closes(1, 2, 3), source="ibkr")
    page = open_data(open_browser, serve, data, "?symbol=KO&resolution=1d")
    page.wait_for_element("#data-schedule", timeout=PATIENCE)
    select(page, "data-schedule", "daily")
    page.wait_for_contains_text("#toasts", "every day after its exchange closes")
    until(lambda: text(page, "[col-id='schedule'].ag-cell") == "daily", 5)
    assert catalogue(data.database)[0].schedule == "daily"
    page.driver.refresh()
    page.wait_for_element("#data-schedule", timeout=PATIENCE)
    assert page.find_element("#data-schedule").get_attribute("value") == "daily"


def test_nothing_scrolls_sideways_on_a_phone(open_browser, serve, crypto):
    page = open_data(open_browser, serve, crypto, "?symbol=BTC&resolution=1d&add=1")
    page.driver.set_window_size(500, 900)
    page.wait_for_element("[data-heat] svg", timeout=PATIENCE)
    width = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.driver.execute_script(width) == 0
    assert page.driver.find_element(By.ID, "drop-zone").is_displayed()
