"""The list of runs in a real browser: find, name, tag, choose, delete and undo, Back and reload."""

import pytest
from builders import closes
from data_page import PATIENCE, search_of, select, text, texts
from patience import until
from selenium.webdriver.common.keys import Keys
from test_runs import made, saved

from services.runs import change_run, find_runs
from services.settings import Settings
from services.workspace import open_workspace

pytestmark = pytest.mark.browser

NASTY = "<img src=x onerror=\"document.title='attacked'\">"
MANY = 230


@pytest.fixture
def empty(tmp_path):
    workspace = open_workspace(Settings(database_url="", data_dir=tmp_path))
    yield workspace
    workspace.database.close()


@pytest.fixture
def five(empty):
    """Save five runs of AAPL, numbered 1 to 5, with fast from 5 to 9."""
    for n in range(5):
        saved(empty.database, made(closes(10.0, 11.0), params={"fast": 5 + n, "slow": 50}))
    return empty


def open_list(open_browser, serve, workspace, search=""):
    page = open_browser(serve(workspace.settings).url, home=False)
    page.wait_for_page(f"{page.server_url}/runs{search}", timeout=PATIENCE)
    page.wait_for_element("#runs-search", timeout=PATIENCE)
    return page


def rows(page) -> list[str]:
    """Return the numbers of the runs in the table, in their order on the screen."""
    script = """return [...document.querySelectorAll('#runs-table .ag-row')]
      .filter((row) => row.querySelector('.run-link'))
      .sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))
      .map((row) => row.querySelector('.run-link').textContent)"""
    return page.driver.execute_script(script)


def wait_for_rows(page, *expected) -> None:
    until(lambda: rows(page) == list(expected), PATIENCE, f"the rows are not {expected}")


def press(page, do: str, run: str = "") -> None:
    """Press the button that does this, of a run's row or of the page."""
    selector = f"[data-run-do='{do}']" + (f"[data-run='{run}']" if run else "")
    page.wait_for_element(selector, timeout=PATIENCE).click()


def choose(page, *runs: str) -> None:
    for run in runs:
        page.find_element(
            f"#runs-table .ag-row[row-id='{run}'] .ag-selection-checkbox input"
        ).click()
    until(lambda: text(page, "#runs-bar-text").startswith(str(len(runs))), PATIENCE)


def press_undo(page) -> None:
    script = """const button = [...document.querySelectorAll('#toasts button')]
      .find((one) => one.textContent === 'Undo'); button?.click(); return Boolean(button)"""
    until(lambda: page.driver.execute_script(script), PATIENCE)


def test_without_runs_the_page_says_what_to_do_next(open_browser, serve, empty):
    page = open_browser(serve(empty.settings).url, home=False)
    page.wait_for_page(f"{page.server_url}/runs", timeout=PATIENCE)
    page.wait_for_contains_text("#runs-empty", "No runs are saved yet")
    assert not page.find_element("#runs-list").is_displayed()


def test_words_filters_and_order_are_in_the_address_and_back_undoes_them(open_browser, serve, five):
    change_run(five.database, 2, name="Slow start", tags=["trend"])
    change_run(five.database, 4, favourite=True, tags=["trend", "daily"])
    page = open_list(open_browser, serve, five)
    wait_for_rows(page, "5", "4", "3", "2", "1")
    assert text(page, "#runs-count") == "5 runs"
    page.find_element("#runs-search").send_keys("slow start")
    wait_for_rows(page, "2")
    assert search_of(page) == "?q=slow+start"
    page.driver.back()  # one step takes the whole search back
    wait_for_rows(page, "5", "4", "3", "2", "1")
    assert page.find_element("#runs-search").get_attribute("value") == ""
    select(page, "runs-tag", "trend")
    wait_for_rows(page, "4", "2")
    assert text(page, "#runs-count") == "2 runs found"
    page.find_element("#runs-table [col-id='id'] .ag-header-cell-label").click()
    wait_for_rows(page, "2", "4")
    assert search_of(page) == "?tag=trend&sort=id&order=asc"
    page.find_element("#runs-favourites").click()
    wait_for_rows(page, "4")
    page.driver.refresh()
    wait_for_rows(page, "4")
    assert page.find_element("#runs-favourites").is_selected()
    page.driver.back()
    wait_for_rows(page, "2", "4")
    page.driver.forward()
    wait_for_rows(page, "4")
    press(page, "untag")
    until(lambda: "tag" not in search_of(page), PATIENCE)
    press(page, "clear")
    wait_for_rows(page, "1", "2", "3", "4", "5")


