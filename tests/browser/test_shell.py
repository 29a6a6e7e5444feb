"""The frame, the theme, toasts and the list of runs, in a real browser."""

import pytest
from patience import until
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from services.settings import Settings

pytestmark = pytest.mark.browser


@pytest.fixture
def page(home):
    """Give the page at Home."""
    return home


def theme_of(page) -> str:
    return page.driver.execute_script("return document.documentElement.dataset.bsTheme")


def texts(page, selector: str) -> list[str]:
    return [element.text for element in page.find_elements(selector)]


def test_the_navigation_marks_where_the_user_is_and_names_the_tab(page):
    page.wait_for_element(".rail .nav-link[href='/runs']").click()
    page.wait_for_text_to_equal(".rail .nav-link.active", "Runs")
    page.wait_for_text_to_equal("h1", "Runs")
    assert page.driver.title == "Runs"


AT_REST = """return Boolean(window.Plotly) && !document.getElementById("warming").children.length
  && performance.getEntriesByType("resource").some((one) => /dash_ag_grid.async/.test(one.name))
"""


def test_while_home_is_looked_at_charts_and_tables_are_made_ready(page):
    page.wait_for_element("#stored-bars")
    until(lambda: page.driver.execute_script(AT_REST), 10)


def test_what_is_drawn_anew_is_not_asked_once_for_each_of_its_parts(page):
    until(lambda: page.driver.execute_script(AT_REST), 10)
    page.driver.execute_script("window.told = 0; dash_stores[0].subscribe(() => told++)")
    page.find_element(".rail .nav-link[href='/chart']").click()
    page.wait_for_element("#chart[data-painted]")
    parts = len(page.find_elements("#content *"))
    assert parts > 300
    assert page.driver.execute_script("return told") < parts / 4


def test_a_click_in_the_list_opens_the_run(page):
    page.wait_for_page(f"{page.server_url}/runs")
    number = page.wait_for_element(".ag-row [col-id='id']").text
    page.find_element(".ag-row [col-id='symbol']").click()
    until(lambda: page.driver.current_url.endswith(f"/runs/{number}"), 5)
    page.wait_for_element(".chart-box")


def test_the_chosen_theme_is_kept_and_told_to_whoever_draws(page):
    page.wait_for_element("#stored-bars")
    first = theme_of(page)
    page.driver.execute_script(
        "document.addEventListener('themechange', e => window.told = e.detail.theme)"
    )
    page.find_element("#theme-toggle").click()
    second = theme_of(page)
    assert {first, second} == {"light", "dark"}
    assert page.driver.execute_script("return window.told") == second
    page.driver.refresh()
    page.wait_for_element("#stored-bars")
    assert theme_of(page) == second
    assert page.driver.execute_script("return document.body.dataset.agThemeMode") == second


def test_the_theme_is_set_before_the_page_is_drawn(page):
    """The script that chooses it stands in the head, ahead of every style sheet."""
    order = page.driver.execute_script(
        "return [...document.head.querySelectorAll('script, link[rel=stylesheet]')]"
        ".map(e => e.tagName)"
    )
    assert order[0] == "SCRIPT"


def test_the_keyboard_skips_to_the_content(page):
    page.wait_for_element("#stored-bars")
    page.find_element("body").send_keys(Keys.TAB)
    link = page.driver.switch_to.active_element
    assert link.text == "Skip to content"
    link.send_keys(Keys.ENTER)
    assert page.driver.execute_script("return document.activeElement.id") == "content"


def test_an_address_that_leads_nowhere_offers_the_way_home(page):
    page.wait_for_page(f"{page.server_url}/no/such/page")
    page.wait_for_text_to_equal(".state-title", "Page not found")
    page.find_element(".state-action a").click()
    page.wait_for_element("#stored-bars")


def test_nothing_scrolls_sideways_on_a_phone(page):
    page.driver.set_window_size(500, 900)
    for path in ("/", "/runs", "/backtest"):
        page.wait_for_page(f"{page.server_url}{path}")
        page.wait_for_element(".page, .content > div")
        width = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.driver.execute_script(width) == 0, path


def test_a_server_that_goes_away_is_told_and_so_is_its_return(open_browser, serve, tmp_path):
    server = serve(Settings(database_url="", data_dir=tmp_path))
    page = open_browser(server.url)
    page.wait_for_text_to_equal("h1", "Home")
    server.stop()
    page.find_element(".rail .nav-link[href='/runs']").click()
    page.wait_for_contains_text("#server-banner", "The server does not answer")
    server.start()
    page.wait_for_contains_text("#toasts", "The server answers again")
    assert not page.driver.find_element(By.ID, "server-banner").is_displayed()
    page.driver.get_log("browser")  # the refused requests


def test_a_toast_shows_text_and_never_markup(page):
    page.wait_for_element("#stored-bars")
    page.driver.execute_script("shell.showToast('<b>1 < 2</b>', 'error')")
    assert page.find_element("#toasts .toast-text").text == "<b>1 < 2</b>"
    page.find_element("#toasts .btn-close").click()
    assert page.find_elements("#toasts .toast-card") == []


def test_a_toast_does_what_its_button_says_once_and_goes(page):
    page.wait_for_element("#stored-bars")
    page.driver.execute_script(
        "window.undone = 0;"
        "shell.showToast('2 runs deleted', 'info', {label: 'Undo', run: () => window.undone++})"
    )
    button = page.find_element("#toasts .toast-action")
    assert button.text == "Undo"
    button.click()
    assert page.driver.execute_script("return window.undone") == 1
    assert page.find_elements("#toasts .toast-card") == []


def test_the_chosen_colours_are_kept_set_before_the_first_paint_and_told_to_charts(page):
    page.wait_for_element("#stored-bars")
    colours = "return getComputedStyle(document.documentElement).getPropertyValue('--up').trim()"
    first = page.driver.execute_script(colours)
    page.driver.execute_script(
        "document.addEventListener('themechange', e => window.told = e.detail.palette)"
    )
    page.find_element("#palette-toggle").click()
    assert page.driver.execute_script("return window.told") == "safe"
    second = page.driver.execute_script(colours)
    assert second != first
    page.driver.refresh()
    page.wait_for_element("#stored-bars")
    assert page.driver.execute_script(colours) == second
    assert "green and red" in page.find_element("#palette-toggle").get_attribute("aria-label")
