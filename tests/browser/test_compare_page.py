"""The page that compares runs in a real browser: add, take out, filter, open; a phone."""

import pytest
from builders import random_walk
from data_page import PATIENCE, search_of, text, texts
from patience import until
from selenium.webdriver.common.keys import Keys
from test_runs import made, saved

from services.runs import change_run
from services.settings import Settings
from services.workspace import open_workspace

pytestmark = pytest.mark.browser

NASTY = "<img src=x onerror=\"document.title='attacked'\">"

HOLD_ANSWERS = """
    const ask = window.fetch;
    const leave = new Promise((give) => { window.letThrough = give; });
    window.answers = [];
    window.fetch = (...how) => {
      const answer = leave.then(() => ask(...how));
      window.answers.push(answer);
      return answer;
    };"""
LET_ANSWERS_COME = """
    const done = arguments[0];
    const settle = async () => {
      for (let known = -1; known !== window.answers.length; ) {
        known = window.answers.length;
        await Promise.all(window.answers);
        await new Promise((give) => setTimeout(give, 50));  // for what an answer asks next
      }
      done();
    };
    window.letThrough();
    settle();"""


@pytest.fixture
def four(tmp_path):
    """Save four runs of AAPL that trade differently."""
    workspace = open_workspace(Settings(database_url="", data_dir=tmp_path))
    for fast in (5, 8, 11, 14):
        run = made(random_walk(300, 1), params={"fast": fast, "slow": 30})
        saved(workspace.database, run, bars="same")
    yield workspace
    workspace.database.close()


def open_comparison(open_browser, serve, workspace, ids):
    page = open_browser(serve(workspace.settings).url, home=False)
    page.wait_for_page(f"{page.server_url}/runs/compare?ids={ids}", timeout=PATIENCE)
    page.wait_for_element(".compare-run", timeout=PATIENCE)
    return page


def shown(page) -> list[str]:
    return texts(page, ".compare-name .muted")


def wait_for_runs(page, *expected) -> None:
    until(lambda: shown(page) == list(expected), PATIENCE, f"not {expected} are compared")


def test_the_curves_of_the_runs_are_drawn_on_one_axis(open_browser, serve, four):
    page = open_comparison(open_browser, serve, four, "1,3")
    script = "return document.getElementById('compare-growth').data?.map((trace) => trace.name)"
    until(lambda: page.driver.execute_script(script) == ["Run 1", "Run 3"], PATIENCE)
    assert page.driver.title == "Compare runs"


def test_runs_are_added_by_words_and_number_and_taken_out(open_browser, serve, four):
    change_run(four.database, 3, name="Third " + NASTY)
    page = open_comparison(open_browser, serve, four, "1,2")
    page.find_element("#compare-add").send_keys("third")
    until(lambda: len(texts(page, ".compare-option")) == 1, PATIENCE)
    assert NASTY in text(page, ".compare-option")
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    wait_for_runs(page, "1", "2", "3")
    assert search_of(page) == "?ids=1,2,3"
    page.find_element("#compare-add").send_keys("4" + Keys.ENTER)
    wait_for_runs(page, "1", "2", "3", "4")
    page.find_element("[data-run='2'] a.row-button").click()
    wait_for_runs(page, "1", "3", "4")
    page.driver.back()
    wait_for_runs(page, "1", "2", "3", "4")
    page.driver.refresh()
    wait_for_runs(page, "1", "2", "3", "4")
    assert page.driver.title == "Compare runs"


def test_what_matches_no_other_run_is_said(open_browser, serve, four):
    page = open_comparison(open_browser, serve, four, "1,2")
    page.find_element("#compare-add").send_keys("zzz" + Keys.ENTER)
    page.wait_for_contains_text("#compare-add-list", "No other run matches")
    page.find_element("#compare-add").send_keys(Keys.ESCAPE)
    until(lambda: not page.find_element("#compare-add-list").is_displayed(), PATIENCE)


def test_an_answer_that_comes_after_escape_does_not_open_the_list_again(open_browser, serve, four):
    page = open_comparison(open_browser, serve, four, "1,2")
    page.driver.execute_script(HOLD_ANSWERS)
    page.find_element("#compare-add").send_keys("zzz")
    until(lambda: page.driver.execute_script("return window.answers.length") == 1, PATIENCE)
    page.find_element("#compare-add").send_keys(Keys.ENTER)
    until(lambda: page.driver.execute_script("return window.answers.length") == 2, PATIENCE)
    page.find_element("#compare-add").send_keys(Keys.ESCAPE)
    page.driver.execute_async_script(LET_ANSWERS_COME)
    assert not page.find_element("#compare-add-list").is_displayed()


def test_only_what_differs_is_left_on_demand(open_browser, serve, four):
    page = open_comparison(open_browser, serve, four, "1,2")
    script = """return [...document.querySelectorAll('#compare-settings tbody th')]
      .filter((head) => head.offsetParent).map((head) => head.firstChild.textContent)"""
    assert len(page.driver.execute_script(script)) > 8
    page.find_element("#compare-different").click()
    until(lambda: page.driver.execute_script(script) == ["fast"], PATIENCE)


def test_trades_are_filtered_by_run_and_outcome_and_lead_to_the_trade(open_browser, serve, four):
    page = open_comparison(open_browser, serve, four, "1,2")
    rows = "#compare-trades tbody tr:not([hidden])"
    every = len(texts(page, rows))
    counts = [int(one) for one in texts(page, "[data-compare-by='run'] .muted")]
    assert every == counts[0] == sum(counts[1:])  # of two runs, each trade here is of one
    page.find_element("[data-compare-by='run'][data-compare-value='1']").click()
    until(lambda: len(texts(page, rows)) == counts[2], PATIENCE)
    page.find_element("[data-compare-by='outcome'][data-compare-value='won']").click()
    until(lambda: all("+" in row for row in texts(page, rows)), PATIENCE)
    assert 0 < len(texts(page, rows)) < counts[2]
    page.find_element(f"{rows} .compare-trade").click()
    until(lambda: "/runs/2?tab=trades&trade=" in page.driver.current_url, PATIENCE)
    page.wait_for_element("#report", timeout=PATIENCE)


def test_wrong_numbers_get_a_sentence_and_a_way_on(open_browser, serve, four):
    page = open_comparison(open_browser, serve, four, "1,99,%3Cb%3E")
    assert texts(page, ".caution")[0].startswith('There is no saved run "99"')
    page.wait_for_contains_text(".state-title", "One more run is needed")
    page.find_element(".empty-state a").click()
    page.wait_for_text_to_equal("h1", "Runs", timeout=PATIENCE)


@pytest.mark.parametrize("path", ["/runs", "/runs/compare?ids=1,2,3,4"])
def test_on_a_phone_tables_scroll_inside_and_the_page_does_not(open_browser, serve, four, path):
    page = open_browser(serve(four.settings).url, home=False)
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    page.wait_for_page(f"{page.server_url}{path}", timeout=PATIENCE)
    until(lambda: page.find_elements(".run-link, .compare-trade"), PATIENCE)
    width = page.driver.execute_script("return document.documentElement.scrollWidth")
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width == phone["width"]