def test_a_tag_in_a_row_filters_and_nothing_found_leads_back(open_browser, serve, five):
    change_run(five.database, 3, tags=["trend"])
    page = open_list(open_browser, serve, five, "?symbol=AAPL")
    wait_for_rows(page, "5", "4", "3", "2", "1")
    press(page, "tag", "3")
    wait_for_rows(page, "3")
    page.find_element("#runs-search").send_keys("nothing like this")
    page.wait_for_contains_text("#runs-no-match", "No run matches")
    until(lambda: page.find_element("#runs-no-match").is_displayed(), PATIENCE)
    page.find_element("#runs-no-match button").click()
    wait_for_rows(page, "5", "4", "3", "2", "1")
    assert search_of(page) == ""


def test_a_run_is_renamed_in_its_row_and_its_star_kept(open_browser, serve, five):
    page = open_list(open_browser, serve, five)
    wait_for_rows(page, "5", "4", "3", "2", "1")
    press(page, "rename", "3")
    page.wait_for_element(".ag-cell-inline-editing input")
    page.driver.switch_to.active_element.send_keys("Best  so far" + Keys.ENTER)
    until(lambda: texts(page, ".run-name") == ["Best so far"], PATIENCE)
    press(page, "favourite", "3")
    until(lambda: find_runs(five.database).rows[2].favourite, PATIENCE)
    press(page, "rename", "3")
    page.wait_for_element(".ag-cell-inline-editing input")
    page.driver.switch_to.active_element.send_keys("never mind" + Keys.ESCAPE)
    page.driver.refresh()
    until(lambda: texts(page, ".run-name") == ["Best so far"], PATIENCE)
    assert page.find_element("[data-run-do='favourite'][data-run='3']").get_attribute(
        "aria-pressed"
    ) == "true"  # fmt: skip


def test_notes_and_tags_are_written_in_a_dialog_by_keyboard(open_browser, serve, five):
    page = open_list(open_browser, serve, five)
    wait_for_rows(page, "5", "4", "3", "2", "1")
    press(page, "edit", "2")
    page.wait_for_element(".run-dialog[open]")
    active = lambda: page.driver.switch_to.active_element  # noqa: E731
    assert active().get_attribute("id") == "run-edit-name"
    active().send_keys("Named" + Keys.TAB)
    active().send_keys("Trend, daily" + Keys.TAB)
    active().send_keys("First line" + Keys.ENTER + "second")
    active().send_keys(Keys.ESCAPE)
    page.wait_for_contains_text(".run-dialog .field-error", "press Escape again")
    active().send_keys(Keys.CONTROL, Keys.ENTER)
    until(lambda: not page.find_elements(".run-dialog"), PATIENCE)
    until(lambda: texts(page, ".run-tag") == ["daily", "trend"], PATIENCE)
    run = find_runs(five.database).rows[3]
    assert (run.name, run.notes, run.tags) == ("Named", "First line\nsecond", ("daily", "trend"))
    assert texts(page, "#runs-tag option")[-2:] == ["daily", "trend"]


def test_what_the_server_refuses_is_said_in_the_dialog(open_browser, serve, five):
    page = open_list(open_browser, serve, five)
    press(page, "edit", "2")
    page.wait_for_element("#run-edit-tags").send_keys("x" * 41)
    page.find_element(".run-dialog [type='submit']").click()
    page.wait_for_contains_text(".run-dialog .field-error", "40 characters at most")
    page.get_logs()  # the refusal stands on the console


