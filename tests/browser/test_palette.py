"""The command palette and the keys of every page, in a real browser."""

import pytest
from data_page import text, texts
from patience import until
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser


@pytest.fixture
def page(home):
    """Give the page at Home."""
    return home


CHOSEN = "#palette [aria-selected=true] .palette-title"


def script(page, code: str):
    return page.driver.execute_script(code)


def keys(page, *pressed: str) -> None:
    ActionChains(page.driver).send_keys(*pressed).perform()


def open_palette(page) -> None:
    page.wait_for_element("#stored-bars")
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL).perform()
    until(lambda: script(page, "return document.activeElement.role") == "combobox")


def is_open(page) -> bool:
    return script(page, "return document.getElementById('palette').open")


def path_of(page) -> str:
    return script(page, "return location.pathname + location.search")


def test_ctrl_k_and_a_word_lead_to_a_page_without_loading_it_anew(page):
    open_palette(page)
    script(page, "window.sameDocument = true")
    keys(page, "runs")
    until(lambda: text(page, CHOSEN) == "Runs")
    keys(page, Keys.ENTER)
    until(lambda: text(page, "h1") == "Runs")
    assert path_of(page) == "/runs"
    assert script(page, "return window.sameDocument")
    assert not is_open(page)


def test_a_symbol_is_found_by_the_name_of_its_company(page):
    open_palette(page)
    keys(page, "microsoft")
    until(lambda: text(page, CHOSEN) == "MSFT 1d")
    keys(page, Keys.ENTER)
    until(lambda: path_of(page).startswith("/chart?symbol=MSFT&resolution=1d"))


def test_a_run_is_found_by_its_number(page):
    open_palette(page)
    keys(page, "run 1")
    until(lambda: text(page, CHOSEN).startswith("Run 1: MSFT"))
    keys(page, Keys.ENTER)
    until(lambda: path_of(page).startswith("/runs/1"))


def test_the_arrows_choose_and_go_round_the_ends(page):
    open_palette(page)
    until(lambda: len(texts(page, "#palette [role=option]")) > 9)
    entries = texts(page, "#palette .palette-title")
    keys(page, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert text(page, CHOSEN) == entries[2]
    keys(page, Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_UP)
    assert text(page, CHOSEN) == entries[-1]
    told = script(page, "return document.activeElement.getAttribute('aria-activedescendant')")
    assert text(page, f"#{told} .palette-title") == entries[-1]


def test_escape_closes_it_and_gives_the_focus_back_and_tab_does_not_leave_it(page):
    page.wait_for_element("#stored-bars")
    page.find_element("#palette-open").click()
    until(lambda: is_open(page))
    keys(page, Keys.TAB, Keys.TAB)
    assert script(page, "return document.activeElement.role") == "combobox"
    keys(page, Keys.ESCAPE)
    assert not is_open(page)
    assert script(page, "return document.activeElement.id") == "palette-open"


def test_an_action_is_done(page):
    open_palette(page)
    before = script(page, "return document.documentElement.dataset.palette")
    keys(page, "blind")
    until(lambda: text(page, CHOSEN) == "Switch the colours of gains and losses")
    keys(page, Keys.ENTER)
    until(lambda: script(page, "return document.documentElement.dataset.palette") != before)


def test_what_is_called_by_no_one_says_so_and_shows_no_markup(page):
    open_palette(page)
    keys(page, "<b>zzz")
    until(lambda: "Nothing is called “<b>zzz”" in text(page, "#palette-none"))
    keys(page, Keys.ENTER)
    assert is_open(page)


def test_it_opens_with_its_pages_at_once_and_waits_for_no_server(page):
    page.wait_for_element("#stored-bars")
    is_there, role, titles = script(
        page,
        "window.fetch = () => new Promise(() => {});"
        "document.getElementById('palette-open').click();"
        "return [document.getElementById('palette').open, document.activeElement.role,"
        " [...document.querySelectorAll('#palette .palette-title')].map((e) => e.textContent)]",
    )
    assert (is_there, role) == (True, "combobox")
    assert {"Chart", "Backtest", "Runs"} <= {*titles}


def test_the_question_mark_shows_the_keys_except_while_one_writes(page):
    page.wait_for_element("#stored-bars")
    keys(page, "?")
    until(lambda: text(page, "#keyboard-help h2") == "Keys")
    keys(page, Keys.ESCAPE)
    until(lambda: not script(page, "return document.getElementById('keyboard-help').open"))
    open_palette(page)
    keys(page, "?")
    assert not script(page, "return document.getElementById('keyboard-help').open")


def test_g_and_a_letter_go_to_a_page(page):
    page.wait_for_element("#stored-bars")
    keys(page, "g", "d")
    until(lambda: path_of(page) == "/data")
    until(lambda: text(page, "h1") == "Data")


def test_a_button_that_asks_acts_only_after_yes(page):
    page.wait_for_element("#stored-bars")
    script(
        page,
        "const b = document.createElement('button'); b.id = 'risky'; b.textContent = 'x';"
        "Object.assign(b.dataset, {ask: 'Delete?', askText: 'Gone.', askYes: 'Delete it'});"
        "window.done = 0; b.addEventListener('click', () => window.done++);"
        "document.querySelector('.page').prepend(b)",
    )
    page.find_element("#risky").click()
    until(lambda: text(page, "dialog[open] h2") == "Delete?")
    keys(page, Keys.ESCAPE)
    until(lambda: texts(page, "dialog[open]") == [])
    assert script(page, "return [window.done, document.activeElement.id]") == [0, "risky"]
    page.find_element("#risky").click()
    page.find_element("dialog[open] .btn-primary").click()
    until(lambda: script(page, "return window.done") == 1)
    assert texts(page, "dialog[open]") == []
