"""The form beside a report: what it holds, what the report was made with, and what it says."""

import pytest
from chart_page import fill, open_run, press_run, times_painted, value_of, wait_for_paint
from patience import until

pytestmark = pytest.mark.browser

ADDRESS = "/backtest?symbol=MSFT&resolution=1d&strategy=ma_cross&duration=3 Y"


def is_stale(page) -> bool:
    return page.find_element(".stale-note").is_displayed()


def questions(page) -> int:
    """Count the answered callbacks of the page."""
    return page.driver.execute_script(
        "return performance.getEntriesByType('resource')"
        ".filter((entry) => entry.name.includes('_dash-update-component')).length"
    )


def run_again(page) -> None:
    before = times_painted(page)
    press_run(page)
    wait_for_paint(page, before)


def test_a_changed_form_marks_the_report_as_older_until_it_is_run(page):
    open_run(page, ADDRESS)
    assert not is_stale(page)
    fill(page, "strategy", "rsi")
    until(lambda: is_stale(page), 5)
    page.wait_for_element("""[id='{"name":"lower","type":"bt-param"}']""")
    assert "ma_cross" in page.find_element(".report-name").text
    run_again(page)
    until(lambda: not is_stale(page), 5)
    assert "rsi" in page.find_element(".report-name").text


def test_another_strategy_stays_chosen_beside_the_report_of_the_first(page):
    open_run(page, ADDRESS)
    asked = questions(page)
    fill(page, "strategy", "macd")
    # One for the fields of macd, and one that their appearance causes.
    until(lambda: questions(page) >= asked + 2, 10)
    assert value_of(page, "strategy") == "macd"


def test_a_rate_goes_with_the_commission_model_that_it_was_typed_for(page):
    open_run(page, f"{ADDRESS}&commission=percent:0.25")
    assert value_of(page, "commission_amount") == "0.25"
    fill(page, "commission", "ibkr_fixed")
    until(lambda: value_of(page, "commission_amount") == "", 5)
    run_again(page)
    assert "commission=ibkr_fixed&" in page.driver.current_url
    page.driver.back()
    until(lambda: value_of(page, "commission_amount") == "0.25", 10)
    assert value_of(page, "commission") == "percent"


def test_an_empty_parameter_in_the_address_is_the_default_and_shows_so(page):
    open_run(page, f"{ADDRESS}&p.fast=&cash=")
    assert value_of(page, "fast", "param") == "20"
    assert value_of(page, "cash") == "100000"
