"""Files in a real browser: dropped or chosen, looked at, stored or forgotten."""

import pytest
from data_page import PATIENCE, field, select, text, texts, wait_for_rows, working
from patience import until
from real_bars import real_bars
from sqlalchemy import text as sql

from services.ingest.uploads import uploads_dir
from services.jobs import list_jobs
from services.market_data import catalogue
from services.settings import Settings
from services.workspace import open_workspace

pytestmark = pytest.mark.browser


@pytest.fixture
def data(tmp_path):
    """Give a workspace whose files are this test's own."""
    workspace = open_workspace(Settings(database_url="", data_dir=tmp_path / "data"))
    yield workspace
    workspace.database.close()


@pytest.fixture
def page(open_browser, serve, data):
    page = open_browser(serve(data.settings).url, home=False)
    page.wait_for_page(f"{page.server_url}/data?add=1")
    page.wait_for_element("#drop-zone")
    return page


@pytest.fixture
def prices(tmp_path):
    """Write a file of 30 real bars of IBM, of which row 5 has its high below its low."""
    bars = real_bars("IBM").head(30)
    bars.loc[4, "high"] = 1.0
    path = tmp_path / "IBM_daily_2000.csv"
    bars.to_csv(path, index=False)
    return path


def give(page, path) -> None:
    page.driver.find_element("css selector", "#drop-file").send_keys(str(path))


def test_a_file_is_looked_at_before_it_is_stored(page, prices, data):
    give(page, prices)
    page.wait_for_contains_text(".preview-verdict", "29 of 30 rows would be stored, 1 rejected")
    assert page.find_element(f"[id='{field('symbol')}']").get_attribute("value") == "IBM"
    assert page.find_element(f"[id='{field('resolution')}']").get_attribute("value") == "1d"
    assert texts(page, ".column-map li")[0] == "tstime"
    assert texts(page, ".preview-rejected li") == ["Row 5, 2000-03-07: high below low"]
    assert catalogue(data.database) == []

    select(page, field("adjustment"), "raw")
    page.find_element("#up-store").click()
    with working(data.settings):
        wait_for_rows(page, ["IBM"])
    (entry,) = catalogue(data.database)
    assert (entry.bars, entry.source, entry.adjustment) == (29, "csv", "raw")
    page.wait_for_contains_text(".quality", "Quarantine (1)", timeout=PATIENCE)
    until(lambda: list(uploads_dir(data.settings).iterdir()) == [], PATIENCE)


def test_a_resolution_that_does_not_fit_is_refused_beside_the_button(page, prices):
    give(page, prices)
    page.wait_for_element("#up-store")
    select(page, field("resolution"), "1h")
    page.wait_for_contains_text("#up-error", "choose the resolution 1d")
    assert not page.find_element("#up-store").is_enabled()
    select(page, field("resolution"), "1d")
    until(lambda: page.find_element("#up-store").is_enabled(), 5)
    assert text(page, "#up-error") == ""


def test_a_file_that_is_dropped_is_sent_and_can_be_forgotten(page, data):
    page.driver.execute_script("""
        const files = new DataTransfer();
        files.items.add(new File(["date,open,high,low,close\\n2024-01-02,1,2,1,1\\n"], "KO.csv"));
        for (const kind of ["dragover", "drop"])
          document.getElementById("drop-zone").dispatchEvent(
            new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }));
    """)
    page.wait_for_contains_text(".preview-verdict", "1 of 1 rows would be stored")
    page.find_element("#up-dismiss").click()
    until(lambda: texts(page, ".file-preview") == [], 5)
    assert list(uploads_dir(data.settings).iterdir()) == []
    assert list_jobs(data) == []


def test_what_is_no_table_says_so_and_cannot_be_stored(page, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no table at all\n")
    give(page, path)
    page.wait_for_contains_text(".preview-error", "notes.txt is not a table")
    assert not page.find_element("#up-store").is_displayed()


def test_a_list_of_splits_is_recognised_and_stored(page, tmp_path, data):
    path = tmp_path / "actions.csv"
    path.write_text(
        "date,symbol,event,value\n2005-02-28,AAPL,split,2\n2012-08-09,AAPL,dividend,2.6\n"
    )
    give(page, path)
    page.wait_for_contains_text(".preview-verdict", "1 split and 1 dividend would be stored")
    page.find_element("#up-store").click()
    page.wait_for_contains_text("#toasts", "2 new")
    with data.database.reading() as session:
        stored = session.execute(sql("SELECT event_type, value FROM symbol_events ORDER BY date"))
        assert [tuple(row) for row in stored] == [("split", 2.0), ("dividend", 2.6)]
