"""What is looked at of a study stands in the address: deep link, edit, Back, Forward, reload."""

from urllib.parse import urlsplit

import pytest
from patience import until
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

SPACE = {"period": [7, 14, 21], "lower": [20.0, 30.0], "upper": [65.0, 70.0]}


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """Give settings of a database with two studies of three parameters."""
    settings = Settings(database_url="", data_dir=tmp_path_factory.mktemp("view"))
    database = open_workspace(settings).database
    ingest_sample(database, "AAPL")
    strategy = STRATEGIES["rsi"]
    for span in ("5 Y", "2 Y"):
        asked = StudyRequest(BacktestRequest("AAPL", "1d", "rsi", duration=span), SPACE)
        study = create_prepared(database, prepare_study(database, asked, strategy))
        run_study(database, study.id, strategy)
    database.close()
    return settings


def field(page, kind: str, name: str):
    return page.wait_for_element(f"[id*='\"{kind}\"'][id*='\"{name}\"']", timeout=20)


def choose(page, kind: str, name: str, value: str) -> None:
    Select(field(page, kind, name)).select_by_value(value)


def says(page, kind: str, name: str, value: str) -> None:
    until(lambda: field(page, kind, name).get_attribute("value") == value, 20)


def stands(page, query: str) -> None:
    until(lambda: urlsplit(page.driver.current_url).query == query, 20)


def told(page, place: str, words: str) -> None:
    page.wait_for_contains_text(place, words, timeout=20)


def opened(page, query: str):
    page.driver.get(f"{page.server_url}/optimise?{query}")
    page.wait_for_element(".opt-map td", timeout=30)
    page.wait_for_element(".opt-plot a", timeout=30)


def answers(page) -> list[str]:
    """Return a line for each callback that the server has answered."""
    return page.driver.execute_script(
        "return performance.getEntriesByType('resource')"
        ".filter(one => one.name.includes('_dash-update-component')).map(one => one.name)"
    )


