"""The page Optimise in a browser: a study's map leads to the backtests with its very numbers."""

import pytest
from patience import until
from selenium.webdriver.common.keys import Keys

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
    sharpe = link.get_attribute("aria-label").split("Sharpe ")[1].split(" ")[0]
    link.send_keys(Keys.ENTER)
    card = ".metric-card[data-metric=sharpe] .metric-value"
    assert page.wait_for_element(card, timeout=20).text == sharpe
    assert "p.fast=" in page.driver.current_url


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
