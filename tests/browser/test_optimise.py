"""The page Optimise in a browser: a study's map leads to the backtests with its very numbers."""

import pytest
from patience import until
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from services.backtest import BacktestRequest
from services.ingest import ingest_sample
from services.settings import Settings
from services.studies import StudyRequest
from services.studies.prepare import create_prepared, prepare_study
from services.studies.work import run_study
from services.workspace import open_workspace
from strategies.registry import STRATEGIES

pytestmark = pytest.mark.browser

SPACE = {"fast": [5, 10, 20], "slow": [15, 50, 100]}
BEST = ".opt-map td.is-best a"


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """Give settings of a database with one finished study of AAPL."""
    settings = Settings(database_url="", data_dir=tmp_path_factory.mktemp("optimise"))
    database = open_workspace(settings).database
    ingest_sample(database, "AAPL")
    asked = StudyRequest(BacktestRequest("AAPL", "1d", "ma_cross", duration="5 Y"), SPACE)
    strategy = STRATEGIES["ma_cross"]
    study = create_prepared(database, prepare_study(database, asked, strategy))
    run_study(database, study.id, strategy)
    database.close()
    return settings


def test_a_cell_opens_its_backtest_with_the_same_numbers(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise?study=1")
    link = page.wait_for_element(BEST, timeout=20)
    promised = cards(page, "#opt-best")
    assert len(promised) == 6
    link.send_keys(Keys.ENTER)
    page.wait_for_element(".metric-card[data-metric=sharpe] .metric-value", timeout=20)
    until(lambda: "/backtest" in page.driver.current_url, 20)
    found = cards(page, "#bt-result")
    shared = promised.keys() & found.keys()
    assert {name: found[name] for name in shared} == {name: promised[name] for name in shared}
    assert {"sharpe", "total_return", "max_drawdown"} <= shared
    assert "p.fast=" in page.driver.current_url


def cards(page, place: str) -> dict[str, str]:
    script = """return [...document.querySelectorAll(arguments[0] + " .metric-card[data-metric]")]
      .map(card => [card.dataset.metric, card.querySelector(".metric-value").textContent])"""
    return dict(page.driver.execute_script(script, place))


def point(page, k: int):
    return page.wait_for_element(f".opt-plot a[data-k='{k}']", timeout=20)


def test_a_point_of_the_front_opens_its_backtest_with_the_same_numbers(
    studied, serve, open_browser
):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise?study=1")
    first = point(page, 0)
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", first)
    ActionChains(page.driver).move_to_element(first).perform()
    tip = page.wait_for_element(".opt-tip:not([hidden])", timeout=20)
    promised = [part.text for part in tip.find_elements("tag name", "span")]
    said = first.get_attribute("aria-label")
    assert "on the front" in said
    first.click()
    page.wait_for_element("#bt-result .metric-card[data-metric=sharpe]", timeout=20)
    until(lambda: "/backtest" in page.driver.current_url, 20)
    found = cards(page, "#bt-result")
    assert f"Sharpe {found['sharpe']}, Max drawdown {found['max_drawdown']}" in said
    assert promised == [f"Sharpe {found['sharpe']}", f"Max drawdown {found['max_drawdown']}"]
    fast = said.split(",")[0].removeprefix("fast ")
    assert f"p.fast={fast}&" in page.driver.current_url


def test_the_first_touch_picks_a_point_and_the_second_opens_it(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise?study=1")
    first = point(page, 0)
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", first)
    touch(page, first)
    page.wait_for_element(".opt-tip:not([hidden])", timeout=20)
    assert "/optimise" in page.driver.current_url
    said = page.find_element("#opt-front-said").text
    assert said.startswith(first.get_attribute("aria-label"))
    touch(page, first)
    until(lambda: "/backtest" in page.driver.current_url, 20)


def touch(page, element) -> None:
    place = page.driver.execute_script(
        "const {x, y, width, height} = arguments[0].getBoundingClientRect();"
        "return {x: x + width / 2, y: y + height / 2};",
        element,
    )
    for kind, points in (("touchStart", [place]), ("touchEnd", [])):
        event = {"type": kind, "touchPoints": points}
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", event)


def test_arrows_walk_along_the_front_and_enter_opens(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise?study=1")
    page.driver.execute_script("arguments[0].focus()", point(page, 0))
    links = page.find_elements(".opt-plot a[data-k]")
    for k in range(1, len(links)):
        page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        assert page.driver.switch_to.active_element.get_attribute("data-k") == str(k)
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)  # there is no further one
    last = page.driver.switch_to.active_element
    assert last.get_attribute("data-k") == str(len(links) - 1)
    wanted = last.get_attribute("href")
    last.send_keys(Keys.ENTER)
    until(lambda: "/backtest" in page.driver.current_url, 20)
    assert wanted.split("&p.")[1] in page.driver.current_url


def test_the_table_is_left_with_the_front_and_follows_its_metrics(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise?study=1")
    point(page, 0)
    count = len(page.find_elements(".opt-plot a[data-k]"))
    rows = "#opt-table .ag-center-cols-container .ag-row"
    until(lambda: len(page.find_elements(rows)) == 8, 20)
    only = page.find_element("input[id*='opt-only']")
    page.driver.execute_script("arguments[0].click()", only)
    until(lambda: len(page.find_elements(rows)) == count, 20)
    choose(page, "y", "volatility")
    page.wait_for_contains_text(".opt-front-text", "Volatility", timeout=20)
    count = len(page.find_elements(".opt-plot a[data-k]"))
    until(lambda: len(page.find_elements(rows)) == count, 20)


def choose(page, name: str, value: str) -> None:
    picker = page.find_element(f"select[id*='opt-pick'][id*='\"{name}\"']")
    Select(picker).select_by_value(value)


def test_no_answer_of_a_study_of_ten_thousand_is_heavy(studied, serve, open_browser):
    database = open_workspace(studied).database
    space = {"fast": list(range(5, 105)), "slow": list(range(106, 206))}
    asked = StudyRequest(BacktestRequest("AAPL", "1d", "ma_cross", duration="5 Y"), space)
    study = create_prepared(database, prepare_study(database, asked, STRATEGIES["ma_cross"]))
    run_study(database, study.id, STRATEGIES["ma_cross"])
    database.close()
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise?study={study.id}")
    until(lambda: len(page.find_elements(".opt-map td.is-best")) == 1, 30)
    page.wait_for_element(".opt-verdict", timeout=30)
    page.wait_for_element(".opt-table-box[data-shown]", timeout=30)
    sizes = page.driver.execute_script(
        "return performance.getEntriesByType('resource')"
        ".filter(one => /_dash-update-component|api\\/studies/.test(one.name))"
        ".map(one => one.decodedBodySize)"
    )
    assert max(sizes) <= 300_000
    assert max(sizes) > 50_000  # the map is among them


def test_a_study_is_named_deleted_and_brought_back_in_the_list(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise")
    page.wait_for_element("#studies-table [data-study-do=edit][data-study='1']", timeout=20).click()
    page.wait_for_element(".run-dialog[open]")
    page.driver.switch_to.active_element.send_keys("Slow and steady" + Keys.CONTROL + Keys.ENTER)
    row = "#studies-table .ag-center-cols-container .ag-row[row-id='1']"
    page.wait_for_contains_text(row, "Slow and steady", timeout=20)
    page.find_element("#studies-table [data-study-do=delete][data-study='1']").click()
    until(lambda: not page.find_elements(row), 20)
    page.wait_for_element(".toast button, .toast-action", timeout=20)
    page.driver.execute_script(
        "[...document.querySelectorAll('button')].find(b => b.textContent === 'Undo').click()"
    )
    until(lambda: page.find_elements(row), 20)
    page.find_element("#studies-table a.run-link[href$='study=1']").click()
    page.wait_for_contains_text(".opt-head h2", "Slow and steady", timeout=20)


def test_arrows_walk_over_the_cells_that_are_there(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise?study=1")
    page.wait_for_element(BEST, timeout=20)
    first = page.find_element(".opt-map a[data-j='0'][data-i='0']")
    page.driver.execute_script("arguments[0].focus()", first)
    first.send_keys(Keys.ARROW_RIGHT)
    said = page.driver.switch_to.active_element.get_attribute("aria-label")
    assert said.startswith("fast 10, slow 15")
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    # Fast 20 is not below slow 15: there is no cell to go to.
    assert page.driver.switch_to.active_element.get_attribute("aria-label") == said


def test_the_verdict_stands_above_the_result(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise?study=1")
    words = page.wait_for_element(".opt-verdict strong", timeout=30).text
    assert "evidence of skill" in words


def test_the_count_stands_there_before_the_start(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(
        f"{page.server_url}/optimise?symbol=AAPL&strategy=ma_cross&g.fast=5:20:5&g.slow=10,30"
    )
    until(lambda: "5 of 8: 3 are dropped" in page.find_element("#opt-count").text, 20)
    assert "study=" not in page.driver.current_url


def test_the_words_and_the_order_of_the_list_stand_in_the_address(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise")
    page.wait_for_element("#studies-table[data-rows='']", timeout=20)
    page.wait_for_element("#studies-search").send_keys("no such words")
    page.wait_for_contains_text("#studies-count", "No study has all", timeout=20)
    until(lambda: "q=no+such+words" in page.driver.current_url, 20)
    page.driver.back()
    page.wait_for_element("#studies-table .ag-row[row-id='1']", timeout=20)
    page.find_element("#studies-table .ag-header-cell[col-id=best]").click()
    page.wait_for_element("#studies-table[data-rows='sort=best']", timeout=20)
    page.driver.get(f"{page.server_url}/optimise?q=ma_cross&sort=best&order=asc")
    page.wait_for_element("#studies-table[data-rows='q=ma_cross&sort=best&order=asc']", timeout=20)
    assert page.find_element("#studies-search").get_attribute("value") == "ma_cross"
