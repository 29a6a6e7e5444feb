"""The backtest page when something is wrong: in the form, in the address, with the server."""

from urllib.parse import urlencode

import pytest
from chart_page import (
    DRAWN,
    error_beside,
    fill,
    open_run,
    press_run,
    script,
    times_painted,
    value_of,
    wait_for_paint,
)
from patience import until
from selenium.webdriver.common.by import By
from sqlalchemy import func, select

import pages.backtest
from db.models import BacktestRun
from services.database import open_database
from services.ingest import ingest_sample
from services.settings import Settings
from services.workspace import open_workspace

pytestmark = pytest.mark.browser

QUERY = {"symbol": "MSFT", "resolution": "1d", "strategy": "ma_cross", "p.fast": 20, "p.slow": 50}
MSFT = "/backtest?" + urlencode(QUERY)
WRONG_ENTRIES = [  # field, its kind, what is typed, what the sentence says
    ("symbol", "field", "MFST", 'Did you mean "MSFT"?'),
    ("symbol", "field", "", "Choose a symbol"),
    ("fast", "param", "60", "fast must be below slow"),
    ("fast", "param", "1", "fast"),
    ("slow", "param", "100000", "slow"),
    ("slow", "param", "50.5", "slow"),
    ("duration", "field", "5 X", "is not a duration"),
    ("cash", "field", "-5", "cash"),
    ("slippage", "field", "99999", "slippage"),
]
NONSENSE = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "'; DROP TABLE backtest_runs; --",
)


def saved_runs(settings: Settings) -> int:
    database = open_database(settings)
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(BacktestRun))
    database.close()
    return count


def shown_errors(page) -> list[str]:
    return script(
        page,
        "return [...document.querySelectorAll('.field-error')]"
        ".map((e) => e.textContent).filter(Boolean)",
    )


def test_an_error_stands_beside_its_field_and_goes_when_it_is_mended(page):
    open_run(page, MSFT)
    for name, kind, wrong, sentence in WRONG_ENTRIES:
        right = value_of(page, name, kind)
        fill(page, name, wrong, kind)
        press_run(page)
        until(lambda n=name, k=kind: error_beside(page, n, k), 10)
        assert sentence.lower() in error_beside(page, name, kind).lower()
        assert len(shown_errors(page)) == 1, wrong
        painted = times_painted(page)
        fill(page, name, right, kind)
        press_run(page)
        wait_for_paint(page, painted)
        until(lambda: shown_errors(page) == [], 5)


def test_dates_and_a_duration_exclude_each_other_and_dates_must_be_dates(page):
    page.wait_for_page(f"{page.server_url}{MSFT}&duration=5 Y&start=2005-01-01", timeout=20)
    until(lambda: "not both" in error_beside(page, "duration"), 10)
    page.wait_for_page(f"{page.server_url}{MSFT}&start=2005-02-31", timeout=20)
    until(lambda: "2005-02-31" in error_beside(page, "start"), 10)
    page.wait_for_page(f"{page.server_url}{MSFT}&start=2006-01-01&end=2005-01-01", timeout=20)
    until(lambda: "after the end" in error_beside(page, "start"), 10)
    page.wait_for_page(f"{page.server_url}{MSFT}&start=1980-01-01&end=1980-02-01", timeout=20)
    until(lambda: shown_errors(page), 10)
    assert page.driver.find_elements(By.CSS_SELECTOR, DRAWN) == []


def test_nonsense_in_an_address_gets_a_sentence_and_no_run(page, sample_settings):
    before = saved_runs(sample_settings)
    names = (*QUERY, "duration", "start", "end", "cash", "commission", "slippage", "fill")
    for number, name in enumerate(names):
        wrong = NONSENSE[number % len(NONSENSE)]
        query = {**QUERY, name: wrong}
        page.wait_for_page(f"{page.server_url}/backtest?{urlencode(query)}", timeout=20)
        until(lambda: shown_errors(page), 10, msg=f"{name}={wrong}")
        assert script(page, "return window.hacked") is None
        assert page.driver.find_elements(By.CSS_SELECTOR, DRAWN) == []
    assert saved_runs(sample_settings) == before


def test_unknown_names_in_an_address_are_named_as_text(page):
    wrong = "<img src=x onerror=window.hacked=1>"
    path = f"{MSFT}&{urlencode({'symbl': 'X', wrong: 1, 'p.fsat': 3})}"
    page.wait_for_page(f"{page.server_url}{path}", timeout=20)
    note = page.wait_for_element(".workbench-result > .caution").text
    assert '"symbl"' in note
    assert wrong in note
    until(lambda: 'Did you mean "fast"' in " ".join(shown_errors(page)), 10)
    assert script(page, "return window.hacked") is None


def test_a_defect_in_a_run_is_a_toast_and_the_button_works_again(page, monkeypatch):
    open_run(page, MSFT)
    with monkeypatch.context() as broken:

        def fail(*_args, **_kwargs):
            raise RuntimeError("a defect")

        broken.setattr(pages.backtest, "run_request", fail)
        press_run(page)
        page.wait_for_contains_text("#toasts", "Unexpected error")
        assert "a defect" not in page.find_element("#toasts").text
        page.wait_for_element("#bt-run:not([disabled])")
        assert page.find_elements(".is-busy") == []
    painted = times_painted(page)
    press_run(page)
    wait_for_paint(page, painted)
    page.get_logs()  # the failed request


def test_a_server_that_goes_in_the_middle_is_told_and_the_run_can_be_repeated(
    open_browser, serve, tmp_path
):
    settings = Settings(database_url="", data_dir=tmp_path)
    workspace = open_workspace(settings)
    ingest_sample(workspace.database, "MSFT")
    workspace.database.close()
    server = serve(settings)
    page = open_browser(server.url, home=False)
    open_run(page, MSFT)
    server.stop()
    press_run(page)
    page.wait_for_contains_text("#server-banner", "The server does not answer")
    page.wait_for_element("#bt-run:not([disabled])")
    assert page.find_elements(".is-busy") == []
    server.start()
    page.wait_for_contains_text("#toasts", "The server answers again")
    painted = times_painted(page)
    press_run(page)
    wait_for_paint(page, painted)
    page.driver.get_log("browser")  # the refused requests