def test_deleted_runs_come_back_by_undo(open_browser, serve, five):
    page = open_list(open_browser, serve, five)
    wait_for_rows(page, "5", "4", "3", "2", "1")
    choose(page, "4", "2")
    press(page, "delete")
    wait_for_rows(page, "5", "3", "1")
    assert find_runs(five.database).total == 3
    assert not page.find_element("#runs-bar").is_displayed()
    press_undo(page)
    wait_for_rows(page, "5", "4", "3", "2", "1")
    assert find_runs(five.database).total == 5


def test_when_all_are_deleted_the_page_is_empty_until_undo(open_browser, serve, five):
    page = open_list(open_browser, serve, five)
    wait_for_rows(page, "5", "4", "3", "2", "1")
    choose(page, "5", "4", "3", "2", "1")
    press(page, "delete")
    until(lambda: page.find_element("#runs-empty").is_displayed(), PATIENCE)
    press_undo(page)
    wait_for_rows(page, "5", "4", "3", "2", "1")
    assert not page.find_element("#runs-empty").is_displayed()


def test_a_row_opens_its_run_by_click_and_by_enter(open_browser, serve, five):
    page = open_list(open_browser, serve, five, "?sort=id&order=asc")
    wait_for_rows(page, "1", "2", "3", "4", "5")
    page.find_element("#runs-table .ag-row[row-id='2'] [col-id='strategy']").click()
    until(lambda: page.driver.current_url.endswith("/runs/2"), PATIENCE)
    page.wait_for_element("#report", timeout=PATIENCE)
    page.driver.back()
    wait_for_rows(page, "1", "2", "3", "4", "5")
    script = """const api = window.runs.list.grid(); api.setFocusedCell(3, 'symbol');
      return document.activeElement.getAttribute('col-id')"""
    until(lambda: page.driver.execute_script(script) == "symbol", PATIENCE)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(lambda: "/runs/4" in page.driver.current_url, PATIENCE)


def test_two_to_six_runs_are_compared(open_browser, serve, five):
    page = open_list(open_browser, serve, five)
    wait_for_rows(page, "5", "4", "3", "2", "1")
    choose(page, "3")
    assert page.find_element("[data-run-do='compare']").get_attribute("disabled")
    choose_more = "#runs-table .ag-row[row-id='1'] .ag-selection-checkbox input"
    page.find_element(choose_more).click()
    until(lambda: not page.find_element("[data-run-do='compare']").get_attribute("disabled"))
    press(page, "compare")
    until(lambda: search_of(page) in ("?ids=3,1", "?ids=1,3"), PATIENCE)
    until(lambda: sorted(texts(page, ".compare-name span")) == ["1", "3"], PATIENCE)


def test_names_notes_and_tags_are_only_text(open_browser, serve, five):
    change_run(five.database, 2, name=NASTY, notes=NASTY, tags=["<b>x</b>"])
    change_run(five.database, 3, notes=NASTY)
    page = open_list(open_browser, serve, five, "?q=%3Cimg%3E&sort=%3Cb%3E")
    page.wait_for_contains_text(".caution", 'cannot be sorted by "<b>"')
    page.wait_for_page(f"{page.server_url}/runs")
    until(lambda: texts(page, ".run-name") == [NASTY], PATIENCE)
    press(page, "tag", "2")
    wait_for_rows(page, "2")
    assert texts(page, "#runs-chips .run-tag") == ["<b>x</b>"]
    press(page, "edit", "2")
    notes = page.wait_for_element("#run-edit-notes")
    assert notes.get_attribute("value") == NASTY
    assert page.driver.title == "Runs"


def test_rows_far_down_are_read_when_they_are_scrolled_to(open_browser, serve, empty):
    for n in range(MANY):
        saved(empty.database, made(closes(10.0, 11.0), params={"fast": 2 + n, "slow": 400}))
    page = open_list(open_browser, serve, empty)
    until(lambda: rows(page)[:1] == [str(MANY)], PATIENCE)
    page.driver.execute_script(f"window.runs.list.grid().ensureIndexVisible({MANY - 1})")
    until(lambda: rows(page)[-1:] == ["1"], PATIENCE)