def test_each_choice_is_one_step_and_back_forward_and_reload_show_it(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    opened(page, "study=1")
    stands(page, "study=1")  # the usual is left out
    choose(page, "opt-axis", "metric", "cagr")
    stands(page, "study=1&metric=cagr")
    choose(page, "opt-hold", "upper", "70")
    stands(page, "study=1&metric=cagr&at.upper=70")
    choose(page, "opt-pick", "y", "volatility")
    stands(page, "study=1&metric=cagr&at.upper=70&front=sharpe,volatility")
    told(page, ".opt-front-text", "Volatility")
    only = page.find_element("input[id*='opt-only']")
    page.driver.execute_script("arguments[0].click()", only)
    stands(page, "study=1&metric=cagr&at.upper=70&front=sharpe,volatility&only=front")
    page.driver.back()
    page.driver.back()
    stands(page, "study=1&metric=cagr&at.upper=70")
    told(page, ".opt-front-text", "Max drawdown")
    says(page, "opt-pick", "y", "max_drawdown")
    until(lambda: not page.find_element("input[id*='opt-only']").is_selected(), 20)
    page.driver.back()
    stands(page, "study=1&metric=cagr")
    says(page, "opt-hold", "upper", "*")
    page.driver.forward()
    page.driver.forward()
    stands(page, "study=1&metric=cagr&at.upper=70&front=sharpe,volatility")
    says(page, "opt-hold", "upper", "70")
    told(page, ".opt-front-text", "Volatility")
    page.driver.refresh()
    told(page, ".opt-front-text", "Volatility")
    says(page, "opt-axis", "metric", "cagr")
    stands(page, "study=1&metric=cagr&at.upper=70&front=sharpe,volatility")
    choose(page, "opt-pick", "y", "max_drawdown")
    choose(page, "opt-axis", "metric", "sharpe")
    choose(page, "opt-hold", "upper", "*")
    stands(page, "study=1")


def test_an_axis_that_is_taken_gives_way_and_is_held_no_more(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    opened(page, "study=1&at.upper=65")
    across = field(page, "opt-axis", "x").get_attribute("value")
    up = field(page, "opt-axis", "y").get_attribute("value")
    assert {across, up, "upper"} == set(SPACE)
    choose(page, "opt-axis", "x", up)
    until(lambda: field(page, "opt-axis", "y").get_attribute("value") != up, 20)
    choose(page, "opt-axis", "x", "upper")
    until(lambda: "x=upper" in page.driver.current_url, 20)
    says(page, "opt-hold", "upper", "*")
    assert "at.upper" not in page.driver.current_url


def test_a_link_opens_what_it_says_with_as_many_answers_as_the_usual(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    counts = []
    for query in ("study=1", "study=1&metric=cagr&x=upper&front=cagr,sqn,costs&only=front"):
        opened(page, query)
        page.wait_for_element(".opt-verdict", timeout=30)
        page.wait_for_element(".opt-table-box[data-shown]", timeout=30)
        stands(page, query)
        counts.append(len(answers(page)))
    assert counts[0] == counts[1]
    says(page, "opt-axis", "x", "upper")
    says(page, "opt-pick", "colour", "costs")
    assert page.find_element("input[id*='opt-only']").is_selected()
    rows = page.find_element(".opt-table-box").get_attribute("data-rows")
    assert "front=cagr,sqn,costs&only=front" in rows


def test_what_a_study_does_not_have_is_named_and_the_address_left_alone(
    studied, serve, open_browser
):
    page = open_browser(serve(studied).url)
    opened(page, "study=1&metric=beauty&front=cagr,sqn")
    told(page, "#opt-refused", "metric=beauty")
    says(page, "opt-axis", "metric", "sharpe")
    says(page, "opt-pick", "x", "cagr")
    stands(page, "study=1&metric=beauty&front=cagr,sqn")
    choose(page, "opt-axis", "metric", "cagr")
    stands(page, "study=1&metric=cagr&front=cagr,sqn")
    until(lambda: not page.find_element("#opt-refused").text, 20)


def test_another_study_begins_with_its_own_usual(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    opened(page, "study=1&metric=cagr")
    page.driver.execute_script("dash_clientside.set_props('opt-go', {href: '/optimise?study=2'})")
    told(page, ".opt-head", "Study 2")
    says(page, "opt-axis", "metric", "sharpe")
    stands(page, "study=2")
    page.driver.back()
    told(page, ".opt-head", "Study 1")
    says(page, "opt-axis", "metric", "cagr")


def test_a_typed_range_is_one_step_back(studied, serve, open_browser):
    page = open_browser(serve(studied).url)
    start = "symbol=AAPL&strategy=rsi&g.period=14&g.upper=70"
    page.driver.get(f"{page.server_url}/optimise?{start}")
    told(page, "#opt-count", "4 combinations")
    stands(page, start)
    lower = field(page, "opt-grid", "lower")
    lower.send_keys("20:35:2.5\t")
    told(page, "#opt-count", "7 combinations")
    until(lambda: "g.lower=20:35:2.5&" in page.driver.current_url, 20)
    page.driver.back()
    stands(page, start)
    told(page, "#opt-count", "4 combinations")
    assert lower.get_attribute("value") == ""
    page.driver.forward()
    says(page, "opt-grid", "lower", "20:35:2.5")
    told(page, "#opt-count", "7 combinations")


def test_a_form_that_was_opened_without_an_address_gets_one_with_its_first_change(
    studied, serve, open_browser
):
    page = open_browser(serve(studied).url)
    page.driver.get(f"{page.server_url}/optimise")
    told(page, "#opt-count", "combinations")
    stands(page, "")
    fast = field(page, "opt-grid", "fast")
    fast.send_keys("5:20:5\t")
    until(lambda: "g.fast=5:20:5&" in page.driver.current_url, 20)
    page.driver.back()
    stands(page, "")
    says(page, "opt-grid", "fast", "")
